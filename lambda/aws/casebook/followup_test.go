package casebook_test

import (
	"errors"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"crashcart/lambda/aws/casebook"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/dump"
)

// followed opens a case whose interrupt was sent, and reads it.
func (b *bench) followed(book *casebook.Book) cases.Record {
	b.t.Helper()
	c := b.claim(grouped(request(host, "alarm"), "asg/web", 1))
	b.settle(c, cases.StateInterrupted)
	r, err := book.CaseByID(b.t.Context(), c.ID)
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

// spoil sets an attribute of a case's item past the casebook.
func (b *bench) spoil(id, name, value string) {
	b.t.Helper()
	for _, it := range b.items() {
		if text(it, "pk") == "case#"+id {
			it[name] = s(value)
			b.put(it)
			return
		}
	}
	b.t.Fatalf("there is no case %s", id)
}

// known is all that a step can write.
func known() cases.Followup {
	at := dawn.Add(time.Minute).Truncate(time.Millisecond)
	return cases.Followup{
		Account: cases.Account{
			SentAt: dawn.Truncate(time.Millisecond), Percent: "41 %", Left: "9m1s", MovedAt: at,
			Proofs: []cases.Proof{{Stage: cases.StageCaptureKernel, Line: "elfcorehdr=0x1", By: "console", SeenAt: at, Doubt: "it may be old"}},
		},
		Host: cases.Host{Windows: true, Group: "web", Lifecycle: "Standby"}, Blind: true, Kept: 3,
		Told:     map[cases.News]cases.Telling{cases.NewsDumping: {Tries: 2, Last: at, Done: true}},
		Manifest: cases.Telling{Tries: 2, Last: at, Done: true},
		Collect:  collecting(at),
	}
}

// collecting is all that can be known of a dump's way home.
func collecting(at time.Time) cases.Collecting {
	file := dump.File{Path: `C:\Windows\MEMORY.DMP`, Kind: dump.KindDump, Size: 1 << 40, Modified: at.Unix()}
	return cases.Collecting{
		BeganAt: at, Command: "b0b1", AskedAt: at, Tries: 4, Refused: at, Fails: 2, Problem: "InvalidInstanceId", NextAt: at, MovedAt: at, Surveyed: true,
		Files: dump.Collection{
			CaseID: "i-1", Signed: 2, Left: []dump.Left{{File: file, Why: "it is over the limit"}},
			Uploads: []dump.Upload{{File: file, Key: "k", ID: "u", PartSize: 16 << 20, Done: true, SHA256: "5a", Lost: "no", Arrived: 3}},
		},
		Skipped: []dump.Skipped{{Path: "/var/crash/1/vmcore", Why: dump.WhyEmpty, Size: 1}}, Sealed: cases.Telling{Tries: 1, Last: at, Done: true},
		Snapshots: []string{"snap-1"}, Snapshotted: cases.Telling{Tries: 1, Last: at}, Missing: []cases.Missing{{What: "dump", Why: "no"}}, EndedAt: at,
	}
}

// A field that the casebook forgets would have a step made again.
func TestTheTestsDumpOnItsWayHasEveryField(t *testing.T) {
	v := reflect.ValueOf(collecting(dawn))
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			t.Errorf("%s is empty", v.Type().Field(i).Name)
		}
	}
}

func TestWhatAStepWritesIsReadAsItWas(t *testing.T) {
	b := newBench(t)
	book, _ := b.desk()
	r := b.followed(book)
	b.at(2 * time.Minute)
	want := known()
	want.Finding, want.Why, want.Doubt, want.ConcludedAt = cases.FindingDumped, "its dump is complete", "perhaps", dawn.Add(time.Hour).Truncate(time.Millisecond)
	given, err := book.Follow(t.Context(), r, want)
	if err != nil {
		t.Fatal(err)
	}
	want.Steps, want.SteppedAt = 1, dawn.Add(2*time.Minute).Truncate(time.Millisecond)
	got, err := book.CaseByID(t.Context(), r.ID)
	if err != nil || !reflect.DeepEqual(got.Followup, want) || !reflect.DeepEqual(given.Followup, want) {
		t.Errorf("read\n%+v, given\n%+v, want\n%+v: %v", got.Followup, given.Followup, want, err)
	}
}

func TestOfManyStepsAtOnceOneIsWritten(t *testing.T) {
	b := newBench(t)
	book, _ := b.desk()
	r := b.followed(book)
	for step := range 5 {
		var wg sync.WaitGroup
		var won atomic.Int32
		for range 8 {
			wg.Go(func() {
				_, err := book.Follow(t.Context(), r, known())
				switch {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, casebook.ErrStepped):
					t.Error(err)
				}
			})
		}
		wg.Wait()
		next, err := book.CaseByID(t.Context(), r.ID)
		if err != nil || won.Load() != 1 || next.Followup.Steps != step+1 {
			t.Fatalf("step %d: written %d times, the case has %d: %v", step, won.Load(), next.Followup.Steps, err)
		}
		r = next
	}
}

func TestNoStepIsWrittenOfWhatIsNotFollowed(t *testing.T) {
	for name, strike := range map[string]func(*bench, *casebook.Book, cases.Record){
		"closed by hand": func(b *bench, book *casebook.Book, r cases.Record) {
			if _, err := book.CloseCase(b.t.Context(), casebook.Closing{CaseID: r.ID, Reason: "seen to", By: "ops"}); err != nil {
				b.t.Fatal(err)
			}
		},
		"another claim": func(b *bench, _ *casebook.Book, r cases.Record) { b.spoil(r.ID, "nonce", "another's") },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			book, _ := b.desk()
			r := b.followed(book)
			strike(b, book, r)
			before := b.items()
			if _, err := book.Follow(t.Context(), r, known()); !errors.Is(err, casebook.ErrStepped) {
				t.Errorf("error %v", err)
			}
			if got := changed(before, b.items()); len(got) > 0 {
				t.Errorf("written: %q", got)
			}
		})
	}
}

func TestAClaimedCaseHasNoStepsUntilItIsSettled(t *testing.T) {
	b := newBench(t)
	book, _ := b.desk()
	c := b.claim(request(host, "alarm"))
	r, err := book.CaseByID(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := book.Follow(t.Context(), r, known()); !errors.Is(err, casebook.ErrStepped) {
		t.Errorf("error %v", err)
	}
	b.at(2 * time.Minute)
	lost, err := book.Lose(t.Context(), r)
	if err != nil || lost.State != cases.StateUnknown || !lost.Followup.LostAt.Equal(dawn.Add(2*time.Minute).Truncate(time.Millisecond)) {
		t.Fatalf("%+v, %v", lost, err)
	}
	if _, err := book.Follow(t.Context(), lost, known()); err != nil {
		t.Error(err)
	}
	if got, err := book.CaseByID(t.Context(), c.ID); err != nil || got.State != cases.StateUnknown || !got.Open || got.Followup.LostAt.IsZero() {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestACaseIsEndedOnceAndGivesEverythingBackButItsCooldown(t *testing.T) {
	b := newBench(t)
	book, _ := b.desk()
	r := b.followed(book)
	next := known()
	if _, _, err := book.End(t.Context(), r); err == nil {
		t.Fatal("it ended without a finding")
	}
	next.Finding, next.Why, next.Doubt = cases.FindingDumped, "its dump is\ncomplete", "it did not come back"
	r, err := book.Follow(t.Context(), r, next)
	if err != nil {
		t.Fatal(err)
	}
	b.at(time.Hour)
	var wg sync.WaitGroup
	var endings atomic.Int32
	for range 8 {
		wg.Go(func() {
			now, ended, err := book.End(t.Context(), r)
			if err != nil || now.State != cases.StateClosed {
				t.Errorf("%s: %v", now.State, err)
			}
			if ended {
				endings.Add(1)
			}
		})
	}
	wg.Wait()
	if endings.Load() != 1 {
		t.Errorf("it was ended %d times", endings.Load())
	}
	got, err := book.CaseByID(t.Context(), r.ID)
	if err != nil || got.Open || got.ClosedBy != casebook.ByFollowup || got.ClosedFrom != cases.StateInterrupted ||
		got.ClosedWhy != "dumped: its dump is complete (it did not come back)" {
		t.Errorf("%+v, %v", got, err)
	}
	if budget, group := b.used("asg/web"); budget != 1 || group != 0 {
		t.Errorf("%d slots of the budget and %d of the group are taken, want 1 and 0", budget, group)
	}
	v := b.view(cases.Subject{InstanceID: host, SourceKey: "alarm"})
	if v.OpenCase != "" || !v.LastClaim.Equal(dawn.Truncate(time.Millisecond)) {
		t.Errorf("the view is %+v", v)
	}
}

// The interrupt function may write its result just when the case is ended.
func TestAnEndThatMeetsAnotherWriteIsMadeAgain(t *testing.T) {
	b := newBench(t)
	book, d := b.desk()
	c := b.claim(request(host, "alarm"))
	claimed, err := book.CaseByID(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	r, err := book.Lose(t.Context(), claimed)
	if err == nil {
		next := known()
		next.Finding, next.Why = cases.FindingIgnored, "it lives"
		r, err = book.Follow(t.Context(), r, next)
	}
	if err != nil {
		t.Fatal(err)
	}
	d.between = func() { b.settle(c, cases.StateInterrupted) }
	d.faults["TransactWriteItems"] = []error{nil, &types.TransactionCanceledException{}, nil}
	now, ended, err := book.End(t.Context(), r)
	if err != nil || !ended || now.ClosedFrom != cases.StateInterrupted || now.State != cases.StateClosed {
		t.Errorf("%t, %v: %+v", ended, err, now)
	}
}

func TestAFollowUpThatNoStepWroteBeginsAnew(t *testing.T) {
	b := newBench(t)
	book, _ := b.desk()
	r := b.followed(book)
	if _, err := book.Follow(t.Context(), r, known()); err != nil {
		t.Fatal(err)
	}
	b.spoil(r.ID, "followed", "{")
	got, err := book.CaseByID(t.Context(), r.ID)
	if err != nil || got.Followup.Steps != 1 || len(got.Followup.Account.Proofs) > 0 {
		t.Errorf("%+v, %v", got.Followup, err)
	}
}
