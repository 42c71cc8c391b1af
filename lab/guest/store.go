package guest

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os/exec"
	"strconv"
	"strings"

	"crashcart/lab/guest/link"
)

// Store is the lab's S3 for a guest. It has a second network card then, QEMU's user
// network, which is closed but for this one way. The card that answers the status check
// stays as it is, and carries nothing of it.
//
// The zero value is a guest without that card.
type Store struct {
	// Name is 127.0.0.1 and a port, as the lab itself names its S3. The guest finds it by
	// the same name, since a signed URL is good for one name only.
	Name netip.AddrPort
	// At is where connections of the guest end: 127.0.0.1 and a port.
	At netip.AddrPort
}

// storeMAC is the second card's address. Its guest's own address is in the image, and is
// QEMU's default, as is that at which the network has what it forwards ("Network options",
// QEMU User Documentation).
var storeMAC = link.MAC{0x02, 0, 0, 0, 0, 0x03}

const (
	storeServes = "10.0.2.100:80"
	// relayProgram is what QEMU starts for every connection. It is on any Debian, and
	// connects without another program.
	relayProgram = "bash"
)

// relay joins its standard input and output with a port. It ends when either side does.
// A command in the background has no standard input unless it is given one. Bash must be told to read no .bashrc: it takes a socket for
// that of a remote shell.
func relay(port uint16) string {
	return "exec 2>/dev/null 3<>/dev/tcp/127.0.0.1/" + strconv.Itoa(int(port)) +
		" || exit; cat <&3 & a=$!; cat <&0 >&3 & b=$!; wait -n; kill $a $b"
}

func (s Store) wanted() bool { return s != Store{} }

// check says why a guest cannot have this store.
func (s Store) check() error {
	if !s.wanted() {
		return nil
	}
	for _, at := range []netip.AddrPort{s.Name, s.At} {
		if at.Addr() != netip.AddrFrom4([4]byte{127, 0, 0, 1}) || at.Port() == 0 {
			return fmt.Errorf("a guest's S3 is a port of 127.0.0.1, not %s", at)
		}
	}
	if _, err := exec.LookPath(relayProgram); err != nil {
		return fmt.Errorf("a guest with a way to S3 needs %s: %w", relayProgram, err)
	}
	return nil
}

// arguments are those of QEMU for the second card.
func (s Store) arguments() []string {
	if !s.wanted() {
		return nil
	}
	forward := fmt.Sprintf("tcp:%s-cmd:%s --norc -c '%s'", storeServes, relayProgram, relay(s.At.Port()))
	return []string{
		"-netdev", "user,id=store,restrict=on,ipv6=off,guestfwd=" + strings.ReplaceAll(forward, ",", ",,"),
		"-device", "virtio-net-pci,netdev=store,romfile=,mac=" + storeMAC.String(),
	}
}

// ReachStore makes the guest find its store, until it restarts. It is the agent's work: no
// boot takes the time for it, and the capture kernel leaves the card alone.
func (g *Guest) ReachStore(ctx context.Context) error {
	if !g.store.wanted() {
		return errors.New("this guest has no way to S3")
	}
	unit := fmt.Sprintf("crashcart-store@%d.socket", g.store.Name.Port())
	p, err := g.Start(ctx, "systemctl start "+unit)
	if err != nil {
		return err
	}
	out, err := p.Wait(ctx)
	if err != nil {
		return g.ended(err)
	}
	if out.ExitCode != 0 {
		return fmt.Errorf("starting %s ended with %d: %q", unit, out.ExitCode, out.Stderr)
	}
	return nil
}
