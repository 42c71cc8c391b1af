package guest

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"crashcart/lab/clock"
	"crashcart/lab/guest/image"
)

var someStore = Store{Name: netip.MustParseAddrPort("127.0.0.1:4711"), At: netip.MustParseAddrPort("127.0.0.1:4712")}

func TestNoGuestReachesMoreThanItsStore(t *testing.T) {
	args := arguments(Options{Store: someStore})
	at := slices.IndexFunc(args, func(a string) bool { return strings.HasPrefix(a, "user,") })
	if at < 0 {
		t.Fatalf("it has no way to S3: %q", args)
	}
	// restrict= isolates a guest from the machine and from every network, but for what is
	// forwarded ("Network options", QEMU User Documentation).
	if net := args[at]; !strings.Contains(net, ",restrict=on,") || strings.Count(net, "guestfwd=") != 1 || strings.Contains(net, "hostfwd=") ||
		!strings.Contains(net, "guestfwd=tcp:10.0.2.100:80-cmd:") || !strings.Contains(net, "/dev/tcp/127.0.0.1/4712 ") {
		t.Errorf("its second card leads elsewhere: %s", net)
	}
}

// The kernel numbers the cards in the order of the bus, and ARP is asked of the first.
func TestTheCardOfTheStatusCheckIsAlwaysTheFirst(t *testing.T) {
	var cards []string
	for _, a := range arguments(Options{Store: someStore}) {
		if strings.HasPrefix(a, "virtio-net-pci,") {
			cards = append(cards, a)
		}
	}
	if len(cards) != 2 || !strings.Contains(cards[0], "netdev=network,") || !strings.HasSuffix(cards[0], guestMAC.String()) {
		t.Errorf("the cards are %q", cards)
	}
}

func TestAGuestWithoutAStoreHasNoOtherNetwork(t *testing.T) {
	for _, a := range arguments(Options{}) {
		if strings.Contains(a, "user,") || strings.Contains(a, storeMAC.String()) {
			t.Errorf("it has %s", a)
		}
	}
	g := assembled(t)
	if err := g.ReachStore(t.Context()); err == nil {
		t.Error("it reaches a store that there is not")
	}
}

func TestNoOtherAddressIsTakenForAStore(t *testing.T) {
	t.Setenv("PATH", t.TempDir()) // without QEMU and bash
	for name, c := range map[string]struct {
		store Store
		says  string
	}{
		"another host":      {Store{Name: someStore.Name, At: netip.MustParseAddrPort("10.0.0.1:80")}, "not 10.0.0.1:80"},
		"another name":      {Store{Name: netip.MustParseAddrPort("192.0.2.1:80"), At: someStore.At}, "not 192.0.2.1:80"},
		"no port":           {Store{Name: someStore.Name, At: netip.MustParseAddrPort("127.0.0.1:0")}, "not 127.0.0.1:0"},
		"a name and no end": {Store{Name: someStore.Name}, "a port of 127.0.0.1"},
		"no bash":           {someStore, relayProgram},
	} {
		o := Options{Image: image.Image{Kernel: "vmlinuz", Disk: "disk.raw"}, Clock: clock.NewManual(time.Now()), Store: c.store}
		if _, err := Start(t.Context(), o); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// assembled is a guest whose agent takes every script.
func assembled(t *testing.T) *Guest {
	t.Helper()
	_, g := boot(t)
	t.Cleanup(func() { shut(t, g) })
	return g
}

func TestAStoreIsOnlySaidToBeReachedByTheAgent(t *testing.T) {
	m, g := boot(t)
	defer shut(t, g)
	g.store = someStore
	if err := g.ReachStore(t.Context()); err != nil {
		t.Error(err)
	}
	m.set(func() { m.fails = true })
	if err := g.ReachStore(t.Context()); err == nil || !strings.Contains(err.Error(), "crashcart-store@4711.socket ended with 1") {
		t.Errorf("the unit failed: %v", err)
	}
	m.set(func() { m.hung = true })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := g.ReachStore(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the agent is silent: %v", err)
	}
}

// carry starts the relay to an address as QEMU does: standard input, output and error are
// one socket. It gives the guest's end of it, and what the relay ends with.
func carry(t *testing.T, to string) (net.Conn, <-chan error) {
	t.Helper()
	if _, err := exec.LookPath(relayProgram); err != nil {
		t.Skip(err)
	}
	var guests net.Conn
	qemus, err := connect(&guests, unix.SOCK_STREAM)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), relayProgram, "--norc", "-c", relay(netip.MustParseAddrPort(to).Port()))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = qemus, qemus, qemus
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + loudHome(t)}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	if err := errors.Join(qemus.Close(), guests.SetDeadline(time.Now().Add(relayWithin))); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = guests.Close() }) // a test may have closed it
	return guests, ended
}

// relayWithin bounds what a busy machine may take for two processes.
const relayWithin = 20 * time.Second

// loudHome has a .bashrc that prints.
func loudHome(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/.bashrc", []byte("echo welcome; echo to you >&2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func ends(t *testing.T, ended <-chan error) {
	t.Helper()
	select {
	case <-ended:
	case <-time.After(relayWithin):
		t.Error("the relay runs on")
	}
}

func TestNoByteIsLostOrAddedOnTheWayToTheStore(t *testing.T) {
	body := strings.Repeat("0123456789\n\x00\xff", 300_000)
	got := make(chan string, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body) // compared below
		got <- string(b)
		_, _ = io.WriteString(w, "taken") // likewise
	}))
	defer s.Close()
	conn, ended := carry(t, s.Listener.Addr().String())
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, s.URL, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Write(conn); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), r)
	if err != nil {
		t.Fatal(err)
	}
	said, err := io.ReadAll(answer.Body)
	if err := errors.Join(err, answer.Body.Close(), conn.Close()); err != nil || string(said) != "taken" {
		t.Errorf("it was answered %q, %v", said, err)
	}
	if b := <-got; b != body {
		t.Errorf("%d bytes came of %d, or others", len(b), len(body))
	}
	ends(t, ended)
}

func TestNoRelayOutlivesItsConnection(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	accepted := make(chan net.Conn)
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			accepted <- c
		}
	}()
	conn, ended := carry(t, listener.Addr().String())
	far := <-accepted
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	ends(t, ended) // the guest hung up
	_ = far.Close()
	conn, ended = carry(t, listener.Addr().String())
	if err := (<-accepted).Close(); err != nil {
		t.Fatal(err)
	}
	ends(t, ended) // the store did
	if said, err := io.ReadAll(conn); err != nil || len(said) > 0 {
		t.Errorf("the guest was not hung up on, and got %q: %v", said, err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	conn, ended = carry(t, listener.Addr().String())
	ends(t, ended) // nobody is there
	if said, err := io.ReadAll(conn); err != nil || len(said) > 0 {
		t.Errorf("nobody is there, and the guest got %q: %v", said, err)
	}
}
