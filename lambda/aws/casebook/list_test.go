package casebook_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"crashcart/lambda/aws/casebook"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
)

func ids(records []cases.Record) []string {
	out := []string{}
	for _, r := range records {
		out = append(out, r.ID)
	}
	return out
}

func TestNoCaseIsEverLeftOutOfAList(t *testing.T) {
	for _, limit := range []int32{0, 1, 3} {
		t.Run(fmt.Sprint("pages of ", limit), func(t *testing.T) {
			b := newBench(t)
			book, d := b.desk()
			d.limit = limit
			var all, open, dryRuns []string // oldest first
			for i := range 7 {
				b.at(time.Duration(i) * time.Minute)
				r := grouped(request(hostNumber(i), "alarm"), "asg/web", 100)
				r.Budget = 100
				c := b.claim(r)
				all = append(all, c.ID)
				if b.settle(c, []cases.State{cases.StateInterrupted, cases.StateRejected}[i%2]); i%2 == 0 {
					open = append(open, c.ID)
				}
				r.DryRun, r.InstanceID = true, hostNumber(100+i)
				dryRun := b.claim(r)
				dryRuns = append(dryRuns, dryRun.ID)
				if i < 6 { // the last one is under way
					b.settle(dryRun, cases.StateDryRun)
				}
			}
			for _, c := range []struct {
				which casebook.Which
				want  []string
			}{
				{casebook.Which{}, all},
				{casebook.Which{Open: true}, open},
				{casebook.Which{DryRuns: true}, dryRuns},
				{casebook.Which{Open: true, DryRuns: true}, dryRuns[6:]},
			} {
				got, err := book.Cases(t.Context(), c.which)
				want := slices.Clone(c.want)
				slices.Reverse(want)
				if err != nil || !slices.Equal(ids(got), want) {
					t.Errorf("%+v: error %v, got\n%q, want\n%q", c.which, err, ids(got), want)
				}
				for _, r := range got {
					if r.DryRun != c.which.DryRuns || c.which.Open && !r.Open {
						t.Errorf("%+v lists %+v", c.which, r)
					}
				}
			}
		})
	}
}

// What is over by time is in the index until somebody closes it.
func TestACaseThatIsOverByTimeIsNeverListedAsOpen(t *testing.T) {
	b := newBench(t)
	book, _ := b.desk()
	real := b.claim(request(host, "alarm"))
	b.settle(real, cases.StateInterrupted)
	dryRun := b.claim(dryRun(request(hostNumber(1), "alarm"))) // killed before it was settled
	for _, c := range []struct {
		at      time.Duration
		dryRuns bool
		id      string
		open    bool
	}{
		{config.OpenFor, false, real.ID, true},
		{config.OpenFor + time.Second, false, real.ID, false},
		{time.Minute, true, dryRun.ID, true},
		{time.Hour, true, dryRun.ID, false},
	} {
		b.at(c.at)
		list, err := book.Cases(t.Context(), casebook.Which{Open: true, DryRuns: c.dryRuns})
		if err != nil || (len(list) == 1) != c.open {
			t.Errorf("after %s: %+v, %v", c.at, list, err)
		}
		r, err := book.CaseByID(t.Context(), c.id)
		if err != nil || r.Open != c.open || r.Lapsed == c.open || r.Stuck(dawn.Add(c.at)) {
			t.Errorf("after %s: %+v, %v", c.at, r, err)
		}
	}
}

// A lapsed case is still somebody's work; a dry run never is.
func TestNothingUnclosedIsEverLeftOut(t *testing.T) {
	for _, limit := range []int32{0, 1, 2} {
		b := newBench(t)
		book, d := b.desk()
		d.limit = limit
		var want []string // newest first
		for i, state := range []cases.State{cases.StateInterrupted, cases.StateUnknown, cases.StateInterrupted, cases.StateRejected} {
			b.at(time.Duration(i) * 20 * time.Hour)
			c := b.claim(request(hostNumber(i), "alarm"))
			b.settle(c, state)
			b.claim(dryRun(request(hostNumber(10+i), "alarm"))) // killed before it was settled
			if state != cases.StateRejected {
				want = slices.Insert(want, 0, c.ID)
			}
		}
		got, err := book.Unclosed(t.Context())
		if err != nil || !slices.Equal(ids(got), want) {
			t.Fatalf("%q, %v, want %q", ids(got), err, want)
		}
		for i, r := range got {
			if lapsed := i == 2; r.Lapsed != lapsed || r.Overdue() != lapsed || r.Open == lapsed || r.DryRun {
				t.Errorf("after 60 h: %+v", r)
			}
		}
		for which, want := range map[casebook.Which][]string{
			{Overdue: true}:                            want[2:],
			{Open: true}:                               want[:2],
			{Overdue: true, DryRuns: true}:             {}, // three have lapsed
			{Overdue: true, Open: true, DryRuns: true}: {cases.ID(hostNumber(13), "alarm")},
		} {
			if got, err := book.Cases(t.Context(), which); err != nil || !slices.Equal(ids(got), want) {
				t.Errorf("%+v: %q, %v, want %q", which, ids(got), err, want)
			}
		}
		if d.calls["Scan"] > 0 {
			t.Error("it has read the table")
		}
		if _, err := book.CloseCase(t.Context(), casebook.Closing{CaseID: want[2], Reason: "seen to", By: "ops"}); err != nil {
			t.Fatal(err)
		}
		if got, err := book.Unclosed(t.Context()); err != nil || !slices.Equal(ids(got), want[:2]) {
			t.Errorf("with one closed: %q, %v", ids(got), err)
		}
		d.faults["Query"] = []error{errDenied}
		if got, err := book.Unclosed(t.Context()); !errors.Is(err, errDenied) || got != nil {
			t.Errorf("%q, %v, want the error", ids(got), err)
		}
	}
}

// The one claim that matters to whoever has just pulled the lever is the newest, and
// the index may not have it yet.
func TestASendUnderWayIsNeverLeftOut(t *testing.T) {
	b := newBench(t)
	book, d := b.desk()
	d.limit = 1
	for i, state := range []cases.State{cases.StateInterrupted, cases.StateRejected} {
		b.settle(b.claim(request(hostNumber(i), "alarm")), state)
	}
	b.at(time.Minute)
	want := b.claim(request(host, "alarm"))
	b.at(time.Minute + 30*time.Second)
	if got, err := book.UnderWay(t.Context()); err != nil || !slices.Equal(ids(got), []string{want.ID}) {
		t.Errorf("%q, %v, want %q", ids(got), err, want.ID)
	}
	b.at(10 * time.Minute)
	if got, err := book.UnderWay(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("minutes later: %q, %v", ids(got), err)
	}
	d.faults["Query"] = []error{errDenied}
	if got, err := book.UnderWay(t.Context()); err == nil {
		t.Errorf("in an outage: %q", ids(got))
	}
}

func TestAListThatIsNotWholeIsAnError(t *testing.T) {
	b := newBench(t)
	book, d := b.desk()
	for i := range 3 {
		b.claim(request(hostNumber(i), "alarm"))
	}
	d.limit = 1
	d.faults["Scan"], d.faults["Query"] = []error{nil, errDenied}, []error{nil, errDenied}
	for _, w := range []casebook.Which{{}, {Open: true}} {
		if got, err := book.Cases(t.Context(), w); !errors.Is(err, errDenied) || got != nil {
			t.Errorf("%+v: %d cases, error %v", w, len(got), err)
		}
	}
}

func TestARecordKeepsWhatTheClaimKnew(t *testing.T) {
	b := newBench(t)
	book, _ := b.desk()
	r := grouped(request(host, "alarm"), "asg/web", 1)
	r.Origin = cases.Origin{
		SourceKey: "alarm", Kind: "direct", Source: "lambda", Alarm: "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:hung",
		Reason: "it hangs", RequestedBy: "ops", Forced: []string{"cooldown", "unresponsive"},
	}
	c := b.claim(r)
	b.at(time.Second)
	if err := b.book.Settle(t.Context(), c, cases.StateUnknown, "InternalError"); err != nil {
		t.Fatal(err)
	}
	b.at(2 * time.Second)
	if err := b.book.Note(t.Context(), c, notes); err != nil {
		t.Fatal(err)
	}
	got, err := book.CaseByID(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	at := func(d time.Duration) time.Time { return dawn.Add(d).Truncate(time.Millisecond) }
	if !reflect.DeepEqual(got.Origin, r.Origin) || got.ID != c.ID || got.InstanceID != host || got.Hold.Group != "asg/web" || got.DryRun ||
		got.State != cases.StateUnknown || !got.Open || got.Code != "InternalError" || got.Notes != notes ||
		!got.ClaimedAt.Equal(at(0)) || !got.SettledAt.Equal(at(time.Second)) || !got.NotedAt.Equal(at(2*time.Second)) || !got.ClosedAt.IsZero() {
		t.Errorf("%+v", got)
	}
	want := []cases.Moment{
		{At: at(0), What: "claimed for the alarm " + r.Origin.Alarm + ": it hangs (forced: cooldown, unresponsive)"},
		{At: at(time.Second), What: "sent, but no answer proved anything; it is not sent again (InternalError)"},
		{At: at(2 * time.Second), What: "evidence: " + notes.Evidence},
		{At: at(2 * time.Second), What: notes.Protected},
	}
	if line := got.Timeline(); !slices.Equal(line, want) {
		t.Errorf("the timeline is\n%v, want\n%v", line, want)
	}
}

func TestTheRealCaseIsNeverHiddenByItsDryRun(t *testing.T) {
	b := newBench(t)
	book, _ := b.desk()
	dryRun := b.claim(dryRun(request(host, "alarm")))
	b.settle(dryRun, cases.StateDryRun)
	if got, err := book.CaseByID(t.Context(), dryRun.ID); err != nil || !got.DryRun || got.State != cases.StateDryRun {
		t.Errorf("%+v, %v", got, err)
	}
	b.claim(request(host, "alarm"))
	if got, err := book.CaseByID(t.Context(), dryRun.ID); err != nil || got.DryRun || got.State != cases.StateClaimed {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := book.CaseByID(t.Context(), "i-0ffffffffffffffff-0000000000000000"); !errors.Is(err, casebook.ErrNoCase) {
		t.Errorf("an unknown case gives %v", err)
	}
}

func TestASendIsNeverCalledOverBeforeTheFunctionIs(t *testing.T) {
	for at, want := range map[time.Duration]bool{0: false, time.Minute: false, 61 * time.Second: true} {
		r := cases.Record{State: cases.StateClaimed, ClaimedAt: dawn}
		if r.Stuck(dawn.Add(at)) != want {
			t.Errorf("claimed for %s: stuck %v, want %v", at, !want, want)
		}
		if r.State = cases.StateInterrupted; r.Stuck(dawn.Add(at)) {
			t.Errorf("a settled case is stuck after %s", at)
		}
	}
}
