package guard_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/guard"
)

// permit is a fresh permit, claimed at noon.
func permit(t *testing.T, dryRun bool) guard.Permit {
	t.Helper()
	s := hung(t)
	if dryRun {
		s.config.Mode = config.ModeDryRun
	}
	g, _ := s.guard()
	p, v := g.Claim(t.Context(), s.question())
	if v.Kind != guard.Permitted {
		t.Fatalf("%s by %q", v.Kind, v)
	}
	return p
}

func TestAPermitOfNobodyIsNeverGood(t *testing.T) {
	for _, dryRun := range []bool{false, true} {
		id, until, err := guard.Permit{}.Spend(noon, dryRun)
		if !errors.Is(err, guard.ErrNoPermit) || id != "" || !until.IsZero() {
			t.Errorf("dry-run %v: %q until %s, error %v", dryRun, id, until, err)
		}
	}
	if p := (guard.Permit{}); !p.DryRun() || p.Case().ID != "" {
		t.Error("the permit of nobody is for a live interrupt, or of a case")
	}
}

func TestAPermitIsNeverGoodTwice(t *testing.T) {
	for _, dryRun := range []bool{false, true} {
		p := permit(t, dryRun)
		same := p
		id, until, err := p.Spend(noon, dryRun)
		if err != nil || id != hungID || !until.Equal(noon.Add(10*time.Second)) {
			t.Errorf("the first use: %q until %s, error %v", id, until, err)
		}
		for name, again := range map[string]guard.Permit{"it": p, "its copy": same} {
			if id, _, err := again.Spend(noon, dryRun); !errors.Is(err, guard.ErrPermitSpent) || id != "" {
				t.Errorf("%s again: %q, error %v", name, id, err)
			}
		}
	}
}

func TestManyWhoHoldOnePermitNeverUseItTwice(t *testing.T) {
	p := permit(t, false)
	var used atomic.Int32
	var wg sync.WaitGroup
	start := make(chan struct{})
	for range 100 {
		same := p
		wg.Go(func() {
			<-start
			if _, _, err := same.Spend(noon, false); err == nil {
				used.Add(1)
			}
		})
	}
	close(start)
	wg.Wait()
	if n := used.Load(); n != 1 {
		t.Errorf("the permit was good %d times", n)
	}
}

func TestADeadPermitIsNeverGood(t *testing.T) {
	for after, good := range map[time.Duration]bool{
		0:                              true,
		-time.Second:                   true, // the clock was set back
		guard.PermitLife - 1:           true,
		guard.PermitLife:               false, // no time is left for an answer
		guard.PermitLife + 1:           false,
		guard.PermitLife + 5*time.Hour: false,
	} {
		p := permit(t, false)
		id, _, err := p.Spend(noon.Add(after), false)
		if good != (err == nil) || (!good && (!errors.Is(err, guard.ErrPermitDead) || id != "")) {
			t.Errorf("after %s: %q, error %v", after, id, err)
		}
		if _, _, err := p.Spend(noon, false); err == nil {
			t.Errorf("after %s, and then in time: it was good", after)
		}
	}
	if guard.PermitLife != 10*time.Second {
		t.Errorf("a permit lives for %s", guard.PermitLife)
	}
}

func TestAPermitIsNeverGoodForTheOtherKind(t *testing.T) {
	for _, dryRun := range []bool{false, true} {
		p := permit(t, dryRun)
		if id, _, err := p.Spend(noon, !dryRun); !errors.Is(err, guard.ErrWrongPermit) || id != "" {
			t.Errorf("dry-run %v, used as the other kind: %q, error %v", dryRun, id, err)
		}
		if p.DryRun() != dryRun {
			t.Errorf("dry-run is %v, want %v", p.DryRun(), dryRun)
		}
		if _, _, err := p.Spend(noon, dryRun); err != nil {
			t.Errorf("the wrong kind has used it up: %v", err)
		}
	}
}
