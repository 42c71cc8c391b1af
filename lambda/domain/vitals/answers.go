package vitals

import (
	"fmt"
	"time"

	"crashcart/lambda/domain/instance"
	"crashcart/lambda/domain/printable"
)

// The node ports of a cluster. Any node answers for them, with another node's pod
// ("Service", Kubernetes documentation: 30000-32767 by default).
const (
	firstNodePort = 30000
	lastNodePort  = 32767
)

// aboveTCP are the protocols of a health check that user space must answer. A hung kernel
// goes on completing TCP handshakes until its backlog is full.
func aboveTCP(protocol string) bool {
	return protocol == "HTTP" || protocol == "HTTPS" || protocol == "TLS"
}

// targetHealth is a load balancer's word: the host answers its health check.
type targetHealth struct{}

func (targetHealth) name() Name         { return TargetHealth }
func (targetHealth) question() Question { return Answers }

func (targetHealth) read(h Host, since time.Time) Vital {
	targets, d, err := described(h, h.Instance.Targets)
	if err != nil {
		return unknown(err)
	}
	if len(targets) == 0 {
		return Vital{Says: Nothing, Never: true, Saw: "in no target group"}
	}
	var said Vital
	for i, t := range targets {
		one := registered(h, d, t, since)
		if i == 0 || one.Says == Alive || one.Says == Waiting && said.Says == Nothing {
			said = one
		}
	}
	return said
}

// registered is what the health of one target says.
func registered(h Host, d instance.Description, t instance.Registration, since time.Time) Vital {
	v := Vital{Says: Nothing, Saw: "target health: " + answer(t, "")}
	answered := t.State == "healthy" || t.Reason == "Target.ResponseCodeMismatch"
	if !answered || since.IsZero() {
		return v
	}
	if other := elsewhere(d, t); other != "" {
		v.Saw = "target health: " + answer(t, other)
		return v
	}
	// A target that has died stays healthy until so many checks have failed.
	sure := since.Add(t.Interval * time.Duration(t.Threshold))
	if h.At.Before(sure) {
		v.Says, v.Wait = Waiting, sure.Sub(h.At)
		v.Saw += ", from before it seemed to die"
		return v
	}
	v.Says, v.Since = Alive, h.At
	return v
}

// elsewhere says who may have given the answer if not the host's user space.
func elsewhere(d instance.Description, t instance.Registration) string {
	switch {
	case !aboveTCP(t.Protocol):
		return "; a hung kernel answers it, too"
	case d.Kubernetes:
		return "; another node of its cluster may have answered"
	case t.Port >= firstNodePort && t.Port <= lastNodePort:
		return fmt.Sprintf(" on node port %d; another node may have answered", t.Port)
	}
	return ""
}

// answer is the health in words: "Target.Timeout (HTTP)". note says more of the check.
func answer(t instance.Registration, note string) string {
	text := t.Reason
	if text == "" {
		text = t.State
	}
	return printable.Line(text, maxText) + " (" + printable.Line(t.Protocol, maxText) + note + ")"
}

const (
	// quietNetwork is how little a host may send, in bytes a second, for its traffic to
	// say nothing. A hung kernel goes on answering ARP requests, pings and the handshakes
	// of health checks; that is all the traffic an idle host has, too
	// (docs/adr/0023-vitals.md).
	quietNetwork = 200
	// stillSends is what part of its traffic of before a host must still send to be alive: a
	// tenth. A kernel without user space sends no more than a hundredth, in answers to those
	// who connect again; an application that answers only with errors sends a fifth
	// (docs/adr/0024-storms-and-hosts-that-have-just-come-back.md).
	stillSends = 10
	// fewPeriods is how many periods of the hour before must be published.
	fewPeriods = 3
	// busyFor is the time from which the traffic of before is taken.
	busyFor = time.Hour
)

// networkOut is the hypervisor's word: how much the host sends. A router is left out, since
// it sends what others say. So is a node of a Kubernetes cluster: what comes in on a node
// port its kernel sends on to a pod of any node ("Virtual IPs and Service Proxies",
// Kubernetes documentation).
type networkOut struct{}

func (networkOut) name() Name         { return NetworkOut }
func (networkOut) question() Question { return Answers }

func (networkOut) read(h Host, since time.Time) Vital {
	m, d, err := described(h, h.Instance.Metrics)
	if err != nil {
		return unknown(err)
	}
	switch {
	case d.Router:
		return Vital{Says: Nothing, Never: true, Saw: "it forwards for others"}
	case d.Kubernetes: // its kernel goes on forwarding to the pods of other nodes
		return Vital{Says: Nothing, Never: true, Saw: "a node of a cluster forwards for others"}
	case len(m.NetworkOut) == 0 || m.NetworkPeriod <= 0:
		return Vital{Says: Nothing, Saw: "no NetworkOut"}
	case since.IsZero():
		return Vital{Says: Nothing}
	}
	return traffic(h, m, since)
}

// traffic compares what the host has sent since it seemed to die with the hour before.
func traffic(h Host, m instance.Metrics, since time.Time) Vital {
	before := instance.Between(m.NetworkOut, since.Add(-busyFor), since.Add(time.Nanosecond-m.NetworkPeriod))
	median := instance.Median(before)
	after := full(instance.Between(m.NetworkOut, lives(h, since), h.At), m.NetworkPeriod, h.At)
	if len(after) == 0 {
		return Vital{Says: Nothing, Saw: "NetworkOut not published since it seemed to die"}
	}
	v := Vital{Says: Nothing, Saw: sent(after[len(after)-1].Value, median, m)}
	if len(before) < fewPeriods || median < quietNetwork*m.NetworkPeriod.Seconds() {
		return v
	}
	if h.Person { // the host may have died long after the vital that seemed to show it
		after = after[len(after)-1:]
	}
	for _, p := range after {
		if p.Value >= median/stillSends {
			return Vital{Says: Alive, Since: p.At.Add(m.NetworkPeriod), Saw: sent(p.Value, median, m)}
		}
	}
	return v
}

// full leaves out a period that has not ended at that moment.
func full(points []instance.Point, period time.Duration, at time.Time) []instance.Point {
	n := len(points)
	for n > 0 && points[n-1].At.Add(period).After(at) {
		n--
	}
	return points[:n]
}

// sent is a period's bytes in words, beside those of before: "NetworkOut 2.1 kB in 5m, 3.1
// MB before".
func sent(now, before float64, m instance.Metrics) string {
	return fmt.Sprintf("NetworkOut %s in %s, %s before", size(now), printable.Duration(m.NetworkPeriod), size(before))
}

// size is a number of bytes in words: "3.1 MB".
func size(bytes float64) string {
	switch {
	case bytes >= 1e6:
		return fmt.Sprintf("%.1f MB", bytes/1e6)
	case bytes >= 1e3:
		return fmt.Sprintf("%.1f kB", bytes/1e3)
	}
	return fmt.Sprintf("%.0f B", bytes)
}

// applicationStatus is EC2's check of the application. It fails on a living machine, too.
type applicationStatus struct{}

func (applicationStatus) name() Name         { return ApplicationStatus }
func (applicationStatus) question() Question { return Answers }

func (applicationStatus) read(h Host, _ time.Time) Vital {
	s, err := h.Instance.Status.Get()
	switch {
	case err != nil:
		return unknown(err)
	case s.Application.Status == "ok":
		return Vital{Says: Alive, Since: h.At, Saw: "application status ok"}
	case s.Application.Status == "":
		return Vital{Says: Nothing, Never: true, Saw: "no application status"}
	}
	return Vital{Says: Nothing, Saw: "application status " + printable.Line(s.Application.Status, maxText)}
}
