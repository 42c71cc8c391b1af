package fleet

import (
	"fmt"
	"time"
)

// Stretch is a part of a guest's life in which it did the same, until the next
// one begins.
type Stretch struct {
	From   time.Time // lab time
	Serves bool      // whether user space answers what it is asked over the network
	Hung   bool      // it does not, and will not by itself

	// Accepts says that the kernel completes a TCP handshake, as it does without user space
	// (measured): a check that asks for no more than that is answered.
	Accepts bool
}

// Life is what a guest has done so far, oldest first: what a load balancer's
// health checks met at any time. A guest whose agent stopped serves on; one whose
// user space is frozen answers ARP, which View.Status shows, but serves nothing.
//
// Of a machine only its agent is known: it serves until the last ping is overdue, and
// then has served nothing since that ping. That is known minutes later than a load
// balancer would know it.
func (f *Fleet) Life(id string) ([]Stretch, error) {
	seen := f.vitals(id)
	f.lock()
	defer f.mu.Unlock()
	g := f.find(id)
	if g == nil {
		return nil, fmt.Errorf("%s: %w", id, ErrUnknown)
	}
	now := f.clock.Now()
	if g.Machine != nil {
		return g.lived(seen[id], now), nil
	}
	var out []Stretch
	for _, p := range g.phases {
		if p.at.After(now) {
			break
		}
		s := Stretch{From: p.at, Serves: p.name == phaseUp, Hung: p.name == phaseFrozen || p.name == phaseDead}
		s.Accepts = s.Serves || p.name == phaseFrozen
		if n := len(out); n > 0 && out[n-1].Serves == s.Serves && out[n-1].Hung == s.Hung && out[n-1].Accepts == s.Accepts {
			continue
		}
		out = append(out, s)
	}
	return out, nil
}
