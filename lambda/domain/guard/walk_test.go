package guard_test

import (
	"testing"
	"time"

	"crashcart/lambda/domain/guard"
	"crashcart/lambda/domain/instance"
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
// agent pings when the scene says, and the trigger stays what it was. At each step the pass
// before has read that its kernel is stuck.
func walk(t *testing.T, s *scene, steps []step) {
	t.Helper()
	for _, st := range steps {
		s.now, s.ref.Seen = st.at, seenBefore(st.at)
		if st.change != nil {
			st.change(s)
		}
		if v := s.claim(t); v.Kind != st.kind || v.String() != st.why {
			t.Errorf("%s: %s by %q, want %s by %q", st.at.Format(time.TimeOnly), v.Kind, v, st.kind, st.why)
		}
	}
}

// alarmed is a hung scene whose alarm came then, its SSM agent having pinged then. It has
// no heartbeat, and its disk is written for as long as its agent pings.
func alarmed(t *testing.T, alarm, ping time.Time) *scene {
	s := hung(t)
	s.died(ping)
	s.beat = time.Time{}
	s.trigger.At = alarm
	s.description.LaunchedAt = alarm.Add(-72 * time.Hour)
	return s
}

// pinged makes the agent's last ping that one.
func pinged(ping time.Time) func(*scene) {
	return func(s *scene) { s.ping.At = ping }
}

// What the walks say of a host whose disk and network are still.
const (
	still   = "; it writes nothing (0 for "
	before  = " min, 40 a minute before)"
	nobody  = "nobody gets an answer (NetworkOut 2.0 kB in 5m, 1.0 MB before)"
	unknown = "nobody gets an answer (NetworkOut not published since it seemed to die)"
	nothing = "unresponsive: not proven that it says nothing ("
)

func TestAnAgentThatFellSilentIsWaitedForButNeverLost(t *testing.T) {
	// The agent pinged last at 12:00:30, a heartbeat alarm came at 12:03:10.
	walk(t, alarmed(t, at(12, 3, 10), at(12, 0, 30)), []step{
		{at(12, 3, 15), nil, guard.Later, nothing + "SSM ping 2m45s ago, 11m required); not proven that it writes nothing (0 for 1 min, 40 a minute before, 5 min required); nobody gets an answer (NetworkOut not published since it seemed to die)"},
		{at(12, 6, 15), nil, guard.Later, nothing + "SSM ping 5m45s ago, 11m required); not proven that it writes nothing (0 for 4 min, 40 a minute before, 5 min required); nobody gets an answer (NetworkOut not published since it seemed to die)"},
		{at(12, 9, 15), nil, guard.Later, nothing + "SSM ping 8m45s ago, 11m required)" + still + "7" + before + "; nobody gets an answer (NetworkOut not published since it seemed to die)"},
		{at(12, 11, 29), nil, guard.Later, nothing + "SSM ping 10m59s ago, 11m required)" + still + "9" + before + "; " + nobody},
		{at(12, 11, 30), nil, guard.Permitted, "unresponsive: it says nothing (SSM ping 11m ago), it writes nothing (0 for 9 min, 40 a minute before), and " + nobody},
	})
}

func TestAnAgentThatComesBackIsNeverInterrupted(t *testing.T) {
	// It comes back at 12:05, and no pass sees it before it is silent for 11 minutes again:
	// then the disk must have been still, too.
	s := alarmed(t, at(12, 3, 10), at(12, 0, 30))
	walk(t, s, []step{
		{at(12, 4, 15), pinged(at(12, 4, 0)), guard.Later, "unresponsive: it is alive: SSM ping 15s ago"},
		{at(12, 12, 0), nil, guard.Later, "unresponsive: it is alive: SSM ping 8m ago"},
	})
	s.disk.wrote, s.sent.until = at(13, 0, 0), at(13, 0, 0)
	walk(t, s, []step{
		{at(12, 15, 30), nil, guard.Later, "unresponsive: not proven that it writes nothing (it wrote 1m30s ago, 5 min of stillness required); it says nothing (SSM ping 11m30s ago); nobody gets an answer (NetworkOut not published since it seemed to die)"},
		{at(12, 17, 0), nil, guard.Later, "unresponsive: it is alive: it writes as before: 40 a minute"},
	})
}

// One more ping after an early warning used to refuse the host for good.
func TestAPingAfterAnEarlyWarningNeverLosesTheHang(t *testing.T) {
	s := alarmed(t, at(12, 3, 0), at(12, 0, 30))
	s.disk.wrote, s.sent.until = at(12, 7, 0), at(12, 7, 0)
	walk(t, s, []step{
		{at(12, 5, 35), pinged(at(12, 5, 30)), guard.Later, "unresponsive: it is alive: SSM ping 5s ago"},
		{at(12, 10, 0), nil, guard.Later, "unresponsive: it is alive: SSM ping 4m30s ago, NetworkOut 1.0 MB in 5m, 1.0 MB before"},
		{at(12, 16, 29), nil, guard.Later, nothing + "SSM ping 10m59s ago, 11m required)" + still + "8" + before + "; " + nobody},
		{at(12, 16, 30), nil, guard.Permitted, "unresponsive: it says nothing (SSM ping 11m ago), it writes nothing (0 for 8 min, 40 a minute before), and " + nobody},
	})
}

func TestAMachineThatAnswersNoARPIsHeldAfterFiveMinutes(t *testing.T) {
	s := alarmed(t, at(12, 2, 0), at(11, 59, 0))
	s.ping = instance.Ping{}
	const alone = ", and neither agent nor heartbeat was heard in the hour before: that may be its network alone)"
	walk(t, s, []step{
		{at(12, 4, 59), func(s *scene) { s.fails(at(12, 0, 0)) }, guard.Later, nothing + "reachability check has failed for 4m59s, 5m required); not proven that it writes nothing (0 for 3 min, 40 a minute before, 5 min required); nobody gets an answer (NetworkOut not published since it seemed to die)"},
		{at(12, 5, 0), nil, guard.Later, nothing + "reachability check has failed for 5m" + alone + "; not proven that it writes nothing (0 for 4 min, 40 a minute before, 5 min required); " + unknown},
		{at(12, 6, 0), nil, guard.Held, nothing + "reachability check has failed for 6m" + alone + still + "5" + before + "; " + unknown + "; so a person must ask"},
	})
}

func TestAnAgentThatIsDeadForDaysNeverProvesAHang(t *testing.T) {
	// Days ago somebody stopped the agent; at 12:00 the CPU is busy.
	s := alarmed(t, at(12, 0, 0), at(12, 0, 0).Add(-50*time.Hour))
	s.disk.wrote, s.sent.until = at(13, 0, 0), at(13, 0, 0)
	walk(t, s, []step{
		{at(12, 0, 5), nil, guard.Later, nothing + "SSM ping 2d2h ago, longer than the 30m that could belong to this alarm, no heartbeat, reachability check does not fail: nothing of it can fall silent); " +
			"not proven that it writes nothing (it wrote 1m5s ago, 5 min of stillness required); nobody gets an answer (NetworkOut not published since it seemed to die)"},
		{at(12, 29, 0), nil, guard.Later, "unresponsive: it is alive: it writes as before: 40 a minute, NetworkOut 1.0 MB in 5m, 1.0 MB before"},
	})
}

func TestAHostThatDiesInStepsIsNeverGivenUp(t *testing.T) {
	// ARP is gone since 12:00, the agent pinged a last time half a minute later, and the
	// alarm comes at 12:03. The ping is a sign of life until it is overdue.
	walk(t, alarmed(t, at(12, 3, 0), at(12, 0, 30)), []step{
		{at(12, 5, 5), func(s *scene) { s.fails(at(12, 0, 0)) }, guard.Later, "unresponsive: it is alive: SSM ping 4m35s ago"},
		{at(12, 11, 29), nil, guard.Later, "unresponsive: it is alive: SSM ping 10m59s ago"},
		{at(12, 11, 30), nil, guard.Permitted, "unresponsive: it says nothing (SSM ping 11m ago, reachability check has failed for 11m30s), it writes nothing (0 for 9 min, 40 a minute before), and " + nobody},
	})
}

func TestALivingAgentAlwaysOutweighsAFailingCheck(t *testing.T) {
	// The network card answers no ARP since 12:00, the agent pinged 30 s ago.
	by := alarmed(t, at(12, 2, 0), at(12, 6, 0))
	walk(t, by, []step{{
		at(12, 6, 30), func(s *scene) { s.fails(at(12, 0, 0)) },
		guard.Later, "unresponsive: it is alive: SSM ping 30s ago",
	}})
	person := alarmed(t, at(12, 2, 0), at(12, 6, 0))
	person.now = at(12, 6, 30)
	person.direct()
	walk(t, person, []step{{
		at(12, 6, 30), func(s *scene) { s.fails(at(12, 0, 0)) },
		guard.Refused, "unresponsive: it is alive: SSM ping 30s ago",
	}})
	person.direct("unresponsive")
	walk(t, person, []step{{
		at(12, 6, 30), nil,
		guard.Permitted, "unresponsive: forced, although: it is alive: SSM ping 30s ago",
	}})
}

func TestARebootForPatchingIsNeverTakenForAHang(t *testing.T) {
	// Rebooted at 12:00:00: the check fails for 90 s, the agent is back at 12:02:40. The disk
	// is written all along.
	s := alarmed(t, at(12, 1, 10), at(11, 58, 0))
	s.disk.wrote, s.sent.until = at(13, 0, 0), at(13, 0, 0)
	walk(t, s, []step{
		{at(12, 1, 15), func(s *scene) { s.fails(at(12, 0, 10)) }, guard.Later, nothing + "SSM ping 3m15s ago, 11m required, reachability check has failed for 1m5s, 5m required); " +
			"not proven that it writes nothing (it wrote 1m15s ago, 5 min of stillness required); nobody gets an answer (NetworkOut not published since it seemed to die)"},
		{at(12, 3, 15), func(s *scene) {
			s.reach, s.status.Instance = instance.Unreachable{}, instance.Check{Status: "ok"}
			s.ping.At = at(12, 2, 40)
		}, guard.Later, "unresponsive: it is alive: SSM ping 35s ago"},
	})
	// It hangs in the boot: silent and still for long enough, but the console shows the boot.
	s = alarmed(t, at(12, 1, 10), at(11, 58, 0))
	walk(t, s, []step{
		{at(12, 10, 0), func(s *scene) { s.console = []byte(consoleBooting) }, guard.Later, "quiet: its console shows a boot that has not finished: [    0.000000] Linux version 6.1.0-test (build@example)"},
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
	permitted := "unresponsive: it says nothing (SSM ping 12m ago), it writes nothing (0 for 10 min, 40 a minute before), and " + nobody
	walk(t, alarmed(t, at(11, 54, 0), at(11, 48, 0)), []step{
		{at(12, 0, 0), event(window), guard.Refused, "booted: AWS has scheduled system-reboot for it; its window opened 5m ago"},
		{at(12, 0, 0), event(completed), guard.Permitted, permitted},
		{at(12, 0, 0), event(cancelled), guard.Permitted, permitted},
		{at(12, 0, 0), event(endless), guard.Refused, "booted: AWS has scheduled system-reboot for it; its window opened 5m ago"},
	})
}

func TestTwoAlarmsOfOneHangNeverMakeTwoInterrupts(t *testing.T) {
	s := alarmed(t, at(12, 3, 0), at(11, 51, 0))
	open := func(s *scene) {
		s.view.OpenCase, s.view.OpenedAt, s.view.LastClaim = hungID+"-0123456789abcdef", at(12, 3, 5), at(12, 3, 5)
	}
	walk(t, s, []step{
		{at(12, 3, 5), nil, guard.Permitted, "unresponsive: it says nothing (SSM ping 12m5s ago), it writes nothing (0 for 10 min, 40 a minute before), and " + nobody},
		{at(12, 3, 10), open, guard.Duplicate, "episode: case " + hungID + "-0123456789abcdef of this instance was opened 5s ago and is still open"},
		{at(12, 5, 5), func(s *scene) { s.trigger.At = at(12, 5, 0) }, guard.Duplicate, "episode: case " + hungID + "-0123456789abcdef of this instance was opened 2m ago and is still open"},
	})
	// The case is closed, and SNS delivers the first alarm once more.
	s.view.OpenCase, s.view.ClaimedBy, s.trigger.At = "", hungID+"-0123456789abcdef", at(12, 3, 0)
	walk(t, s, []step{
		{at(12, 14, 0), nil, guard.Duplicate, "episode: this very trigger has opened case " + hungID + "-0123456789abcdef already"},
	})
}
