package guard_test

import (
	"testing"
	"time"

	"crashcart/lambda/domain/guard"
)

// When Systems Manager or its endpoint is in trouble, every agent falls silent
// at once, on healthy machines too.
func TestSystemsManagersOwnTroubleNeverLooksLikeAHang(t *testing.T) {
	others := func(lively, quiet int) func(*scene) {
		return func(s *scene) {
			clear(s.others)
			s.heard(lively, time.Minute)
			s.heard(quiet, 10*time.Minute)
		}
	}
	// edge makes two of three others silent for d.
	edge := func(d time.Duration, windows bool) func(*scene) {
		return func(s *scene) {
			if windows {
				s.windows()
			}
			clear(s.others)
			s.heard(1, time.Minute)
			s.heard(2, d)
		}
	}
	percent := func(p, lively, quiet int) func(*scene) {
		return func(s *scene) {
			others(lively, quiet)(s)
			s.config.Rules.SilentPercent = p
		}
	}
	judgeAs(t, "unresponsive", "unresponsive-others", []situation{
		{"no others", others(0, 0), guard.Permitted},
		{"both of 2 others silent: too few to tell", others(0, 2), guard.Permitted},
		{"all of 3 others silent", others(0, 3), guard.Later},
		{"1 of 3 silent", others(2, 1), guard.Permitted},
		{"2 of 3 silent", others(1, 2), guard.Later},
		{"exactly half of 4 silent", others(2, 2), guard.Permitted},
		{"50 of 100 silent", others(50, 50), guard.Permitted},
		{"51 of 100 silent", others(49, 51), guard.Later},
		{"2 of 3 silent for a second short of 6 minutes", edge(6*time.Minute-time.Second, false), guard.Permitted},
		{"2 of 3 silent for 6 minutes", edge(6*time.Minute, false), guard.Later},
		{"2 of 3 silent for 30 minutes", edge(30*time.Minute, false), guard.Later},
		{"2 of 3 silent for a second more than 30 minutes, which leaves too few", edge(30*time.Minute+time.Second, false), guard.Permitted},
		{"Windows, others silent for a second short of 20 minutes", edge(20*time.Minute-time.Second, true), guard.Permitted},
		{"Windows, others silent for 20 minutes", edge(20*time.Minute, true), guard.Later},
		{"dead for days, any number", func(s *scene) {
			others(3, 0)(s)
			s.heard(40, 72*time.Hour)
		}, guard.Permitted},
		{"dead for days, and the living silent", func(s *scene) {
			others(1, 3)(s)
			s.heard(40, 72*time.Hour)
		}, guard.Later},
		{"2 others silent, and the sample has the instance itself", func(s *scene) {
			others(0, 2)(s)
			s.others[hungID] = 10 * time.Minute
		}, guard.Permitted},
		{"2 of 4 others silent, and the sample has the instance itself", func(s *scene) {
			others(2, 2)(s)
			s.others[hungID] = 10 * time.Minute
		}, guard.Permitted},
		{"a third is allowed, a third is silent", percent(34, 2, 1), guard.Permitted},
		{"a quarter is allowed, a third is silent", percent(25, 2, 1), guard.Later},
		{"100 percent: switched off", percent(100, 0, 30), guard.Permitted},
		{"another agent's clock is ahead", func(s *scene) {
			others(0, 2)(s)
			s.heard(2, -time.Minute)
		}, guard.Permitted},
		{"a person asks", func(s *scene) {
			others(0, 3)(s)
			s.direct()
		}, guard.Later},
		{"the reachability check fails long enough", func(s *scene) {
			others(0, 3)(s)
			s.fails(ago(11 * time.Minute))
		}, guard.Permitted},
	})
}

func TestForceOutweighsSystemsManagersTrouble(t *testing.T) {
	s := hung(t)
	clear(s.others)
	s.heard(3, 10*time.Minute)
	s.direct("unresponsive")
	const want = "unresponsive: forced, although: its SSM agent is silent for 10m, but so are 3 of 3 other agents that were heard of lately: " +
		"that may be Systems Manager's trouble; AWS's reachability check passes"
	if v := s.claim(t); v.Kind != guard.Permitted || v.String() != want {
		t.Errorf("%s by %q, want permitted by %q", v.Kind, v, want)
	}
}
