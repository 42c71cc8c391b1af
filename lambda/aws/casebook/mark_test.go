package casebook_test

import (
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"crashcart/lambda/domain/cases"
)

// mark marks a dump on the host, seen that long after the bench's dawn.
func (b *bench) mark(seen time.Duration) {
	b.t.Helper()
	if err := b.book.MarkDump(b.t.Context(), host, dawn.Add(seen)); err != nil {
		b.t.Fatal(err)
	}
}

// marked is when a dump was last seen on the host, as a trigger reads it.
func (b *bench) marked(dryRun bool) time.Time {
	b.t.Helper()
	return b.view(cases.Subject{InstanceID: host, SourceKey: "alarm", DryRun: dryRun}).DumpSeen
}

func TestAMarkIsNeverPrefixedAndIsReadByADryRun(t *testing.T) {
	b := newBench(t)
	if seen := b.marked(false); !seen.IsZero() {
		t.Errorf("before any mark: %s", seen)
	}
	before := b.items()
	b.mark(3 * time.Minute)
	if got, want := changed(before, b.items()), []string{"dump#" + host + " dump"}; !slices.Equal(got, want) {
		t.Errorf("written: %q, want %q", got, want)
	}
	for _, dryRun := range []bool{false, true} {
		if seen, want := b.marked(dryRun), dawn.Add(3*time.Minute).Truncate(time.Millisecond); !seen.Equal(want) {
			t.Errorf("dry run %v: seen at %s, want %s", dryRun, seen, want)
		}
	}
	if v := b.view(cases.Subject{InstanceID: hostNumber(7), SourceKey: "alarm"}); !v.DumpSeen.IsZero() {
		t.Errorf("another host has the mark, too: %+v", v)
	}
}

func TestAMarkNeverGoesBackInTime(t *testing.T) {
	b := newBench(t)
	for _, seen := range []time.Duration{5 * time.Minute, 2 * time.Minute, 5 * time.Minute, 4 * time.Minute} {
		b.mark(seen)
	}
	if seen, want := b.marked(false), dawn.Add(5*time.Minute).Truncate(time.Millisecond); !seen.Equal(want) {
		t.Errorf("seen at %s, want %s", seen, want)
	}
	b.mark(9 * time.Minute)
	if seen, want := b.marked(false), dawn.Add(9*time.Minute).Truncate(time.Millisecond); !seen.Equal(want) {
		t.Errorf("seen at %s, want the newer %s", seen, want)
	}
}

func TestOfRacersTheNewestMarkStays(t *testing.T) {
	b := newBench(t)
	var wg sync.WaitGroup
	for i := range 20 {
		book := b.another()
		wg.Go(func() {
			if err := book.MarkDump(t.Context(), host, dawn.Add(time.Duration(i)*time.Second)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if seen, want := b.marked(false), dawn.Add(19*time.Second).Truncate(time.Millisecond); !seen.Equal(want) {
		t.Errorf("seen at %s, want %s", seen, want)
	}
}

// DynamoDB's TTL only tidies up, so the item must live as long as its mark counts.
func TestAMarkNeverExpiresBeforeItStopsCounting(t *testing.T) {
	b := newBench(t)
	b.mark(0)
	expires, ok := b.items()["dump#"+host+" dump"]["expiresAt"].(*types.AttributeValueMemberN)
	if !ok {
		t.Fatal("it never expires")
	}
	if at, err := strconv.ParseInt(expires.Value, 10, 64); err != nil || time.Unix(at, 0).Before(dawn.Add(cases.MarkFor)) {
		t.Errorf("it expires at %s (%v), and counts until %s", expires.Value, err, dawn.Add(cases.MarkFor))
	}
}

func TestAMarkNeedsNoRoundOfItsOwn(t *testing.T) {
	b := newBench(t)
	b.mark(0)
	reads := 0
	b.wire.before = func(http.ResponseWriter, string) bool {
		reads++
		return false
	}
	b.marked(false)
	if reads != 1 {
		t.Errorf("the views of one subject take %d calls, want 1", reads)
	}
}

func TestAMarkThatCannotBeMadeIsAnError(t *testing.T) {
	b := newBench(t)
	b.api.down = errOutage
	if err := b.book.MarkDump(t.Context(), host, dawn); err == nil {
		t.Error("no error in an outage")
	}
}
