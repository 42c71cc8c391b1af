package resolve

import (
	"errors"
	"fmt"

	"crashcart/lambda/domain/instance"
)

// addSigns adds the signs of life of a group's members. It needs those of all of them:
// otherwise nobody can say how many show no life.
func (b *Round) addSigns(i *instance.Instance, g *instance.Group) error {
	u, err := i.Unreachable.Get()
	if err != nil {
		return err
	}
	silent, err := b.silentMembers(g)
	if err != nil {
		return err
	}
	for n := range g.Members {
		m := &g.Members[n]
		if m.ID == "" { // no pass can ask for its ping, so fact.ErrNotAsked would be wrong
			return errors.New("a member of its group has no id")
		}
		if m.Ping, err = b.pings[m.ID].Get(); err != nil {
			return fmt.Errorf("the ping of its group's member %s: %w", m.ID, err)
		}
		_, m.Unreachable = u.Region[m.ID]
		m.Unhealthy = m.Unhealthy || silent[m.ID]
		if m.ID == i.ID {
			g.Lifecycle = m.Lifecycle
		}
	}
	return nil
}

// silentMembers are the members of an Auto Scaling group whose load balancers get no answer
// from them. Such a group registers its members by their ids ("Attach an Elastic Load
// Balancing load balancer to your Auto Scaling group", Amazon EC2 Auto Scaling User Guide).
func (b *Round) silentMembers(g *instance.Group) (map[string]bool, error) {
	silent := map[string]bool{}
	if g.Kind != instance.GroupAutoScaling {
		return silent, nil
	}
	known, err := b.scaling[g.Name].Get()
	if err != nil {
		return nil, err
	}
	for _, arn := range known.targetGroups {
		p, err := b.pools[arn].Get()
		if err != nil {
			return nil, err
		}
		for id := range p.silent() {
			silent[id] = true
		}
	}
	return silent, nil
}
