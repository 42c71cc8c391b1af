package kerneltest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"crashcart/lab/guest"
)

// store stands in for the lab's S3: it answers with the sum of what it gets.
type store struct {
	hosts chan string // that a request was for
	at    netip.AddrPort
}

// storeName is what the lab calls the store.
const storeName = "127.0.0.1:4711"

// newStore makes a store, and what a guest must know of it.
func newStore(t *testing.T) (*store, guest.Store) {
	t.Helper()
	s := &store{hosts: make(chan string, 10)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.hosts <- r.Host
		sum := sha256.New()
		_, _ = io.Copy(sum, r.Body) // the guest compares the sum
		_, _ = fmt.Fprintln(w, hex.EncodeToString(sum.Sum(nil)))
	}))
	t.Cleanup(server.Close)
	s.at = netip.MustParseAddrPort(server.Listener.Addr().String())
	return s, guest.Store{Name: netip.MustParseAddrPort(storeName), At: s.at}
}

// reached sends as much as a dump has to the store, and tries every other way out.
func (s *store) reached(t *testing.T, g *guest.Guest) {
	before := g.Sent().Bytes
	if r := run(t, g, "curl -sS --max-time 5 http://"+storeName); r.ExitCode == 0 {
		t.Error("it reaches the store before it was asked to")
	}
	for range 2 {
		if err := g.ReachStore(bounded(t, within)); err != nil {
			t.Fatal(err)
		}
	}
	r := run(t, g, "head -c 17000000 /dev/urandom >/var/tmp/sent; curl -sS -T /var/tmp/sent http://"+storeName+"/x; sha256sum </var/tmp/sent; rm /var/tmp/sent")
	sums := strings.Fields(string(r.Stdout))
	if len(sums) < 2 || sums[0] != sums[1] {
		t.Fatalf("it sent %q: %q", sums, r.Stderr)
	}
	if host := <-s.hosts; host != storeName {
		t.Errorf("the store was asked as %s", host)
	}
	for _, other := range []string{fmt.Sprintf("10.0.2.2:%d", s.at.Port()), "10.0.2.100:81", "10.0.0.1:80"} {
		if r := run(t, g, "curl -sS --max-time 2 http://"+other); r.ExitCode == 0 {
			t.Errorf("it reaches %s: %q", other, r.Stdout)
		}
	}
	if sent := g.Sent().Bytes - before; sent > 1<<20 {
		t.Errorf("its first card carried %d bytes of that", sent)
	}
	if err := g.Arping(bounded(t, within)); err != nil {
		t.Error("its first card is silent:", err)
	}
}
