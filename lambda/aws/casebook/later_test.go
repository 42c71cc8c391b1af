package casebook_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"crashcart/lambda/domain/cases"
)

func TestTargetIsNeverQueuedTwiceForOnePass(t *testing.T) {
	b := newBench(t)
	may := func(instance, source, sender string, pass int, want bool) {
		t.Helper()
		got, err := b.book.MayRequeue(t.Context(), cases.Subject{InstanceID: instance, SourceKey: source}, sender, pass)
		if err != nil || got != want {
			t.Errorf("may %s queue pass %d of %s/%s: %v, want %v (error %v)", sender, pass, instance, source, got, want, err)
		}
	}
	may(host, "alarm", "message a", 1, true)
	may(host, "alarm", "message a", 1, true) // it died before it had sent
	may(host, "alarm", "message b", 1, false)
	may(host, "alarm", "message a", 1, true)
	may(host, "alarm", "message b", 2, true)
	may(host, "another alarm", "message b", 1, true)
	may(hostNumber(1), "alarm", "message b", 1, true)
	may(host, "alarm", "message b", 12, true)
	may(host, "alarm", "message c", 12, false)
}

func TestRacingCopiesNeverBothQueue(t *testing.T) {
	b := newBench(t)
	var (
		wg      sync.WaitGroup
		allowed atomic.Int32
	)
	for i := range 40 {
		wg.Go(func() {
			may, err := b.book.MayRequeue(t.Context(), cases.Subject{InstanceID: host, SourceKey: "alarm"}, fmt.Sprint("message ", i), 3)
			if err != nil {
				t.Error(err)
			}
			if may {
				allowed.Add(1)
			}
		})
	}
	wg.Wait()
	if n := allowed.Load(); n != 1 {
		t.Errorf("%d copies may queue, want 1", n)
	}
}

func TestPassThatCannotBeNotedIsNotAllowed(t *testing.T) {
	b := newBench(t)
	b.api.down = errThrottled
	if may, err := b.book.MayRequeue(t.Context(), cases.Subject{InstanceID: host, SourceKey: "alarm"}, "message", 1); may || err == nil {
		t.Errorf("MayRequeue in an outage: %v, %v", may, err)
	}
}
