package casebook_test

import (
	"errors"
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"crashcart/lambda/aws/casebook"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
)

// wantLost checks that a claim was lost for that cause.
func wantLost(t *testing.T, err error, cause cases.Cause) *cases.LostError {
	t.Helper()
	lost, ok := errors.AsType[*cases.LostError](err)
	if !ok || lost.Cause != cause {
		t.Fatalf("the claim ended with %v, want it lost by %s", err, cause)
	}
	return lost
}

func (b *bench) wantLost(r cases.Request, cause cases.Cause) *cases.LostError {
	b.t.Helper()
	_, err := b.book.Claim(b.t.Context(), r)
	return wantLost(b.t, err, cause)
}

func TestRacingTriggersNeverClaimOneEpisodeTwice(t *testing.T) {
	for name, tt := range map[string]struct {
		books, keys int
		dryRun      bool
	}{
		"one book":                         {books: 1, keys: 100},
		"eight books":                      {books: 8, keys: 100},
		"eight books, one event delivered": {books: 8, keys: 1},
		"eight books, a dry run":           {books: 8, keys: 100, dryRun: true},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			books := []*casebook.Book{b.book}
			for len(books) < tt.books {
				books = append(books, b.another())
			}
			won, lost := race(t, 100, func(i int) (cases.Case, error) {
				r := request(host, fmt.Sprint("alarm ", i%tt.keys))
				r.Budget, r.DryRun = 100, tt.dryRun
				return books[i%len(books)].Claim(t.Context(), r)
			})
			if len(won) != 1 || len(lost) != 99 {
				t.Fatalf("%d claims won and %d lost, want 1 and 99", len(won), len(lost))
			}
			for _, err := range lost {
				l, ok := errors.AsType[*cases.LostError](err)
				if !ok || l.CaseID != won[0].ID || (l.Cause != cases.CauseOpen && l.Cause != cases.CauseDuplicate) {
					t.Errorf("a loser got %v, want the winner's case %s", err, won[0].ID)
				}
			}
		})
	}
}

func TestNoClaimWhileTheLeverIsPulled(t *testing.T) {
	for name, wrap := range map[string]func(cases.Request) cases.Request{
		"real": func(r cases.Request) cases.Request { return r }, "dryRun": dryRun,
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			r := wrap(request(host, "alarm"))
			subject := cases.Subject{InstanceID: host, SourceKey: "alarm", DryRun: r.DryRun}
			if v := b.view(subject); v.Lever.Pulled {
				t.Fatal("the lever of an empty table is pulled")
			}
			b.pullLever() // between the read and the claim
			before := b.items()
			b.wantLost(grouped(r, "asg/web", 1), cases.CauseLever)
			if got := changed(before, b.items()); len(got) > 0 {
				t.Errorf("the refused claim has written %q", got)
			}
			want := cases.Lever{Pulled: true, Reason: "a deploy", By: "ops", Since: time.Date(2026, time.March, 2, 4, 0, 0, 0, time.UTC)}
			if got := b.view(subject).Lever; got != want {
				t.Errorf("the lever reads %+v, want %+v", got, want)
			}
		})
	}
}

func TestNothingOverridesAnOpenCase(t *testing.T) {
	b := newBench(t)
	first := b.claim(request(host, "alarm"))
	b.settle(first, cases.StateInterrupted)

	for _, at := range []time.Duration{0, time.Minute, config.OpenFor} {
		b.at(at)
		for _, s := range []cases.Subject{{InstanceID: host, SourceKey: "another"}, {InstanceID: host, SourceKey: "another", DryRun: true}} {
			if v := b.view(s); v.OpenCase != first.ID || !v.OpenedAt.Equal(dawn.Truncate(time.Millisecond)) || v.ClaimedBy != "" {
				t.Errorf("%s later the view of %+v is %+v, want the open case", at, s, v)
			}
		}
		anxious := request(host, "another")
		anxious.Cooldown, anxious.Budget = 0, 100
		if lost := b.wantLost(anxious, cases.CauseOpen); lost.CaseID != first.ID || !lost.Since.Equal(dawn.Truncate(time.Millisecond)) {
			t.Errorf("%s later the claim was lost to case %q of %s", at, lost.CaseID, lost.Since)
		}
	}
	b.at(config.OpenFor + time.Millisecond)
	if v := b.view(cases.Subject{InstanceID: host, SourceKey: "another"}); v.OpenCase != "" {
		t.Errorf("the case has not lapsed: %+v", v)
	}
	b.claim(request(host, "another"))
}

func TestASourceKeyThatHasClaimedNeverClaimsAgain(t *testing.T) {
	b := newBench(t)
	first := b.claim(request(host, "alarm"))
	b.settle(first, cases.StateInterrupted)
	b.closeByHand(first)
	b.at(23 * 24 * time.Hour) // as late as SNS may redeliver

	if lost := b.wantLost(request(host, "alarm"), cases.CauseDuplicate); lost.CaseID != first.ID {
		t.Errorf("the duplicate names case %q, want %q", lost.CaseID, first.ID)
	}
	if v := b.view(cases.Subject{InstanceID: host, SourceKey: "alarm"}); v.ClaimedBy != first.ID || v.OpenCase != "" {
		t.Errorf("the view is %+v, want the source key's case and none open", v)
	}
	expires, ok := b.items()["case#"+first.ID+" case"]["expiresAt"].(*types.AttributeValueMemberN)
	if min := fmt.Sprint(dawn.Add(90 * 24 * time.Hour).Unix()); !ok || expires.Value < min {
		t.Errorf("the case expires at %v, before %s: 90 days", expires, min)
	}
	b.claim(request(host, "another alarm"))
}

func TestCooldownIsNeverCutShort(t *testing.T) {
	for _, cooldown := range []time.Duration{time.Hour, 6 * time.Hour} {
		b := newBench(t)
		first := b.claim(request(host, "alarm"))
		b.settle(first, cases.StateInterrupted)
		b.closeByHand(first)

		r := request(host, "another alarm")
		r.Cooldown = cooldown
		b.at(cooldown - time.Millisecond)
		if lost := b.wantLost(r, cases.CauseCooldown); !lost.Since.Equal(dawn.Truncate(time.Millisecond)) {
			t.Errorf("the last claim is said to be %s", lost.Since)
		}
		b.at(cooldown)
		b.claim(r)
	}
}

func TestAnotherInstanceIsNeverHeldUp(t *testing.T) {
	b := newBench(t)
	b.claim(request(hostNumber(1), "alarm"))
	b.claim(request(hostNumber(2), "alarm")) // one alarm that names two
}

func TestCaseIDNamesAnExecution(t *testing.T) {
	shape := regexp.MustCompile(`^` + host + `-[0-9a-f]{16}$`)
	seen := map[string]bool{}
	for _, key := range []string{"", "alarm", "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:a b/ü#1", "../..", "case#dry#"} {
		id := cases.ID(host, key)
		if !shape.MatchString(id) || seen[id] {
			t.Errorf("the id of source key %q is %q: not of the shape %s, or not its own", key, id, shape)
		}
		seen[id] = true
	}
	if again := cases.ID(host, "alarm"); again != cases.ID(host, "alarm") || cases.ID(host, "alarm") == cases.ID(hostNumber(1), "alarm") {
		t.Error("the id is not one of instance and source key")
	}
}

func TestReadOfManySubjectsLeavesNoneOut(t *testing.T) {
	b := newBench(t)
	var subjects []cases.Subject
	for i := range 120 { // two items each: three batches
		subjects = append(subjects, cases.Subject{InstanceID: hostNumber(i), SourceKey: "alarm"})
		if i%10 == 0 {
			r := request(hostNumber(i), "alarm")
			r.Budget = 100
			b.claim(r)
		}
	}
	views, err := b.book.Read(t.Context(), subjects)
	if err != nil || len(views) != len(subjects) {
		t.Fatalf("%d views of %d subjects, error %v", len(views), len(subjects), err)
	}
	for i, s := range subjects {
		want := ""
		if i%10 == 0 {
			want = cases.ID(s.InstanceID, "alarm")
		}
		if v := views[s]; v.OpenCase != want || v.ClaimedBy != want {
			t.Errorf("the view of subject %d is %+v, want case %q", i, v, want)
		}
	}
}
