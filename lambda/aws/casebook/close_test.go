package casebook_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"crashcart/lambda/aws/casebook"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
)

func TestClosingGivesTheGroupItsSlotAndNothingElse(t *testing.T) {
	for _, state := range []cases.State{cases.StateInterrupted, cases.StateUnknown, cases.StateClaimed} {
		t.Run(string(state), func(t *testing.T) {
			b := newBench(t)
			book, _ := b.desk()
			r := grouped(request(host, "alarm"), "asg/web", 1)
			c := b.claim(r)
			if state != cases.StateClaimed {
				b.settle(c, state)
			}
			b.at(time.Hour / 2)
			got, err := book.CloseCase(t.Context(), casebook.Closing{CaseID: c.ID, Reason: "it was a test", By: "ops"})
			if err != nil {
				t.Fatal(err)
			}
			if got.State != cases.StateClosed || got.Open || got.ClosedFrom != state || got.ClosedBy != "ops" || got.ClosedWhy != "it was a test" ||
				!got.ClosedAt.Equal(dawn.Add(time.Hour/2).Truncate(time.Millisecond)) {
				t.Errorf("%+v", got)
			}
			if open := b.openCases("open"); len(open) != 0 {
				t.Errorf("the index still has %q", open)
			}
			if budget, group := b.used("asg/web"); budget != 1 || group != 0 {
				t.Errorf("%d slots of the budget and %d of the group are taken, want 1 and 0", budget, group)
			}
			v := b.view(cases.Subject{InstanceID: host, SourceKey: "alarm"})
			if v.OpenCase != "" || v.ClaimedBy != c.ID || !v.LastClaim.Equal(dawn.Truncate(time.Millisecond)) {
				t.Errorf("the view is %+v", v)
			}
			// A dump that is being written is safe for the whole cooldown.
			another := grouped(request(host, "another alarm"), "asg/web", 1)
			b.at(cooldown - time.Millisecond)
			b.wantLost(another, cases.CauseCooldown)
			b.at(cooldown)
			b.claim(another)
		})
	}
}

func TestClosingTwiceKeepsTheFirst(t *testing.T) {
	b := newBench(t)
	book, _ := b.desk()
	c := b.claim(request(host, "alarm"))
	b.settle(c, cases.StateInterrupted)
	first, err := book.CloseCase(t.Context(), casebook.Closing{CaseID: c.ID, Reason: "it was a test", By: "ops"})
	if err != nil {
		t.Fatal(err)
	}
	before := b.items()
	b.at(time.Hour)
	second, err := book.CloseCase(t.Context(), casebook.Closing{CaseID: c.ID, Reason: "again", By: "somebody else"})
	if err != nil || second.ClosedBy != "ops" || second.ClosedWhy != first.ClosedWhy || !second.ClosedAt.Equal(first.ClosedAt) {
		t.Errorf("%+v, %v", second, err)
	}
	if got := changed(before, b.items()); len(got) > 0 {
		t.Errorf("written again: %q", got)
	}
	line := second.Timeline()
	if n := len(line); n != 3 || line[1].What != "EC2 accepted the interrupt" || line[2].What != "closed by ops: it was a test" {
		t.Errorf("the timeline is %+v", line)
	}
}

func TestWhatIsNotOpenIsNeverClosed(t *testing.T) {
	for name, c := range map[string]struct {
		dryRun bool
		state  cases.State // empty for claimed a moment ago
		check  func(error) bool
	}{
		"rejected":  {state: cases.StateRejected, check: notOpen},
		"a dry run": {dryRun: true, state: cases.StateDryRun, check: notOpen},
		"dryRun":    {dryRun: true, check: notOpen},
		"withdrawn": {state: cases.StateWithdrawn, check: func(err error) bool { return errors.Is(err, casebook.ErrNoCase) }},
		"under way": {check: func(err error) bool { return errors.Is(err, casebook.ErrUnderWay) }},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			book, _ := b.desk()
			r := request(host, "alarm")
			r.DryRun = c.dryRun
			opened := b.claim(r)
			if c.state != "" {
				b.settle(opened, c.state)
			}
			b.at(59 * time.Second)
			before := b.items()
			if _, err := book.CloseCase(t.Context(), casebook.Closing{CaseID: opened.ID, Reason: "it was a test", By: "ops"}); !c.check(err) {
				t.Errorf("error %v", err)
			}
			if got := changed(before, b.items()); len(got) > 0 {
				t.Errorf("it has written %q", got)
			}
		})
	}
}

func notOpen(err error) bool {
	_, ok := errors.AsType[*casebook.NotOpenError](err)
	return ok
}

// A lapsed case is still in the index, while its instance and its slot have gone
// to somebody else.
func TestClosingNeverTakesWhatIsSomebodyElses(t *testing.T) {
	b := newBench(t)
	book, _ := b.desk()
	r := grouped(request(host, "alarm"), "asg/web", 1)
	old := b.claim(r)
	b.settle(old, cases.StateInterrupted)
	b.at(config.OpenFor + time.Hour)
	r.Origin.SourceKey = "another alarm"
	current := b.claim(r)
	b.settle(current, cases.StateInterrupted)

	before := b.items()
	if _, err := book.CloseCase(t.Context(), casebook.Closing{CaseID: old.ID, Reason: "tidying up", By: "ops"}); err != nil {
		t.Fatal(err)
	}
	if got := changed(before, b.items()); !slices.Equal(got, []string{"case#" + old.ID + " case"}) {
		t.Errorf("closing the lapsed case has changed %q", got)
	}
	if open := b.openCases("open"); !slices.Equal(open, []string{current.ID}) {
		t.Errorf("open are %q, want %q", open, current.ID)
	}
}

func TestAResultThatComesMeanwhileIsNeverLost(t *testing.T) {
	b := newBench(t)
	book, d := b.desk()
	c := b.claim(request(host, "alarm"))
	b.at(10 * time.Minute)
	d.between = func() { b.settle(c, cases.StateInterrupted) }
	got, err := book.CloseCase(t.Context(), casebook.Closing{CaseID: c.ID, Reason: "it was a test", By: "ops"})
	if err != nil || got.ClosedFrom != cases.StateInterrupted || got.State != cases.StateClosed {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestClosingOutlivesConflictsAndReportsAnOutage(t *testing.T) {
	b := newBench(t)
	book, d := b.desk()
	c := b.claim(grouped(request(host, "alarm"), "asg/web", 1))
	b.settle(c, cases.StateInterrupted)

	d.faults["TransactWriteItems"] = []error{errOutage}
	if _, err := book.CloseCase(t.Context(), casebook.Closing{CaseID: c.ID, Reason: "it was a test", By: "ops"}); !errors.Is(err, errOutage) {
		t.Errorf("error %v, want the outage", err)
	}
	d.faults["TransactWriteItems"] = slices.Repeat([]error{errConflict}, 20)
	if _, err := book.CloseCase(t.Context(), casebook.Closing{CaseID: c.ID, Reason: "it was a test", By: "ops"}); !errors.Is(err, errConflict) {
		t.Errorf("error %v, want the conflict", err)
	}
	d.faults["TransactWriteItems"] = []error{errConflict, errThrottled, errConflict}
	if got, err := book.CloseCase(t.Context(), casebook.Closing{CaseID: c.ID, Reason: "it was a test", By: "ops"}); err != nil || got.State != cases.StateClosed {
		t.Errorf("%+v, %v", got, err)
	}
}

// Whoever closes may have a clock that is minutes ahead of the function's.
func TestAClockThatIsAheadNeverClosesASendUnderWay(t *testing.T) {
	b := newBench(t)
	book, _ := b.desk()
	c := b.claim(request(host, "alarm"))
	for _, at := range []time.Duration{time.Minute + time.Second, 5*time.Minute + 59*time.Second} {
		b.at(at)
		if _, err := book.CloseCase(t.Context(), casebook.Closing{CaseID: c.ID, Reason: "it hangs", By: "ops"}); !errors.Is(err, casebook.ErrUnderWay) {
			t.Errorf("after %s: %v", at, err)
		}
	}
	b.at(6 * time.Minute)
	if _, err := book.CloseCase(t.Context(), casebook.Closing{CaseID: c.ID, Reason: "it hangs", By: "ops"}); err != nil {
		t.Error(err)
	}
}
