package elb

import (
	"fmt"
	"slices"
	"time"

	"crashcart/lab/fleet"
)

// Register adds targets to a group, as of ago before now, on the group's port: by
// the group's type instance ids, private addresses or the ARN of something else.
func (h *Handler) Register(name string, ago time.Duration, ids ...string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	g := h.find(name)
	if g == nil {
		return fmt.Errorf("registering targets: the lab has no target group %q", name)
	}
	for _, id := range ids {
		if g.Type == TypeInstance {
			v, err := h.fleet.Get(id)
			if err != nil {
				return fmt.Errorf("registering a target with %s: %w", name, err)
			}
			if v.VPC != g.VPC {
				return fmt.Errorf("registering a target with %s: %s is in %s, not in %s", name, id, v.VPC, g.VPC)
			}
		}
		if g.target(id) != nil {
			return fmt.Errorf("registering a target with %s: %s is one already", name, id)
		}
		g.targets = append(g.targets, &target{id: id, port: g.Port, registered: h.clock.Now().Add(-ago)})
	}
	return nil
}

// Deregister takes a target out of its group: it drains for five minutes of lab
// time and is gone then.
func (h *Handler) Deregister(name, id string) error {
	return h.change(name, id, func(t *target) { t.leaving = h.clock.Now() })
}

// Pin has a target reported with a reason code, such as
// Target.ResponseCodeMismatch. What its guest does no longer matters; the state is the
// one that the reason belongs to. An empty reason ends that.
func (h *Handler) Pin(name, id, reason string) error {
	if _, ok := reasons[reason]; !ok && reason != "" {
		return fmt.Errorf("pinning target %s: there is no reason %q", id, reason)
	}
	return h.change(name, id, func(t *target) { t.pinned = reason })
}

func (h *Handler) change(name, id string, fn func(*target)) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	g := h.find(name)
	if g == nil {
		return fmt.Errorf("the lab has no target group %q", name)
	}
	t := g.target(id)
	if t == nil {
		return fmt.Errorf("target group %s has no target %s", name, id)
	}
	fn(t)
	return nil
}

func (g *group) target(id string) *target {
	if i := slices.IndexFunc(g.targets, func(t *target) bool { return t.id == id }); i >= 0 {
		return g.targets[i]
	}
	return nil
}

// guest finds the guest behind a target. There may be none: an address of another
// network, an instance that is gone.
func (h *Handler) guest(g *group, id string) (fleet.View, bool) {
	if g.Type == TypeInstance {
		v, err := h.fleet.Get(id)
		return v, err == nil
	}
	for _, v := range h.fleet.All() {
		if v.State != "terminated" && v.VPC == g.VPC && (v.IP == id || slices.Contains(v.MoreIPs, id)) {
			return v, true
		}
	}
	return fleet.View{}, false
}
