package storm

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"crashcart/lab"
	"crashcart/lab/fleet"
	"crashcart/lambda/domain/config"
)

// seed makes the order of the alarms the same in every run.
const seed = 20261122

// id is the instance id of the nth host. Ids are not in the order of n, so that no
// two lists of the same hosts are.
func id(n int) string {
	return fmt.Sprintf("i-0%016x", uint64(n+1)*0x9e3779b97f4a7c15) //nolint:gosec // a count, which is never negative
}

// plight is what is wrong with a host.
type plight int

const (
	hanging plight = iota // its agent is silent; its status check passes
	dead                  // its status check fails, too
	well
)

// spread gives the nth of things a number below a thousand, so that any few of them
// that follow each other are spread evenly over all numbers.
func spread(n int) int { return n * 619 % 1000 } // 619 is nearest to a golden section of 1000 that shares no divisor

// of says what is wrong with the nth host.
func (m Mix) of(n int) plight {
	switch s := spread(n); {
	case s < m.Dead:
		return dead
	case s >= 1000-m.Healthy:
		return well
	}
	return hanging
}

// unseen says whether the APIs do not know the nth host yet.
func (m Mix) unseen(n int) bool { return (spread(n)+500)%1000 < m.Unseen }

// group is the group of the nth host, if it is in one.
func (m Mix) group(n int) string {
	if block := n / groupSize; spread(block) < m.Grouped {
		return fmt.Sprintf("web-%d", block)
	}
	return ""
}

// beside is a guest in the subnet and with the profile of the nth host.
func beside(n int, s fleet.Spec) fleet.Spec {
	s.Subnet, s.Profile = fmt.Sprintf("subnet-0%016x", n), fmt.Sprintf("profile-%d", n)
	return s
}

// address is the nth address of the storm's network.
func address(n int) string { return fmt.Sprintf("10.%d.%d.%d", n>>16&255, n>>8&255, n&255) }

// surround adds the living neighbours of n hosts, which come after these in everything
// that is counted.
func surround(l *lab.Lab, m Mix, n int) error {
	next, each := n, m.Neighbours
	if n >= DefaultInstances/2 {
		each = min(each, fewNeighbours)
	}
	for host := range n {
		for range each {
			spec := beside(host, fleet.Spec{ID: id(next), Name: fmt.Sprintf("host-%d", next), Type: "m6i.large", IP: address(next)})
			if err := l.Fleet.Add(spec); err != nil {
				return err
			}
			next++
		}
	}
	return nil
}

// populate adds n hosts to the lab, with their neighbours, and gives the ids of the hosts.
func populate(l *lab.Lab, m Mix, n int) ([]string, error) {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = id(i)
		spec := beside(i, fleet.Spec{
			ID: ids[i], Name: fmt.Sprintf("host-%d", i), Type: "m6i.large", Tags: map[string]string{config.TagKey: config.TagAuto},
			IP: address(i), Group: m.group(i), LastPing: lastPing,
		})
		if m.unseen(i) {
			spec.Unseen = unseenFor
		}
		if spread(i) < m.Large {
			spec.DumpSize = twoParts
		}
		if err := l.Fleet.Add(spec); err != nil {
			return nil, err
		}
		if err := hang(l.Fleet, ids[i], m.of(i)); err != nil {
			return nil, err
		}
	}
	return ids, surround(l, m, n)
}

func hang(f *fleet.Fleet, id string, p plight) error {
	switch p {
	case dead:
		return f.Hang(id, fleet.Dead, hungFor)
	case hanging:
		return f.Hang(id, fleet.Frozen, hungFor)
	}
	return nil
}

// lastPing is how old every agent's last ping was when it fell silent: about as good
// as none, so that all silences are equally long.
const lastPing = time.Second

// batch is how many messages an invocation gets.
const batch = 10

// raise sends every host's alarms, each twice and all of them out of order, and gives
// the host of every message.
func raise(l *lab.Lab, s Scenario, ids []string) (map[string]string, error) {
	type delivery struct {
		host  string
		alarm lab.RaisedAlarm
	}
	var all []delivery
	at := time.Now().Add(s.Shift)
	for i, id := range ids {
		for n := range s.Alarms {
			a := lab.Alarm{Name: fmt.Sprintf("hang-%s-%d", id, n), Instances: []string{id}, At: at}
			if s.Fleet.of(i) == hanging { // its status check passes: what it lacks is a heartbeat
				a.Namespace, a.Metric = "Fleet", "Heartbeat"
			}
			alarm, err := l.AlarmEvent(a)
			if err != nil {
				return nil, fmt.Errorf("making an alarm for %s: %w", id, err)
			}
			all = append(all, delivery{id, alarm}, delivery{id, alarm})
		}
	}
	rng := rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // must be the same in every run
	window := len(all)
	if s.Close {
		window = bootstraps * batch
	}
	for some := range slices.Chunk(all, max(window, 1)) {
		rng.Shuffle(len(some), func(i, j int) { some[i], some[j] = some[j], some[i] })
	}
	sent := make(map[string]string, len(all))
	for _, d := range all {
		sent[l.Redeliver(d.alarm)] = d.host
	}
	return sent, nil
}
