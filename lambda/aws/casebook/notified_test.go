package casebook_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestNobodyIsNotifiedTwiceWithinAnHour(t *testing.T) {
	b := newBench(t)
	ask := func(topic string, n int, want bool, wantSkipped int) {
		t.Helper()
		may, skipped, err := b.book.MayNotify(t.Context(), topic, n, false)
		if err != nil || may != want || skipped != wantSkipped {
			t.Errorf("notifying of %s: %v with %d skipped, want %v with %d (error %v)", topic, may, skipped, want, wantSkipped, err)
		}
	}
	ask("region", 10, true, 0)
	ask("region", 10, false, 0)
	ask("region", 7, false, 0)
	ask("budget", 1, true, 0) // another topic has an hour of its own
	b.at(time.Hour - time.Second)
	ask("region", 1, false, 0)
	b.at(time.Hour + time.Second)
	ask("region", 5, true, 18) // what was skipped is said with the next
	ask("region", 0, false, 0)
	b.at(3 * time.Hour)
	ask("region", 1, true, 0)
}

func TestADryRunNeverSilencesWhatIsReal(t *testing.T) {
	b := newBench(t)
	for _, dryRun := range []bool{true, false} {
		if may, _, err := b.book.MayNotify(t.Context(), "region", 1, dryRun); !may || err != nil {
			t.Errorf("dry run %v: %v, %v", dryRun, may, err)
		}
	}
}

func TestRacersNeverBothNotifyAndNoneIsUncounted(t *testing.T) {
	b := newBench(t)
	var (
		wg       sync.WaitGroup
		notified atomic.Int32
	)
	for range 40 {
		book := b.another()
		wg.Go(func() {
			may, _, err := book.MayNotify(t.Context(), "region", 3, false)
			if err != nil {
				t.Error(err)
			}
			if may {
				notified.Add(1)
			}
		})
	}
	wg.Wait()
	b.at(2 * time.Hour)
	_, skipped, err := b.book.MayNotify(t.Context(), "region", 1, false)
	if notified.Load() != 1 || skipped != 39*3 || err != nil {
		t.Errorf("%d notified, %d skipped, %v", notified.Load(), skipped, err)
	}
}

func TestInAnOutageNobodyMayNotify(t *testing.T) {
	b := newBench(t)
	b.api.down = errOutage
	if may, _, err := b.book.MayNotify(t.Context(), "region", 1, false); may || err == nil {
		t.Errorf("%v, %v", may, err)
	}
	b.api.down = nil
	if may, _, err := b.book.MayNotify(t.Context(), "region", 1, false); !may || err != nil {
		t.Errorf("the first after the outage: %v, %v", may, err)
	}
	b.api.updates = []error{nil, errThrottled}
	if may, _, err := b.book.MayNotify(t.Context(), "region", 1, false); may || err == nil {
		t.Errorf("uncounted: %v, %v", may, err)
	}
}

// The SDK repeats a request whose answer was lost, and then meets what it has written
// itself.
func TestALostAnswerNeverSilencesATopic(t *testing.T) {
	b := newBench(t)
	for range 3 {
		if _, _, err := b.book.MayNotify(t.Context(), "region", 4, false); err != nil {
			t.Fatal(err)
		}
	}
	b.at(2 * time.Hour)
	lost := 0
	b.wire.lose = func(string) bool { lost++; return lost == 1 }
	may, skipped, err := b.book.MayNotify(t.Context(), "region", 1, false)
	if !may || skipped != 8 || err != nil {
		t.Errorf("%v with %d skipped, %v; want true with 8", may, skipped, err)
	}
	if may, _, err := b.book.MayNotify(t.Context(), "region", 1, false); may || err != nil {
		t.Errorf("the next: %v, %v", may, err)
	}
}
