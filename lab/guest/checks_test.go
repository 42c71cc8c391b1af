package guest

import (
	"errors"
	"testing"
	"testing/synctest"
)

// A guest that hangs is counted as before: nobody in it is asked.
func TestTheCountersNeverAskTheGuest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, g := boot(t)
		m.set(func() { m.hung, m.blocks, m.deaf = true, true, -1 })
		frames := g.Sent().Bytes
		m.set(func() { m.writes = []int{40, 2} })
		if writes, sent, err := g.Counters(t.Context()); err != nil || writes != 42 || sent != frames {
			t.Errorf("%d writes, %d bytes, %v", writes, sent, err)
		}
		if _, err := m.card.Write(make([]byte, 60)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if _, sent, err := g.Counters(t.Context()); err != nil || sent != frames+60 {
			t.Errorf("%d bytes, %v", sent, err)
		}
		shut(t, g)
		if _, _, err := g.Counters(t.Context()); !errors.Is(err, ErrEnded) {
			t.Error("without QEMU:", err)
		}
	})
}
