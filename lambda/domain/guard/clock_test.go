package guard_test

import (
	"errors"
	"testing"
	"time"
	"unsafe"

	"crashcart/lambda/domain/guard"
	"crashcart/lambda/domain/trigger"
)

// thaw is the moment now as a process sees it that was frozen until then for so long: its
// wall clock has gone on, and its monotonic clock has not. A negative time is a wall clock
// that was set back. Package time has no way to say either, so the reading is changed in
// the time's second word ("Monotonic Clocks", documentation of package time; its source:
// type Time).
func thaw(now time.Time, frozen time.Duration) time.Time {
	later := now.Add(frozen)
	words := (*struct {
		wall uint64
		ext  int64
		loc  *time.Location
	})(unsafe.Pointer(&later))
	words.ext -= int64(frozen)
	return later
}

// clocks are two clocks after an age, of which one says less.
func clocks(then time.Time, age time.Duration) map[string]time.Time {
	return map[string]time.Time{
		"the process was frozen":      thaw(then, age),
		"the wall clock was set back": thaw(then.Add(age), -age),
		"both clocks went on":         then.Add(age),
	}
}

func TestAForgedClockIsWhatItSays(t *testing.T) {
	then := time.Now()
	for name, want := range map[string][2]time.Duration{ // monotonic, wall
		"the process was frozen":      {0, time.Hour},
		"the wall clock was set back": {time.Hour, 0},
		"both clocks went on":         {time.Hour, time.Hour},
	} {
		now := clocks(then, time.Hour)[name]
		if got := [2]time.Duration{now.Sub(then), now.Round(0).Sub(then.Round(0))}; got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

func TestAPermitDiesByEitherClock(t *testing.T) {
	for _, age := range []time.Duration{guard.PermitLife - time.Millisecond, guard.PermitLife, time.Hour} {
		then := time.Now()
		for name, now := range clocks(then, age) {
			s := hung(t)
			g, book := s.guard()
			book.now = func() time.Time { return then }
			p, v := g.Claim(t.Context(), s.question())
			if v.Kind != guard.Permitted {
				t.Fatalf("%s by %q", v.Kind, v)
			}
			_, _, err := p.Spend(now, false)
			if dead := age >= guard.PermitLife; dead != errors.Is(err, guard.ErrPermitDead) {
				t.Errorf("%s, %s: error %v", name, age, err)
			}
		}
	}
}

func TestFactsDieByEitherClock(t *testing.T) {
	for _, age := range []time.Duration{guard.FactsLife, guard.FactsLife + time.Millisecond, time.Hour} {
		then := time.Now()
		for name, now := range clocks(then, age) {
			s := hung(t)
			q := s.question()
			q.Instance.AsOf = then
			g, _ := s.guard()
			g.Now = func() time.Time { return now }
			if v, stale := g.Stale(q, 0); stale != (age > guard.FactsLife) || stale && v.Kind != guard.Later {
				t.Errorf("%s, %s: stale %v (%s)", name, age, stale, v)
			}
		}
	}
}

func TestARequestGrowsOldByEitherClock(t *testing.T) {
	for _, age := range []time.Duration{2*time.Minute - time.Second, 2 * time.Minute, time.Hour} {
		then := time.Now()
		for name, now := range clocks(then, age) {
			s := hung(t)
			s.trigger.Kind, s.trigger.At = trigger.KindDirect, then
			v := rule(t, "fresh").Check(guard.Inquiry{Question: s.question(), Config: s.config, Now: now})
			if old := age >= 2*time.Minute; old != (v.Kind == guard.Refused) {
				t.Errorf("%s, %s: %s (%s)", name, age, v.Kind, v.Why)
			}
		}
	}
}
