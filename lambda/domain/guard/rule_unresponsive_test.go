package guard_test

import (
	"testing"
	"time"

	"crashcart/lambda/domain/guard"
	"crashcart/lambda/domain/instance"
)

func TestTheAlarmAloneIsNeverEnough(t *testing.T) {
	silent := func(d time.Duration) func(*scene) {
		return func(s *scene) {
			s.trigger.At = ago(time.Minute)
			s.ping.At = ago(d)
		}
	}
	windows := func(d time.Duration) func(*scene) {
		return func(s *scene) {
			s.windows()
			silent(d)(s)
		}
	}
	judge(t, "unresponsive", []situation{
		{"the agent is silent for a second short of 6 minutes", silent(6*time.Minute - time.Second), guard.Later},
		{"the agent is silent for 6 minutes", silent(6 * time.Minute), guard.Permitted},
		{"the agent is silent for a second more than 6 minutes", silent(6*time.Minute + time.Second), guard.Permitted},
		{"the agent is silent for a second short of 30 minutes", silent(30*time.Minute - time.Second), guard.Permitted},
		{"the agent is silent for 30 minutes", silent(30 * time.Minute), guard.Permitted},
		{"the agent is silent for a second more than 30 minutes", silent(30*time.Minute + time.Second), guard.Refused},
		{"Windows, the agent is silent for a second short of 20 minutes", windows(20*time.Minute - time.Second), guard.Later},
		{"Windows, the agent is silent for a second short of 40 minutes", windows(40*time.Minute - time.Second), guard.Permitted},
		{"Windows, the agent is silent for 40 minutes", windows(40 * time.Minute), guard.Permitted},
		{"Windows, the agent is silent for a second more than 40 minutes", windows(40*time.Minute + time.Second), guard.Refused},
		{"there is no agent", func(s *scene) { s.ping = instance.Ping{} }, guard.Later},
		{"the agent has not pinged since the launch", func(s *scene) {
			s.ping.At = ago(16 * time.Minute)
			s.description.LaunchedAt = s.ping.At.Add(time.Second)
		}, guard.Later},
		{"the agent pinged a second after the alarm", func(s *scene) { s.ping.At = s.trigger.At.Add(time.Second) }, guard.Refused},
		{"the agent pinged at the very moment of the alarm", func(s *scene) {
			s.trigger.At = ago(8 * time.Minute)
			s.ping.At = s.trigger.At
		}, guard.Permitted},
		{"the agent pinged after a request, and is silent since", func(s *scene) {
			s.direct()
			s.trigger.At = ago(12 * time.Minute)
		}, guard.Refused},
		{"the agent's clock is ahead", func(s *scene) { s.ping.At = noon.Add(time.Second) }, guard.Refused},
	})
}

func TestTheReachabilityCheckAloneMustFailLongEnough(t *testing.T) {
	failing := func(d time.Duration) func(*scene) {
		return func(s *scene) {
			s.ping = instance.Ping{}
			s.fails(ago(d))
		}
	}
	windows := func(d time.Duration) func(*scene) {
		return func(s *scene) {
			s.windows()
			failing(d)(s)
		}
	}
	application := func(status string, since time.Time, win bool) func(*scene) {
		return func(s *scene) {
			s.config.Rules.ApplicationStatus = true
			s.ping = instance.Ping{At: ago(72 * time.Hour)}
			s.description.LaunchedAt = ago(100 * time.Hour)
			s.description.Windows = win
			s.status.Application = instance.Check{Status: status, Since: since}
		}
	}
	judgeAs(t, "unresponsive", "unresponsive-checks", []situation{
		{"a second short of 5 minutes", failing(5*time.Minute - time.Second), guard.Later},
		{"5 minutes", failing(5 * time.Minute), guard.Permitted},
		{"a second more than 5 minutes", failing(5*time.Minute + time.Second), guard.Permitted},
		{"days", failing(72 * time.Hour), guard.Permitted},
		{"Windows, a second short of 20 minutes", windows(20*time.Minute - time.Second), guard.Later},
		{"AWS does not say since when", func(s *scene) {
			s.ping = instance.Ping{}
			s.fails(time.Time{})
		}, guard.Later},
		{"the agent is dead for days, the check fails for 2 minutes", func(s *scene) {
			failing(2 * time.Minute)(s)
			s.ping.At = ago(50 * time.Hour)
		}, guard.Later},
		{"the agent pinged since the check fails, and is silent since", func(s *scene) {
			failing(12 * time.Minute)(s)
			s.ping.At = ago(10 * time.Minute)
		}, guard.Permitted},
		{"the check failed when the alarm came, and passes", func(s *scene) { s.ref.CheckFailed = true }, guard.Refused},
		{"the check failed when the alarm came, and has no data", func(s *scene) {
			s.ref.CheckFailed = true
			s.status.Instance.Status = "insufficient-data"
		}, guard.Permitted},
		{"application impaired for a second short of 5 minutes", application("impaired", ago(5*time.Minute-time.Second), false), guard.Later},
		{"application impaired for 5 minutes", application("impaired", ago(5*time.Minute), false), guard.Permitted},
		{"application impaired since nobody knows when", application("impaired", time.Time{}, false), guard.Later},
		{"application ok", application("ok", time.Time{}, false), guard.Refused},
		{"Windows, application impaired for a second short of 20 minutes", application("impaired", ago(20*time.Minute-time.Second), true), guard.Later},
		{"application impaired where it does not count", func(s *scene) {
			application("impaired", ago(time.Hour), false)(s)
			s.config.Rules.ApplicationStatus = false
		}, guard.Refused},
	})
}

// The rule quiet asks for 25 minutes of a Windows, so the guard as a whole does not
// permit yet what this rule permits.
func TestTwentyMinutesAreWhatASilentWindowsNeedsByThisRule(t *testing.T) {
	for _, d := range []time.Duration{20*time.Minute - time.Second, 20 * time.Minute, 20*time.Minute + time.Second} {
		for name, change := range map[string]func(*scene){
			"the agent": func(s *scene) { s.ping.At = ago(d) },
			"the check": func(s *scene) {
				s.ping = instance.Ping{}
				s.fails(ago(d))
			},
			"the application": func(s *scene) {
				s.config.Rules.ApplicationStatus = true
				s.ping = instance.Ping{At: ago(72 * time.Hour)}
				s.description.LaunchedAt = ago(100 * time.Hour)
				s.status.Application = instance.Check{Status: "impaired", Since: ago(d)}
			},
		} {
			s := hung(t)
			s.windows()
			change(s)
			want, by := guard.Permitted, "quiet"
			if d < 20*time.Minute {
				want, by = guard.Later, "unresponsive"
			}
			alone := rule(t, "unresponsive").Check(guard.Inquiry{Question: s.question(), Config: s.config, Now: s.now})
			if alone.Kind != want {
				t.Errorf("%s, %s: %s (%s), want %s", name, d, alone.Kind, alone.Why, want)
			}
			if v := s.claim(t); v.Kind != guard.Later || v.Rule != by {
				t.Errorf("%s, %s: the guard says %s by %q, want later by %s", name, d, v.Kind, v, by)
			}
		}
	}
}
