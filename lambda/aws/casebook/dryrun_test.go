package casebook_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/cases"
)

// lived is a table that real triggers have used: an open case, a closed one, a
// budget spent to the last slot, a full group.
func lived(t *testing.T) *bench {
	b := newBench(t)
	for i, source := range []string{"first", "second", "third"} {
		c := b.claim(grouped(request(hostNumber(i), source), "asg/web", 3))
		b.settle(c, cases.StateInterrupted)
		if i == 0 {
			b.closeByHand(c)
		}
	}
	b.at(7 * time.Minute)
	return b
}

func TestDryRunLeavesNothingButItsCase(t *testing.T) {
	b := lived(t)
	before := b.items()
	b.api.puts = nil

	r := dryRun(grouped(request(host, "a dry run"), "asg/web", 3))
	r.Seen = &cases.Seen{Budget: cases.Slots{Taken: map[int]time.Time{0: dawn, 1: dawn, 2: dawn}}} // the real ones
	c := b.claim(r)
	onlyDry(t, "holds", changed(before, b.items()))
	if got := b.openCases("open"); len(got) != 2 || slices.Contains(got, c.ID) {
		t.Errorf("the index of the real open cases has %q", got)
	}
	b.settle(c, cases.StateDryRun)

	after := b.items()
	own := "dry#case#" + c.ID + " case"
	if got := changed(before, after); !slices.Equal(got, []string{own}) {
		t.Errorf("the dry run has left %q, want %q alone", got, own)
	}
	if text(after[own], "caseState") != "dry-run" || text(after[own], "openKey") != "" {
		t.Errorf("its case is %v", after[own])
	}
	if may, err := b.book.MayRequeue(t.Context(), cases.Subject{InstanceID: host, SourceKey: "a dry run", DryRun: true}, "message", 1); !may || err != nil {
		t.Errorf("MayRequeue: %v, %v", may, err)
	}
	onlyDry(t, "has left", changed(before, b.items()))
	onlyDry(t, "wanted to write", b.api.written())
}

func onlyDry(t *testing.T, what string, keys []string) {
	t.Helper()
	for _, key := range keys {
		if !strings.HasPrefix(key, "dry#") {
			t.Errorf("the dry run %s %q", what, key)
		}
	}
	if len(keys) == 0 {
		t.Errorf("the dry run %s nothing", what)
	}
}

func TestRealClaimNeverMeetsWhatADryRunHolds(t *testing.T) {
	b := newBench(t)
	r := grouped(request(host, "alarm"), "asg/web", 1)
	r.Budget = 1
	b.claim(dryRun(r)) // and dies before it settles
	if may, err := b.book.MayRequeue(t.Context(), cases.Subject{InstanceID: host, SourceKey: "alarm", DryRun: true}, "dry run", 1); !may || err != nil {
		t.Fatalf("MayRequeue: %v, %v", may, err)
	}

	subject := cases.Subject{InstanceID: host, SourceKey: "alarm"}
	if v := b.view(subject); v != (cases.View{}) {
		t.Errorf("a real trigger sees %+v of the dry run", v)
	}
	if budget, group := b.used("asg/web"); budget != 0 || group != 0 {
		t.Errorf("a real trigger counts %d and %d slots of the dry run", budget, group)
	}
	if may, err := b.book.MayRequeue(t.Context(), cases.Subject{InstanceID: host, SourceKey: "alarm"}, "real", 1); !may || err != nil {
		t.Errorf("a real target may not be queued because a dry run was: %v, %v", may, err)
	}
	c := b.claim(r)
	if subject.DryRun = true; b.view(subject).OpenCase != c.ID {
		t.Errorf("a dry run does not see the real open case: %+v", b.view(subject))
	}
}

func TestDryRunSeesTheRealCooldown(t *testing.T) {
	b := lived(t)
	v := b.view(cases.Subject{InstanceID: hostNumber(0), SourceKey: "a dry run", DryRun: true})
	if !v.LastClaim.Equal(dawn.Truncate(time.Millisecond)) {
		t.Errorf("the last claim reads %s, want %s", v.LastClaim, dawn)
	}
}

func TestDryRunsNeverWearEachOtherOut(t *testing.T) {
	b := newBench(t)
	for _, source := range []string{"one", "two", "three", "four", "five"} {
		r := dryRun(grouped(request(host, source), "asg/web", 1))
		r.Budget = 1
		c := b.claim(r)
		b.settle(c, cases.StateDryRun)
		if v := b.view(cases.Subject{InstanceID: host, SourceKey: source, DryRun: true}); v.ClaimedBy != c.ID {
			t.Errorf("the dry run %q is not remembered: %+v", source, v)
		}
		b.wantLost(r, cases.CauseDuplicate)
	}
}
