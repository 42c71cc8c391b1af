package tcp

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"crashcart/lab/guest/link"
)

var (
	us   = Endpoint{MAC: link.MAC{2, 0, 0, 0, 0, 1}, IP: netip.MustParseAddr("10.0.0.1")}
	them = Endpoint{MAC: link.MAC{2, 0, 0, 0, 0, 2}, IP: netip.MustParseAddr("10.0.0.2")}
)

// kernel is the guest at the other end of a link. Its fields say how it behaves.
type kernel struct {
	conn    net.Conn
	lost    int      // frames of ours that do not arrive
	silent  bool     // nothing is answered
	refuses bool     // nobody listens
	hung    bool     // connections are accepted, and nothing more
	stale   bool     // it speaks of a connection that is not this one
	answer  []string // in so many segments
	twice   bool     // every segment comes twice, and the second before the first
	resets  bool     // the connection is reset instead of an answer

	came []segment
}

// base is where the kernel's sequence begins: it overflows soon.
const base = 0xfffffff0

func (k *kernel) run() {
	b := make([]byte, 2048)
	for {
		n, err := k.conn.Read(b)
		if err != nil {
			return
		}
		s, ok := read(b[:n], us, them)
		if !ok || k.silent {
			continue
		}
		if k.lost > 0 {
			k.lost--
			continue
		}
		k.came = append(k.came, s)
		for _, reply := range k.replies(s) {
			reply.from, reply.to = s.to, s.from
			_, _ = k.conn.Write(reply.frame(them, us)) // the link may be closed
		}
	}
}

func (k *kernel) replies(s segment) []segment {
	end := s.sequence + uint32(len(s.text))
	switch {
	case s.flags&syn != 0 && k.stale:
		return []segment{{flags: ack, sequence: base, acked: s.sequence + 1}, {flags: syn | ack, sequence: base, acked: s.sequence}, {flags: rst, acked: s.sequence}}
	case s.flags&syn != 0 && k.refuses:
		return []segment{{flags: rst | ack, acked: s.sequence + 1}}
	case s.flags&syn != 0:
		return []segment{{flags: syn | ack, sequence: base, acked: s.sequence + 1}}
	case len(s.text) == 0 || k.hung:
		return nil
	case k.resets:
		return []segment{{flags: rst, sequence: base + 1}}
	}
	out := []segment{{flags: ack, sequence: base + 1, acked: end}}
	at := uint32(base + 1)
	for i, text := range k.answer {
		one := segment{flags: ack | psh, sequence: at, acked: end, text: []byte(text)}
		at += uint32(len(text))
		if i == len(k.answer)-1 {
			one.flags |= fin
		}
		if k.twice {
			out = append(out, segment{flags: ack, sequence: at, acked: end, text: []byte("too early")})
		}
		out = append(out, one)
		if k.twice {
			out = append(out, one)
		}
	}
	return out
}

// try runs a test against a kernel, in its own time.
func try(t *testing.T, k *kernel, run func(context.Context, *Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		k.conn = theirs
		go k.run()
		l := link.New(ours)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		run(ctx, NewClient(l, us, them))
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		synctest.Wait()
	})
}

func TestAnAnswerIsWholeHoweverItComes(t *testing.T) {
	for name, k := range map[string]*kernel{
		"in one":                    {answer: []string{"hello"}},
		"in pieces":                 {answer: []string{"he", "l", "lo"}},
		"in pieces that come twice": {answer: []string{"he", "l", "lo"}, twice: true},
		"after lost frames":         {answer: []string{"hello"}, lost: 3},
		"over the end of sequences": {answer: []string{"hello hello hello hello ", "hello"}},
	} {
		t.Run(name, func(t *testing.T) {
			try(t, k, func(ctx context.Context, c *Client) {
				got, err := c.Ask(ctx, 80, "GET")
				if want := strings.Join(k.answer, ""); err != nil || got != want {
					t.Errorf("%q %v", got, err)
				}
			})
			if last := k.came[len(k.came)-1]; last.flags&rst == 0 {
				t.Errorf("the connection was left open: %+v", last)
			}
		})
	}
}

// A kernel without user space accepts connections, and that must not be taken for an
// answer.
func TestAHungGuestIsNeverHeardToAnswer(t *testing.T) {
	k := &kernel{hung: true}
	try(t, k, func(ctx context.Context, c *Client) {
		if err := c.Connect(ctx, 80); err != nil {
			t.Error(err)
		}
		if text, err := c.Ask(ctx, 80, "GET"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%q %v", text, err)
		}
	})
}

func TestNothingIsTakenForAConnection(t *testing.T) {
	for name, c := range map[string]struct {
		kernel kernel
		want   error
	}{
		"silence":            {kernel{silent: true}, context.DeadlineExceeded},
		"refusal":            {kernel{refuses: true}, ErrRefused},
		"another connection": {kernel{stale: true}, context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			try(t, &c.kernel, func(ctx context.Context, client *Client) {
				if err := client.Connect(ctx, 80); !errors.Is(err, c.want) {
					t.Error(err)
				}
			})
		})
	}
	try(t, &kernel{resets: true}, func(ctx context.Context, client *Client) {
		if text, err := client.Ask(ctx, 80, "GET"); err == nil {
			t.Errorf("a reset is an answer: %q", text)
		}
	})
}

func TestALinkThatIsGoneEndsTheQuestion(t *testing.T) {
	k := &kernel{hung: true}
	try(t, k, func(ctx context.Context, c *Client) {
		go func() {
			time.Sleep(3 * time.Second)
			_ = k.conn.Close() // a pipe's never fails
		}()
		if _, err := c.Ask(ctx, 80, "GET"); !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
}

// The kernel throws away what has a wrong checksum. The sum over a header or segment
// with its own checksum in it is zero (RFC 1071).
func TestNoChecksumIsWrong(t *testing.T) {
	for _, text := range []string{"", "odd", "even"} {
		for _, flags := range []byte{syn, ack | psh} {
			b := segment{from: 50000, to: 80, sequence: 1 << 31, acked: 7, flags: flags, text: []byte(text)}.frame(us, them)
			end := ipHeader + int(b[ipLength])<<8 + int(b[ipLength+1])
			if c := checksum(0, b[ipHeader:tcpHeader]); c != 0 {
				t.Errorf("%q: the header's sum is %x", text, c)
			}
			if c := checksum(pseudo(b, end-tcpHeader), b[tcpHeader:end]); c != 0 {
				t.Errorf("%q: the segment's sum is %x", text, c)
			}
			if s, ok := read(b, us, them); !ok || string(s.text) != text || s.flags != flags || s.sequence != 1<<31 || s.acked != 7 {
				t.Errorf("%+v %t", s, ok)
			}
			if _, ok := read(b, them, us); ok {
				t.Error("it was read as another's")
			}
		}
	}
}

// FuzzRead gives the reader all that a hostile guest may send.
func FuzzRead(f *testing.F) {
	whole := segment{from: 80, to: 50000, flags: syn | ack, text: []byte("text")}.frame(them, us)
	f.Add(whole)
	f.Add(whole[:40])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, ok := read(b, them, us); ok && len(s.text) > len(b)-tcpHeader-tcpLeast {
			t.Errorf("%d bytes of text in %d", len(s.text), len(b))
		}
	})
}
