package arp_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"crashcart/lab/guest/arp"
	"crashcart/lab/guest/link"
)

var (
	lab   = link.MAC{2, 0, 0, 0, 0, 1}
	card  = link.MAC{2, 0, 0, 0, 0, 2}
	labIP = netip.MustParseAddr("10.0.0.1")
	ip    = netip.MustParseAddr("10.0.0.2")
)

// asked and answered are the two frames as RFC 826 has them.
const (
	asked    = "ffffffffffff 020000000001 0806 0001 0800 06 04 0001 020000000001 0a000001 000000000000 0a000002"
	answered = "020000000001 020000000002 0806 0001 0800 06 04 0002 020000000002 0a000002 020000000001 0a000001"
)

func frame(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestARequestIsWhatTheStandardSays(t *testing.T) {
	want := append(frame(t, asked), make([]byte, 18)...)
	if got := arp.Request(lab, labIP, ip); !bytes.Equal(got, want) {
		t.Errorf("got  %x\nwant %x", got, want)
	}
}

func TestOnlyAReplyIsOne(t *testing.T) {
	reply := frame(t, answered)
	if owner, who, ok := arp.Reply(reply); !ok || owner != card || who != ip {
		t.Errorf("%v %v %v", owner, who, ok)
	}
	if _, _, ok := arp.Reply(frame(t, asked)); ok {
		t.Error("a request was taken for an answer")
	}
	for n := range reply {
		if _, _, ok := arp.Reply(reply[:n]); ok {
			t.Errorf("%d bytes of an answer were taken for one", n)
		}
	}
	for at := 12; at < 22; at++ { // everything that says what the frame is
		other := bytes.Clone(reply)
		other[at] ^= 0x40
		if _, _, ok := arp.Reply(other); ok {
			t.Errorf("it was taken for an answer with another byte %d", at)
		}
	}
}

// guestCard is a guest's card at the other end of a link. It answers when asked for its
// address, save when it is deaf, and says other things as well.
type guestCard struct {
	conn net.Conn
	deaf atomic.Int32 // questions that it does not hear; all if negative
	all  atomic.Int32 // questions that came
}

func (c *guestCard) run(t *testing.T) {
	b := make([]byte, 2048)
	for {
		if _, err := c.conn.Read(b); err != nil {
			return
		}
		c.all.Add(1)
		if c.deaf.Load() != 0 {
			c.deaf.Add(-1)
			continue
		}
		for _, text := range []string{"33330000000202000000000286dd6000", strings.Replace(answered, "0a000002", "0a000003", 1), answered} {
			_, _ = c.conn.Write(frame(t, text)) // the link may be closed
		}
	}
}

// asker is an asker with its link.
type asker struct {
	*arp.Asker
	*link.Link
}

func connect(t *testing.T, deaf int32) (asker, *guestCard) {
	ours, theirs := net.Pipe()
	c := &guestCard{conn: theirs}
	c.deaf.Store(deaf)
	go c.run(t)
	l := link.New(ours)
	return asker{arp.NewAsker(l, lab, labIP), l}, c
}

func everySecond() <-chan time.Time { return time.After(time.Second) }

func TestAFewLostFramesAreNoSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, c := connect(t, 3)
		began := time.Now()
		if err := l.Ask(t.Context(), ip, everySecond); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took != 3*time.Second || c.all.Load() != 4 {
			t.Errorf("%d frames in %s", c.all.Load(), took)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestSilenceAndAnothersAnswerAreNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, c := connect(t, 0)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := l.Ask(ctx, netip.MustParseAddr("10.0.0.9"), everySecond); !errors.Is(err, arp.ErrSilent) {
			t.Error(err)
		}
		if c.all.Load() < 10 {
			t.Errorf("%d frames in ten seconds", c.all.Load())
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestAnOldAnswerIsNotTakenForANewOne asks again after an answer.
func TestAnOldAnswerIsNotTakenForANewOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, c := connect(t, 0)
		if err := l.Ask(t.Context(), ip, everySecond); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		c.deaf.Store(-1)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := l.Ask(ctx, ip, everySecond); !errors.Is(err, arp.ErrSilent) {
			t.Error(err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestACardThatIsGoneEndsTheQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, c := connect(t, -1)
		go func() {
			time.Sleep(3 * time.Second)
			_ = c.conn.Close() // a pipe's never fails
		}()
		if err := l.Ask(t.Context(), ip, everySecond); !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		if err := errors.Join(l.Close(), l.Close()); err != nil {
			t.Error(err)
		}
	})
}

// A guest that gets no answer cannot send a packet, and looks hung to every check.
func TestTheLabNeverLeavesAGuestWithoutItsAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		l := link.New(ours)
		arp.NewAsker(l, lab, labIP)
		ask := func(text string) []byte {
			if _, err := theirs.Write(arp.Request(card, ip, netip.MustParseAddr(text))); err != nil {
				t.Fatal(err)
			}
			if err := theirs.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
				t.Fatal(err)
			}
			b := make([]byte, 2048)
			n, _ := theirs.Read(b) // nothing, if it takes too long
			return b[:n]
		}
		answer := ask("10.0.0.1")
		if owner, who, ok := arp.Reply(answer); !ok || owner != lab || who != labIP || link.MAC(answer) != card {
			t.Errorf("%x", answer)
		}
		if answer := ask("10.0.0.3"); len(answer) > 0 {
			t.Errorf("it has another's address: %x", answer)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}

// FuzzReply gives the parser all that a hostile guest may send.
func FuzzReply(f *testing.F) {
	for _, seed := range []string{"", asked, answered, answered + "00ff"} {
		f.Add(frame(f, seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		owner, who, ok := arp.Reply(b)
		if ok != who.IsValid() || !ok && owner != (link.MAC{}) {
			t.Errorf("%v %v %v", owner, who, ok)
		}
	})
}
