package guard_test

import (
	"testing"
	"time"

	"crashcart/lambda/domain/guard"
)

// When Systems Manager is in trouble, or a subnet's way out, or a role, the agents of
// healthy hosts fall silent at once, and their heartbeats with them.
func TestTheTroubleOfManyNeverLooksLikeAHang(t *testing.T) {
	// neighbours makes some of them heard a minute ago, and some silent for d.
	neighbours := func(lively, quiet int, d time.Duration) func(*scene) {
		return func(s *scene) {
			clear(s.neighbours)
			s.heard(lively, time.Minute)
			s.heard(quiet, d)
		}
	}
	percent := func(p, lively, quiet int) func(*scene) {
		return func(s *scene) {
			neighbours(lively, quiet, 7*time.Minute)(s)
			s.config.Rules.SilentPercent = p
		}
	}
	const missed = 6*time.Minute + time.Second // one ping, by a second
	judgeAs(t, "unresponsive", "unresponsive-neighbours", []situation{
		{"no neighbours", neighbours(0, 0, 0), guard.Permitted},
		{"both of 2 silent: too few to tell", neighbours(0, 2, missed), guard.Permitted},
		{"all of 3 silent", neighbours(0, 3, missed), guard.Later},
		{"all of 3 silent for exactly one period and a minute", neighbours(0, 3, 6*time.Minute), guard.Permitted},
		{"2 of 3 silent", neighbours(1, 2, missed), guard.Permitted},
		{"3 of 9 silent", neighbours(6, 3, missed), guard.Later},
		{"2 of 40 silent", neighbours(38, 2, missed), guard.Permitted},
		{"3 of 29 silent, which is more than 10 percent", neighbours(26, 3, missed), guard.Later},
		{"10 of 100 silent, which makes the period longer, too", neighbours(90, 10, missed), guard.Later},
		{"5 of 100 silent", neighbours(95, 5, missed), guard.Permitted},
		{"11 of 100 silent", neighbours(89, 11, missed), guard.Later},
		{"3 of 3 silent for 60 minutes", neighbours(0, 3, time.Hour), guard.Later},
		{"3 of 3 silent for a second more than 60 minutes, which leaves none", neighbours(0, 3, time.Hour+time.Second), guard.Permitted},
		{"dead for days, any number", func(s *scene) {
			neighbours(3, 0, 0)(s)
			s.heard(40, 72*time.Hour)
		}, guard.Permitted},
		{"dead for days, and the living silent", func(s *scene) {
			neighbours(1, 3, missed)(s)
			s.heard(40, 72*time.Hour)
		}, guard.Later},
		{"2 silent, and the sample has the instance itself", func(s *scene) {
			neighbours(0, 2, missed)(s)
			s.neighbours[hungID] = 12 * time.Minute
		}, guard.Permitted},
		{"34 percent are allowed, 3 of 9 silent", percent(34, 6, 3), guard.Permitted},
		{"33 percent are allowed, 3 of 9 silent", percent(33, 6, 3), guard.Later},
		{"the most that a setting allows: 50 percent, 6 of 11 silent", percent(50, 5, 6), guard.Later},
		{"another agent's clock is ahead", func(s *scene) {
			neighbours(0, 2, missed)(s)
			s.heard(2, -time.Minute)
		}, guard.Permitted},
		{"only the heartbeat is silent", func(s *scene) {
			neighbours(0, 3, missed)(s)
			s.ping.At = ago(72 * time.Hour)
		}, guard.Later},
		{"the reachability check fails, too", func(s *scene) {
			neighbours(0, 3, missed)(s)
			s.fails(ago(11 * time.Minute))
		}, guard.Later},
		{"a person asks", func(s *scene) {
			neighbours(0, 3, missed)(s)
			s.direct()
		}, guard.Permitted},
	})
}

func TestAPersonIsNeverBrakedByNeighboursEvenWithoutForce(t *testing.T) {
	s := hung(t)
	clear(s.neighbours)
	s.heard(3, 12*time.Minute)
	for _, force := range [][]string{nil, {"unresponsive"}} {
		s.direct(force...)
		if v := s.claim(t); v.Kind != guard.Permitted || v.String() != hangs {
			t.Errorf("force %v: %s by %q, want permitted by %q", force, v.Kind, v, hangs)
		}
	}
}
