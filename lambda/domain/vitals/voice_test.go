package vitals_test

import (
	"testing"
	"time"

	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/instance"
	"crashcart/lambda/domain/vitals"
)

const second = time.Second

// failing makes EC2's reachability check fail since then.
func failing(since time.Time) func(*vitals.Host) {
	return func(h *vitals.Host) {
		h.Instance.Unreachable = fact.Known(instance.Unreachable{Failing: true, Since: since})
		h.Instance.Status = fact.Known(instance.Status{Instance: instance.Check{Status: "impaired", Since: since}})
	}
}

// asked makes the alarm one of so long before the facts.
func asked(before time.Duration) func(*vitals.Host) {
	return func(h *vitals.Host) { h.Asked = h.At.Add(-before) }
}

func TestAnAgentIsNeverDeadBeforeItsSecondPingIsOverdue(t *testing.T) {
	silent := func(d time.Duration, change ...func(*vitals.Host)) vitals.Host {
		return host(append([]func(*vitals.Host){pinged(ago(d))}, change...)...)
	}
	const period = 5 * time.Minute
	dead := func(d time.Duration) time.Time { return ago(d).Add(period) }
	none := time.Time{}
	check(t, vitals.SSMPing, []row{
		{"no agent", host(), vitals.Nothing, none, 0},
		{"11 minutes less a second", silent(11*time.Minute - second), vitals.Waiting, none, second},
		{"11 minutes", silent(11 * time.Minute), vitals.Dead, dead(11 * time.Minute), 0},
		{"30 minutes when the alarm went off, a minute ago", silent(31 * time.Minute), vitals.Dead, dead(31 * time.Minute), 0},
		{"30 minutes and a second when it went off", silent(31*time.Minute + second), vitals.Nothing, none, 0},
		{"12 minutes when it went off, half an hour ago", silent(42*time.Minute, asked(30*time.Minute)), vitals.Dead, dead(42 * time.Minute), 0},
		{"31 minutes, and the alarm is of the future", silent(31*time.Minute, asked(-time.Minute)), vitals.Nothing, none, 0},
		{"30 minutes and a second, a person asks", silent(30*time.Minute+second, person), vitals.Dead, dead(30*time.Minute + second), 0},
		{"two days, a person asks", silent(48*time.Hour, person), vitals.Dead, dead(48 * time.Hour), 0},
		{"Windows, 20 minutes less a second", silent(20*time.Minute-second, windows()), vitals.Waiting, none, second},
		{"Windows, 20 minutes", silent(20*time.Minute, windows()), vitals.Dead, dead(20 * time.Minute), 0},
		{"Windows, an hour", silent(time.Hour, windows()), vitals.Dead, dead(time.Hour), 0},
		{"Windows, an hour and a second when the alarm went off", silent(61*time.Minute+second, windows()), vitals.Nothing, none, 0},
		{"a ping as old as the launch", silent(12*time.Minute, launched(ago(12*time.Minute))), vitals.Dead, dead(12 * time.Minute), 0},
		{"a ping of before the launch", silent(12*time.Minute, launched(ago(12*time.Minute).Add(second))), vitals.Nothing, none, 0},
		{"AWS says no launch", silent(12*time.Minute, launched(none)), vitals.Nothing, none, 0},
		{"a clock that is ahead", silent(-second), vitals.Alive, ago(-second), 0},
		{"as late as the host's death", silent(10*time.Minute, failing(ago(10*time.Minute))), vitals.Waiting, none, time.Minute},
		{"later than the host's death", silent(10*time.Minute-second, failing(ago(10*time.Minute))), vitals.Alive, ago(10*time.Minute - second), 0},
		// A fleet that pings every 10 minutes: two of these and a minute, and 15 minutes more.
		{"10 minutes, 21 minutes less a second", silent(21*time.Minute-second, neighbours(every(10*time.Minute, 20)...)), vitals.Waiting, none, second},
		{"10 minutes, 21 minutes", silent(21*time.Minute, neighbours(every(10*time.Minute, 20)...)), vitals.Dead, ago(11 * time.Minute), 0},
		{"10 minutes, 35 minutes", silent(35*time.Minute, neighbours(every(10*time.Minute, 20)...)), vitals.Dead, ago(25 * time.Minute), 0},
		{"10 minutes, 35 minutes and a second", silent(36*time.Minute+second, neighbours(every(10*time.Minute, 20)...)), vitals.Nothing, none, 0},
		{"an hour, 121 minutes less a second", silent(121*time.Minute-second, neighbours(every(time.Hour, 20)...)), vitals.Waiting, none, second},
	})
}

// In the first round nobody has asked for the neighbours yet.
func TestAnAgentIsNeverDeadWhileItsPeriodIsNotKnown(t *testing.T) {
	unasked := func(h *vitals.Host) { h.Instance.Neighbours = fact.Of[instance.Neighbours]{} }
	failed := func(h *vitals.Host) { h.Instance.Neighbours = fact.Failed[instance.Neighbours](errAWS) }
	for name, lose := range map[string]func(*vitals.Host){"not asked": unasked, "failed": failed} {
		for d, want := range map[time.Duration]vitals.Says{
			time.Minute - second: vitals.Alive, 11*time.Minute - second: vitals.Waiting,
			11 * time.Minute: vitals.Unknown, 31 * time.Minute: vitals.Unknown,
		} {
			if v := vitals.Read(host(pinged(ago(d)), lose)).Named(vitals.SSMPing); v.Says != want {
				t.Errorf("%s, silent for %s: %s, want %s", name, d, v.Says, want)
			}
		}
	}
}

func TestAHeartbeatIsNeverDeadBeforeFiveFullMinutes(t *testing.T) {
	later := func(d time.Duration) func(*vitals.Host) {
		return func(h *vitals.Host) { h.At = h.At.Add(d) }
	}
	none := time.Time{}
	check(t, vitals.Heartbeat, []row{
		{"none", host(), vitals.Nothing, none, 0},
		{"4 full minutes", host(beats(ago(4 * time.Minute))), vitals.Waiting, none, time.Minute},
		{"a second short of 5", host(beats(ago(5*time.Minute)), later(-second)), vitals.Waiting, none, second},
		{"5 full minutes", host(beats(ago(5 * time.Minute))), vitals.Dead, ago(5 * time.Minute), 0},
		{"5 full minutes, and half of another", host(beats(ago(5*time.Minute)), later(30*second)), vitals.Dead, ago(5 * time.Minute), 0},
		{"65 full minutes", host(beats(ago(65 * time.Minute))), vitals.Dead, ago(65 * time.Minute), 0},
		{"66 full minutes", host(beats(ago(66 * time.Minute))), vitals.Nothing, none, 0},
		{"a second short of 66", host(beats(ago(66*time.Minute)), later(-second)), vitals.Dead, ago(66 * time.Minute), 0},
		{"66 full minutes, a person asks", host(beats(ago(66*time.Minute)), person), vitals.Dead, ago(66 * time.Minute), 0},
		{"ended before its launch", host(beats(ago(12*time.Minute)), launched(ago(12*time.Minute).Add(second))), vitals.Nothing, none, 0},
		{"ended at its launch", host(beats(ago(12*time.Minute)), launched(ago(12*time.Minute))), vitals.Dead, ago(12 * time.Minute), 0},
		{"AWS says no launch", host(beats(ago(12*time.Minute)), launched(none)), vitals.Nothing, none, 0},
		{"a point less than 2 minutes after the death", host(beats(ago(4*time.Minute)), failing(ago(7*time.Minute).Add(second))), vitals.Waiting, none, time.Minute},
		{"a point 2 minutes after the death", host(beats(ago(4*time.Minute)), failing(ago(7*time.Minute))), vitals.Alive, ago(5 * time.Minute), 0},
		{"a point of the minute that goes on", host(beats(ago(-time.Minute)), failing(ago(7*time.Minute))), vitals.Alive, noon, 0},
	})
}

func TestAReachabilityCheckNeverSaysAlive(t *testing.T) {
	status := func(s string) func(*vitals.Host) {
		return func(h *vitals.Host) {
			h.Instance.Status = fact.Known(instance.Status{Instance: instance.Check{Status: s}})
		}
	}
	unasked := func(h *vitals.Host) { h.Instance.Status = fact.Of[instance.Status]{} }
	none := time.Time{}
	check(t, vitals.Reachability, []row{
		{"it passes", host(), vitals.Nothing, none, 0},
		{"5 minutes less a second", host(failing(ago(5*time.Minute - second))), vitals.Waiting, none, second},
		{"5 minutes", host(failing(ago(5 * time.Minute))), vitals.Dead, ago(5 * time.Minute), 0},
		{"days", host(failing(ago(72 * time.Hour))), vitals.Dead, ago(72 * time.Hour), 0},
		{"Windows, 20 minutes less a second", host(windows(), failing(ago(20*time.Minute-second))), vitals.Waiting, none, second},
		{"Windows, 20 minutes", host(windows(), failing(ago(20*time.Minute))), vitals.Dead, ago(20 * time.Minute), 0},
		{"since nobody knows when", host(failing(none)), vitals.Waiting, none, 0},
		{"it passes by now", host(failing(ago(11*time.Minute)), status("ok")), vitals.Nothing, none, 0},
		{"it has no data by now", host(failing(ago(11*time.Minute)), status("insufficient-data")), vitals.Nothing, none, 0},
		{"the full status was not asked for yet", host(failing(ago(11*time.Minute)), unasked), vitals.Dead, ago(11 * time.Minute), 0},
	})
}

// Only what was heard within the hour is a voice whose silence counts.
func TestAVoiceThatNeverSpokeIsNeverTakenForOneThatFellSilent(t *testing.T) {
	for name, c := range map[string]struct {
		host vitals.Host
		of   vitals.Name
		want bool
	}{
		"an agent that waits":           {host(pinged(ago(3 * time.Minute))), vitals.SSMPing, true},
		"an agent that is dead":         {host(pinged(ago(12 * time.Minute))), vitals.SSMPing, true},
		"an agent of long ago":          {host(pinged(ago(32 * time.Minute))), vitals.SSMPing, false},
		"no agent":                      {host(), vitals.SSMPing, false},
		"a heartbeat that waits":        {host(beats(ago(2 * time.Minute))), vitals.Heartbeat, true},
		"a heartbeat that is dead":      {host(beats(ago(65 * time.Minute))), vitals.Heartbeat, true},
		"a heartbeat of long ago":       {host(beats(ago(66 * time.Minute))), vitals.Heartbeat, false},
		"no heartbeat":                  {host(), vitals.Heartbeat, false},
		"a reachability check":          {host(failing(ago(11 * time.Minute))), vitals.Reachability, false},
		"a reachability check of a day": {host(failing(ago(24 * time.Hour))), vitals.Reachability, false},
	} {
		if v := vitals.Read(c.host).Named(c.of); v.Spoke != c.want {
			t.Errorf("%s: spoke is %v (%s)", name, v.Spoke, v.Saw)
		}
	}
}

// A host that sends a heartbeat every five minutes has four minutes without one each time.
func TestAHeartbeatThatComesEveryFiveMinutesIsNeverDeadBetweenTwo(t *testing.T) {
	slow := metrics(func(m *instance.Metrics) {
		m.Heartbeat = nil
		for at := ago(2 * time.Hour); !at.After(ago(9 * time.Minute)); at = at.Add(5 * time.Minute) {
			m.Heartbeat = append(m.Heartbeat, instance.Point{At: at, Value: 1})
		}
	})
	// The last beat is that of ten minutes ago, and ended a minute later.
	check(t, vitals.Heartbeat, []row{
		{"nine minutes without a beat: twice four, and one", host(slow), vitals.Dead, ago(9 * time.Minute), 0},
		{"eight", host(slow, at(noon.Add(-second))), vitals.Waiting, time.Time{}, second},
		{"one beat a minute, one of them lost in the hour", host(gap(ago(30*time.Minute), time.Minute), at(noon)), vitals.Dead, ago(5 * time.Minute), 0},
		{"three of them lost", host(gap(ago(30*time.Minute), 3*time.Minute), at(noon)), vitals.Waiting, time.Time{}, 2 * time.Minute},
		{"more than an hour before the last", host(gap(ago(80*time.Minute), 3*time.Minute), at(noon)), vitals.Dead, ago(5 * time.Minute), 0},
	})
}

// gap is a heartbeat of every minute up to five minutes ago, without those of the minutes
// from then on.
func gap(from time.Time, length time.Duration) func(*vitals.Host) {
	return func(h *vitals.Host) {
		beats(ago(5 * time.Minute))(h)
		metrics(func(m *instance.Metrics) {
			var kept []instance.Point
			for _, p := range m.Heartbeat {
				if p.At.Before(from) || !p.At.Before(from.Add(length)) {
					kept = append(kept, p)
				}
			}
			m.Heartbeat = kept
		})(h)
	}
}

// at makes that the moment of the facts.
func at(moment time.Time) func(*vitals.Host) { return func(h *vitals.Host) { h.At = moment } }
