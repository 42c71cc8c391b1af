package fleet

import (
	"fmt"
	"net/netip"
)

// address checks a guest's addresses, after filling in the one it has by its id.
// Within a VPC an address belongs to one guest; the same one in another VPC is
// another machine.
func (f *Fleet) address(s *Spec) error {
	if s.IP == "" {
		s.IP = addressOf(s.ID)
	}
	for _, ip := range s.addresses() {
		if a, err := netip.ParseAddr(ip); err != nil || !a.Is4() {
			return fmt.Errorf("guest %s: %q is no IPv4 address", s.ID, ip)
		}
		for _, g := range f.byAddress[place{s.VPC, ip}] {
			if g.state != stateTerminated {
				return fmt.Errorf("guest %s: %s is the address of %s in %s: give another one", s.ID, ip, g.ID, s.VPC)
			}
		}
	}
	return nil
}

// place is an address within a VPC.
type place struct{ vpc, ip string }

func (s *Spec) addresses() []string { return append([]string{s.IP}, s.MoreIPs...) }

// addressOf derives an address from an id, so that it is the same every time.
func addressOf(id string) string {
	octets := [3]int{}
	for i, c := range id {
		octets[i%3] = (octets[i%3]*31 + int(c)) % 251
	}
	return fmt.Sprintf("10.%d.%d.%d", octets[0], octets[1], octets[2]+4)
}
