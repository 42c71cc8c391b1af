// Package elb stands in for Elastic Load Balancing version 2: target groups, and
// what their health checks found.
//
// A target's health follows from what its guest did on the lab's clock since it
// was registered (fleet.Life): it is initial until the first check passes,
// unhealthy after as many failures in a row as the threshold says, and healthy
// again only after as many successes. A guest that serves no requests fails the
// check although its status checks in EC2 may stay green, which is why a target
// group sees a hang that EC2 does not. A check by TCP sees less: a frozen kernel completes
// the handshake, and its target stays healthy.
//
// What a guest cannot show, such as an application that answers 500 on a healthy
// host, is set with Pin.
package elb

import (
	"fmt"
	"hash/fnv"
	"slices"
	"sync"
	"time"

	"crashcart/lab/clock"
	"crashcart/lab/fleet"
)

// The types of a target group ("TargetGroup", Elastic Load Balancing API Reference).
const (
	TypeInstance = "instance"
	TypeIP       = "ip"
	TypeLambda   = "lambda"
	TypeALB      = "alb"
)

// Defaults of the health check of an instance or ip group behind an Application
// Load Balancer ("CreateTargetGroup", Elastic Load Balancing API Reference).
const (
	defaultInterval  = 30 * time.Second
	defaultTimeout   = 5 * time.Second
	defaultHealthy   = 5
	defaultUnhealthy = 2
	defaultPort      = 80
	trafficPort      = "traffic-port"
	deregisterTakes  = 300 * time.Second // deregistration_delay.timeout_seconds
)

// Group describes a target group. Name is required.
type Group struct {
	Name               string
	Hash               string // the 16 hex digits of its ARN; default by name
	Type               string // TypeInstance (default), TypeIP, TypeLambda, TypeALB
	VPC                string // default the fleet's
	Protocol           string // of the traffic; default HTTP
	Port               int    // default 80
	CheckProtocol      string // of the health check; default HTTP. TCP asks for a handshake alone
	CheckPort          string // default traffic-port, each target's own
	LoadBalancer       string // as in the metric's dimension; default app/<name>/<hash>
	Unused             bool   // no load balancer sends it anything
	Interval           time.Duration
	Timeout            time.Duration
	HealthyThreshold   int
	UnhealthyThreshold int
}

// Handler serves the target groups of one account and Region. It is safe for
// concurrent use.
type Handler struct {
	fleet           *fleet.Fleet
	clock           clock.Clock
	region, account string

	mu     sync.Mutex
	groups []*group
}

type group struct {
	Group
	arn     string
	targets []*target
}

type target struct {
	id         string
	port       int
	registered time.Time
	leaving    time.Time // deregistered then, if not zero
	pinned     string    // the reason it is reported with, if not empty
}

// New serves target groups whose targets are guests of f, with their health as
// it is at c's time.
func New(f *fleet.Fleet, c clock.Clock, region, account string) *Handler {
	return &Handler{fleet: f, clock: c, region: region, account: account}
}

// Add makes a target group without targets.
func (h *Handler) Add(g Group) error {
	g.fill()
	if !slices.Contains([]string{TypeInstance, TypeIP, TypeLambda, TypeALB}, g.Type) {
		return fmt.Errorf("target group %s: there is no target type %q", g.Name, g.Type)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if g.Name == "" || h.find(g.Name) != nil {
		return fmt.Errorf("target group %q: a name must be given, once", g.Name)
	}
	h.groups = append(h.groups, &group{Group: g, arn: h.prefix() + "targetgroup/" + g.Name + "/" + g.Hash})
	return nil
}

func (g *Group) fill() {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(g.Name)) // never fails (package hash)
	digits := fmt.Sprintf("%016x", sum.Sum64())
	for _, d := range []struct {
		field *string
		value string
	}{{&g.Hash, digits}, {&g.Type, TypeInstance}, {&g.VPC, fleet.DefaultVPC}, {&g.Protocol, "HTTP"}, {&g.CheckProtocol, "HTTP"}, {&g.CheckPort, trafficPort}, {&g.LoadBalancer, "app/" + g.Name + "/" + digits}} {
		if *d.field == "" {
			*d.field = d.value
		}
	}
	for _, d := range []struct {
		field *int
		value int
	}{{&g.Port, defaultPort}, {&g.HealthyThreshold, defaultHealthy}, {&g.UnhealthyThreshold, defaultUnhealthy}} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	if g.Interval == 0 {
		g.Interval = defaultInterval
	}
	if g.Timeout == 0 {
		g.Timeout = defaultTimeout
	}
}

func (h *Handler) prefix() string {
	return "arn:aws:elasticloadbalancing:" + h.region + ":" + h.account + ":"
}

// find gives a group by name. The caller holds h.mu.
func (h *Handler) find(name string) *group {
	return h.first(func(g *group) bool { return g.Name == name })
}

// findARN gives a group by its whole ARN. The caller holds h.mu.
func (h *Handler) findARN(arn string) *group {
	return h.first(func(g *group) bool { return g.arn == arn })
}

func (h *Handler) first(is func(*group) bool) *group {
	if i := slices.IndexFunc(h.groups, is); i >= 0 {
		return h.groups[i]
	}
	return nil
}

// Dimensions are a target group's in a metric of AWS/ApplicationELB: TargetGroup
// and LoadBalancer ("CloudWatch metrics for your Application Load Balancer", User
// Guide for Application Load Balancers).
func (h *Handler) Dimensions(name string) (map[string]string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	g := h.find(name)
	if g == nil {
		return nil, fmt.Errorf("the lab has no target group %q", name)
	}
	return map[string]string{"TargetGroup": "targetgroup/" + g.Name + "/" + g.Hash, "LoadBalancer": g.LoadBalancer}, nil
}

// ARN is a target group's Amazon resource name, empty if there is no such group.
func (h *Handler) ARN(name string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if g := h.find(name); g != nil {
		return g.arn
	}
	return ""
}
