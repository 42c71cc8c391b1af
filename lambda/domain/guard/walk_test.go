package guard_test

import (
	"testing"
	"time"

	"crashcart/lambda/domain/guard"
	"crashcart/lambda/domain/instance"
	"crashcart/lambda/domain/trigger"
)

// at is a moment of the day on which the walks take place.
func at(hour, minute, second int) time.Time {
	return time.Date(2026, time.March, 2, hour, minute, second, 0, time.UTC)
}

// step is one pass over the instance of a walk: when, what has changed by then,
// and the verdict with the beginning of its sentence.
type step struct {
	at     time.Time
	change func(*scene)
	kind   guard.Kind
	why    string
}

// walk takes a scene through its steps. The instance has run for days, its
// agent pings when the scene says, and the trigger stays what it was.
func walk(t *testing.T, s *scene, steps []step) {
	t.Helper()
	for _, st := range steps {
		s.now = st.at
		if st.change != nil {
			st.change(s)
		}
		if v := s.claim(t); v.Kind != st.kind || v.String() != st.why {
			t.Errorf("%s: %s by %q, want %s by %q", st.at.Format(time.TimeOnly), v.Kind, v, st.kind, st.why)
		}
	}
}

// alarmed is a hung scene whose alarm came then, its SSM agent having pinged then.
func alarmed(t *testing.T, alarm, ping time.Time) *scene {
	s := hung(t)
	s.trigger.At, s.ping.At = alarm, ping
	s.description.LaunchedAt = alarm.Add(-72 * time.Hour)
	return s
}

const passes = "; AWS's reachability check passes"

func TestAnAgentThatFellSilentIsWaitedForButNeverLost(t *testing.T) {
	// The agent pinged last at 12:00:30, a heartbeat alarm came at 12:03:10.
	walk(t, alarmed(t, at(12, 3, 10), at(12, 0, 30)), []step{
		{at(12, 3, 15), nil, guard.Later, "unresponsive: its SSM agent pinged 2m45s ago, 6m of silence required" + passes},
		{at(12, 4, 15), nil, guard.Later, "unresponsive: its SSM agent pinged 3m45s ago, 6m of silence required" + passes},
		{at(12, 5, 15), nil, guard.Later, "unresponsive: its SSM agent pinged 4m45s ago, 6m of silence required" + passes},
		{at(12, 6, 15), nil, guard.Later, "unresponsive: its SSM agent pinged 5m45s ago, 6m of silence required" + passes},
		{at(12, 6, 29), nil, guard.Later, "unresponsive: its SSM agent pinged 5m59s ago, 6m of silence required" + passes},
		{at(12, 6, 30), nil, guard.Permitted, "unresponsive: its SSM agent is silent for 6m (6m required)"},
	})
}

func TestAnAgentThatComesBackIsNeverInterrupted(t *testing.T) {
	walk(t, alarmed(t, at(12, 3, 10), at(12, 0, 30)), []step{
		{at(12, 3, 15), nil, guard.Later, "unresponsive: its SSM agent pinged 2m45s ago, 6m of silence required" + passes},
		{at(12, 4, 15), func(s *scene) { s.ping.At = at(12, 4, 0) }, guard.Refused, "unresponsive: its SSM agent pinged 15s ago, after the alarm: it is alive"},
		{at(12, 12, 0), nil, guard.Refused, "unresponsive: its SSM agent pinged 8m ago, after the alarm: it is alive"},
	})
}

func TestAMachineThatAnswersNoARPIsPermittedAfterFiveMinutes(t *testing.T) {
	s := alarmed(t, at(12, 2, 0), time.Time{})
	s.ref.CheckFailed = true
	const agent = "unresponsive: it has no SSM agent that could fall silent; "
	walk(t, s, []step{
		{at(12, 2, 5), func(s *scene) { s.fails(at(12, 0, 0)) }, guard.Later, agent + "AWS's reachability check fails for 2m5s, 5m required"},
		{at(12, 4, 59), nil, guard.Later, agent + "AWS's reachability check fails for 4m59s, 5m required"},
		{at(12, 5, 0), nil, guard.Permitted, "unresponsive: AWS's reachability check fails for 5m (5m required)"},
	})
}

func TestAnAgentThatIsDeadForDaysNeverProvesAHang(t *testing.T) {
	// Days ago somebody stopped the agent; at 12:00 the CPU is busy.
	walk(t, alarmed(t, at(12, 0, 0), at(12, 0, 0).Add(-50*time.Hour)), []step{
		{at(12, 0, 5), nil, guard.Refused, "unresponsive: its SSM agent is silent for 2d2h, longer than the 30m that could belong to this hang" + passes},
		{at(12, 3, 0), func(s *scene) { s.fails(at(12, 1, 0)) }, guard.Later, "unresponsive: its SSM agent is silent for 2d2h, longer than the 30m that could belong to this hang; AWS's reachability check fails for 2m, 5m required"},
		{at(12, 6, 0), nil, guard.Permitted, "unresponsive: AWS's reachability check fails for 5m (5m required)"},
	})
}

func TestAHostThatDiesInStepsIsNeverGivenUp(t *testing.T) {
	// ARP is gone since 12:00, the agent pinged a last time half a minute later,
	// and the alarm comes at 12:03: there is no sign of life after it.
	s := alarmed(t, at(12, 3, 0), at(12, 0, 30))
	walk(t, s, []step{
		{at(12, 5, 5), func(s *scene) { s.fails(at(12, 0, 0)) }, guard.Later, "unresponsive: its SSM agent pinged 4m35s ago, after the reachability check had failed; 6m of silence required"},
		{at(12, 6, 30), nil, guard.Permitted, "unresponsive: its SSM agent is silent for 6m (6m required)"},
	})
}

func TestALivingAgentAlwaysOutweighsAFailingCheck(t *testing.T) {
	// The network card answers no ARP since 12:00, the agent pinged 30 s ago.
	by := alarmed(t, at(12, 2, 0), at(12, 6, 0))
	walk(t, by, []step{{
		at(12, 6, 30), func(s *scene) { s.fails(at(12, 0, 0)) },
		guard.Refused, "unresponsive: its SSM agent pinged 30s ago, after the alarm: it is alive",
	}})
	person := alarmed(t, at(12, 2, 0), at(12, 6, 0))
	person.now = at(12, 6, 30)
	person.direct()
	walk(t, person, []step{{
		at(12, 6, 30), func(s *scene) { s.fails(at(12, 0, 0)) },
		guard.Refused, "unresponsive: its SSM agent pinged 30s ago, after the reachability check had failed; 6m of silence required",
	}})
	person.direct("unresponsive")
	walk(t, person, []step{{
		at(12, 6, 30), nil,
		guard.Permitted, "unresponsive: forced, although: its SSM agent pinged 30s ago, after the reachability check had failed; 6m of silence required",
	}})
}

func TestARebootForPatchingIsNeverTakenForAHang(t *testing.T) {
	// Rebooted at 12:00:00: the check fails for 90 s, the agent is back at 12:02:40.
	s := alarmed(t, at(12, 1, 10), at(11, 58, 0))
	s.ref = trigger.Ref{Instance: hungID, From: "the dimension InstanceId", CheckFailed: true}
	walk(t, s, []step{
		{at(12, 1, 15), func(s *scene) { s.fails(at(12, 0, 10)) }, guard.Later, "unresponsive: its SSM agent pinged 3m15s ago, 6m of silence required; AWS's reachability check fails for 1m5s, 5m required"},
		{at(12, 2, 15), func(s *scene) {
			s.reach = instance.Unreachable{}
			s.status.Instance = instance.Check{Status: "ok"}
		}, guard.Refused, "unresponsive: AWS's reachability check failed and passes again: it is alive"},
	})
	// The same by an alarm that watches something else: only the ping can tell.
	s = alarmed(t, at(12, 1, 10), at(11, 58, 0))
	walk(t, s, []step{
		{at(12, 2, 15), nil, guard.Later, "unresponsive: its SSM agent pinged 4m15s ago, 6m of silence required" + passes},
		{at(12, 3, 15), func(s *scene) { s.ping.At = at(12, 2, 40) }, guard.Refused, "unresponsive: its SSM agent pinged 35s ago, after the alarm: it is alive"},
	})
	// It hangs in the boot: silent for long enough, but the console shows the boot.
	s = alarmed(t, at(12, 1, 10), at(11, 58, 0))
	walk(t, s, []step{
		{at(12, 5, 0), func(s *scene) { s.console = []byte(consoleBooting) }, guard.Later, "quiet: its console shows a boot that has not finished: [    0.000000] Linux version 6.1.0-test (build@example)"},
	})
}

func TestAScheduledRebootIsNeverTakenForAHang(t *testing.T) {
	event := func(e instance.Event) func(*scene) {
		return func(s *scene) { s.status.Events = []instance.Event{e} }
	}
	window := instance.Event{Code: "system-reboot", Description: "scheduled reboot", NotBefore: at(11, 55, 0), NotAfter: at(13, 55, 0)}
	completed, cancelled, endless := window, window, window
	completed.Description = "[Completed] scheduled reboot"
	cancelled.Description = "[Canceled] scheduled reboot"
	endless.NotAfter = time.Time{}
	const permitted = "unresponsive: its SSM agent is silent for 10m (6m required)"
	s := alarmed(t, at(11, 54, 0), at(11, 50, 0))
	s.direct()
	s.trigger.At = at(11, 54, 0)
	walk(t, s, []step{
		{at(12, 0, 0), event(window), guard.Refused, "booted: AWS has scheduled system-reboot for it; its window opened 5m ago"},
		{at(12, 0, 0), event(completed), guard.Permitted, permitted},
		{at(12, 0, 0), event(cancelled), guard.Permitted, permitted},
		{at(12, 0, 0), event(endless), guard.Refused, "booted: AWS has scheduled system-reboot for it; its window opened 5m ago"},
	})
}

func TestTwoAlarmsOfOneHangNeverMakeTwoInterrupts(t *testing.T) {
	s := alarmed(t, at(12, 3, 0), at(11, 56, 0))
	open := func(s *scene) {
		s.view.OpenCase, s.view.OpenedAt, s.view.LastClaim = hungID+"-0123456789abcdef", at(12, 3, 5), at(12, 3, 5)
	}
	walk(t, s, []step{
		{at(12, 3, 5), nil, guard.Permitted, "unresponsive: its SSM agent is silent for 7m5s (6m required)"},
		{at(12, 3, 10), open, guard.Duplicate, "episode: case " + hungID + "-0123456789abcdef of this instance was opened 5s ago and is still open"},
		{at(12, 5, 5), func(s *scene) { s.trigger.At = at(12, 5, 0) }, guard.Duplicate, "episode: case " + hungID + "-0123456789abcdef of this instance was opened 2m ago and is still open"},
	})
	// The case is closed, and SNS delivers the first alarm once more.
	s.view.OpenCase, s.view.ClaimedBy, s.trigger.At = "", hungID+"-0123456789abcdef", at(12, 3, 0)
	walk(t, s, []step{
		{at(12, 14, 0), nil, guard.Duplicate, "episode: this very trigger has opened case " + hungID + "-0123456789abcdef already"},
	})
}
