package casebook_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"crashcart/lambda/aws/casebook"
	"crashcart/lambda/domain/cases"
)

var errHeld = &types.TransactionConflictException{}

func pulled(reason, by string, at time.Duration) cases.Lever {
	return cases.Lever{Pulled: true, Reason: reason, By: by, Since: dawn.Add(at).Truncate(time.Millisecond)}
}

func wantLever(t *testing.T, got cases.Lever, err error, want cases.Lever) {
	t.Helper()
	if err != nil || got != want {
		t.Fatalf("the lever is %+v, error %v; want %+v", got, err, want)
	}
}

func TestNoClaimIsWonOnceThePullIsAnswered(t *testing.T) {
	b := newBench(t)
	book, _ := b.desk()
	var ended atomic.Int64
	pull, whenAnswered := make(chan struct{}), make(chan map[string]attributes, 1)
	go func() {
		<-pull
		if _, err := book.Pull(t.Context(), casebook.Pulling{Reason: "a deploy", By: "ops"}); err != nil {
			t.Error(err)
		}
		whenAnswered <- b.items()
	}()
	won, lost := race(t, 100, func(i int) (cases.Case, error) {
		r := request(hostNumber(i), fmt.Sprint("alarm ", i))
		r.Budget = 1000
		c, err := b.book.Claim(t.Context(), r)
		if ended.Add(1) == 30 {
			close(pull)
		}
		return c, err
	})
	if got := changed(<-whenAnswered, b.items()); len(got) > 0 {
		t.Errorf("claims have written after the lever was pulled: %q", got)
	}
	t.Logf("%d claims were won before the lever, %d lost", len(won), len(lost))
	r := request(host, "another")
	r.Budget = 1000
	b.wantLost(r, cases.CauseLever)
	if _, err := book.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.claim(r)
}

func TestAClaimUnderWayNeverKeepsTheLeverFromBeingPulled(t *testing.T) {
	b := newBench(t)
	book, d := b.desk()
	for range 6 {
		d.faults["PutItem"] = append(d.faults["PutItem"], errHeld)
		d.faults["DeleteItem"] = append(d.faults["DeleteItem"], errHeld)
	}
	d.faults["PutItem"] = append(d.faults["PutItem"], errThrottled)
	lever, err := book.Pull(t.Context(), casebook.Pulling{Reason: "a deploy", By: "ops"})
	wantLever(t, lever, err, pulled("a deploy", "ops", 0))
	b.wantLost(request(host, "alarm"), cases.CauseLever)

	lever, err = book.Release(t.Context())
	wantLever(t, lever, err, pulled("a deploy", "ops", 0))
	b.claim(request(host, "alarm"))
}

// The reason by which everybody has been refused must not vanish, nor may there be
// a moment without a lever.
func TestASecondPullNeverHidesTheFirst(t *testing.T) {
	b := newBench(t)
	book, d := b.desk()
	if _, err := book.Pull(t.Context(), casebook.Pulling{Reason: "a deploy", By: "ops"}); err != nil {
		t.Fatal(err)
	}
	b.at(time.Hour)
	lever, err := book.Pull(t.Context(), casebook.Pulling{Reason: "a game day", By: "chaos"})
	wantLever(t, lever, err, pulled("a deploy", "ops", 0))
	lever, err = book.LeverNow(t.Context())
	wantLever(t, lever, err, pulled("a deploy", "ops", 0))

	lever, err = book.Pull(t.Context(), casebook.Pulling{Reason: "a game day", By: "chaos", Replace: true})
	wantLever(t, lever, err, pulled("a game day", "chaos", time.Hour))
	lever, err = book.LeverNow(t.Context())
	wantLever(t, lever, err, pulled("a game day", "chaos", time.Hour))
	if d.calls["DeleteItem"] != 0 {
		t.Error("the lever was taken away to be replaced")
	}
}

func TestReleasingAReleasedLeverIsNoError(t *testing.T) {
	b := newBench(t)
	book, _ := b.desk()
	lever, err := book.Release(t.Context())
	wantLever(t, lever, err, cases.Lever{})
	lever, err = book.LeverNow(t.Context())
	wantLever(t, lever, err, cases.Lever{})
}

// The SDK sends again what got no answer, and then meets its own work.
func TestALostAnswerNeverMistakesItsOwnLever(t *testing.T) {
	b := newBench(t)
	book, _ := b.desk()
	loseOnce := func(name string) {
		var lost atomic.Bool
		b.wire.lose = func(op string) bool { return strings.HasSuffix(op, name) && lost.CompareAndSwap(false, true) }
	}
	loseOnce("PutItem")
	lever, err := book.Pull(t.Context(), casebook.Pulling{Reason: "a deploy", By: "ops"})
	wantLever(t, lever, err, pulled("a deploy", "ops", 0))
	loseOnce("DeleteItem")
	lever, err = book.Release(t.Context())
	wantLever(t, lever, err, pulled("a deploy", "ops", 0))
	lever, err = book.LeverNow(t.Context())
	wantLever(t, lever, err, cases.Lever{})
}

func TestALeverThatMayNotBePulledFailsAtOnce(t *testing.T) {
	b := newBench(t)
	book, d := b.desk()
	b.put(attributes{"pk": s("lever"), "sk": s("lever"), "since": s("2026-03-02T04:00:00.000Z")})
	for op, call := range map[string]func() error{
		"PutItem": func() error {
			_, err := book.Pull(t.Context(), casebook.Pulling{Reason: "a deploy", By: "ops", Replace: true})
			return err
		},
		"DeleteItem": func() error { _, err := book.Release(t.Context()); return err },
	} {
		for _, cause := range []error{errDenied, errOutage} {
			d.faults[op], d.calls[op] = []error{cause}, 0
			if err := call(); !errors.Is(err, cause) || d.calls[op] != 1 {
				t.Errorf("%s: %d calls, error %v; want one and %v", op, d.calls[op], err, cause)
			}
		}
	}
}

// held is a table whose lever some transaction always holds.
type held struct {
	casebook.API
	calls int
}

func (h *held) PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	h.calls++
	return nil, errHeld
}

func TestPullingIsGivenUpAndSaidSoInTheEnd(t *testing.T) {
	for name, c := range map[string]struct{ bound, least, most time.Duration }{
		"by itself":     {time.Hour, 30 * time.Second, 31 * time.Second},
		"by the caller": {time.Second, time.Second, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := &held{}
				ctx, cancel := context.WithTimeout(t.Context(), c.bound)
				defer cancel()
				start := time.Now()
				lever, err := casebook.New(h, tableName).Pull(ctx, casebook.Pulling{Reason: "a deploy", By: "ops"})
				took := time.Since(start)
				if !errors.Is(err, errHeld) || lever.Pulled || took < c.least || took > c.most || h.calls < 4 {
					t.Errorf("after %s and %d calls: %+v, %v", took, h.calls, lever, err)
				}
			})
		})
	}
}

// The answer to a release is lost, somebody pulls the lever again, and the request is
// repeated: what it repeats must not reach the new pull.
func TestARepeatedReleaseNeverUndoesANewerPull(t *testing.T) {
	for name, replace := range map[string]bool{"pulled again": false, "replaced": true} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			alice, d := b.desk()
			bob, _ := b.desk()
			if _, err := alice.Pull(t.Context(), casebook.Pulling{Reason: "game day", By: "alice"}); err != nil {
				t.Fatal(err)
			}
			d.between = func() {
				if !replace {
					if _, err := bob.Release(t.Context()); err != nil { // as the lost request did
						t.Error(err)
					}
				}
				if _, err := bob.Pull(t.Context(), casebook.Pulling{Reason: "wrong machines", By: "bob", Replace: replace}); err != nil {
					t.Error(err)
				}
			}
			standing, err := alice.Release(t.Context())
			if !errors.Is(err, casebook.ErrPulledAgain) || standing.By != "bob" {
				t.Errorf("%+v, %v", standing, err)
			}
			b.wantLost(request(host, "alarm"), cases.CauseLever)
		})
	}
}

func TestALeverThatWasPulledByHandCanBeReleased(t *testing.T) {
	b := newBench(t)
	b.pullLever()
	book, _ := b.desk()
	if was, err := book.Release(t.Context()); err != nil || !was.Pulled {
		t.Fatalf("%+v, %v", was, err)
	}
	b.claim(request(host, "alarm"))
}
