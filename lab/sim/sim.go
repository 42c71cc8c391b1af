// Package sim measures the guard. It plays fleets over months of virtual time, lets the
// real code decide about every alarm, and counts two things: living machines that would
// have been interrupted, and hangs that would not.
//
// # What is real
//
// Package world plays AWS and the hosts. The facts come from it through the real resolver
// (lambda/aws/resolve), and the real guard (lambda/domain/guard) decides on them. Only the
// handler's order of the stages is written here a second time, without its clock, its queue
// and its casebook; a test holds both together, decision by decision.
//
// # What is counted
//
// An exposure is a decision on a living machine while at least one vital of it is dead. A
// permit on such a machine is wrong. None may be: with n exposures and none wrong, the
// share that is wrong is below 3/n, with a confidence of 95 %.
//
// A permit counts before the rules budget, cooldown and region, which hide mistakes and do
// not prevent them. They stand beside.
//
// # What is left out
//
// A pass is not played while none of the host's voices can be dead: to which nothing has
// happened in the hour before, or of which agent or heartbeat was just heard. Of the alarms
// that no fault fires, on hosts whose agents ping seldom, one in eight is played.
package sim

import (
	"context"
	"errors"
	"fmt"
	"time"

	"crashcart/lab/sim/world"
	"crashcart/lambda/aws/resolve"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/guard"
	"crashcart/lambda/domain/instance"
)

// rules are the settings that the guard is measured with: the defaults, in the mode auto.
func rules() (config.Config, error) {
	c, err := config.FromEnv([]string{
		config.EnvTable + "=sim", config.EnvBucket + "=sim", config.EnvQueueURL + "=https://sqs.eu-central-1.amazonaws.com/111122223333/sim",
		config.EnvFollowupQueueURL + "=https://sqs.eu-central-1.amazonaws.com/111122223333/sim-followup",
		config.EnvTopic + "=arn:aws:sns:eu-central-1:111122223333:sim", config.EnvMode + "=" + string(config.ModeAuto),
		"AWS_REGION=eu-central-1", "AWS_LAMBDA_FUNCTION_NAME=sim",
	})
	if err != nil {
		return config.Config{}, fmt.Errorf("the default settings: %w", err)
	}
	return c, nil
}

// noLimit is a limit of the rule region that is never reached.
const noLimit = 1 << 30

// player is the real code over one world. It stands at one moment at a time, so that it
// belongs to one goroutine.
type player struct {
	world *world.World
	view  *world.View
	hosts []world.Host
	byID  map[string]int
	units map[int][]int // the hosts of each group
	now   time.Time

	router   *resolve.Router
	resolver *resolve.Resolver
	guard    *guard.Guard // without a limit of the Region
	limited  *guard.Guard // as it is

	until   time.Time   // no visit is played from then on; zero for no end
	visited func(visit) // is called before each; nil for nothing
	always  bool        // no pass is left out

	err error // the world was asked for what it does not know
}

// newPlayer is a player of a world, with some figures for what is not known of AWS.
func newPlayer(c config.Config, w *world.World, u world.Unknowns) *player {
	p := &player{world: w, view: w.View(u), hosts: w.Hosts(), byID: map[string]int{}, units: map[int][]int{}}
	for _, h := range p.hosts {
		p.byID[h.ID] = h.N
		if h.Unit >= 0 {
			p.units[h.Unit] = append(p.units[h.Unit], h.N)
		}
	}
	targets := resolve.Targets{Balancers: p.view, Interfaces: p.view}
	p.router = &resolve.Router{AutoScaling: p.view, Targets: targets, Alarms: nil}
	p.resolver = &resolve.Resolver{
		EC2: p.view, Volumes: p.view, SSM: p.view, CloudWatch: p.view, AutoScaling: p.view, Targets: targets,
		Now: p.clock, Heartbeat: c.Heartbeat, RegionLimit: noLimit,
	}
	p.limited = &guard.Guard{Config: c, Book: winner{p}, Now: p.clock}
	c.Rules.RegionLimit = noLimit
	p.guard = &guard.Guard{Config: c, Book: winner{p}, Now: p.clock}
	return p
}

// clock is the player's moment.
func (p *player) clock() time.Time { return p.now }

// at moves the player to a moment.
func (p *player) at(moment time.Time) {
	p.now = moment
	p.view.At(moment)
}

// console is what the evidence shows of a host's console.
func (p *player) console(id string) fact.Of[[]byte] {
	return fact.Known(p.view.Console(p.byID[id]))
}

// screen is the picture that the evidence shows of a host's screen.
func (p *player) screen(id string) fact.Of[[]byte] {
	return fact.Known(p.view.Screen(p.byID[id]))
}

// winner is a casebook in which every claim is won, and none stands in another's way.
type winner struct{ p *player }

// Claim opens the case.
func (w winner) Claim(_ context.Context, r cases.Request) (cases.Case, error) {
	return cases.Case{ID: cases.ID(r.InstanceID, r.Origin.SourceKey), InstanceID: r.InstanceID, State: cases.StateClaimed, ClaimedAt: w.p.now}, nil
}

// notModelled says whether one of the facts of an instance failed because the world does not
// know it. The guard takes that for a failure of AWS, and then permits nothing: a measurement
// of nothing.
func notModelled(i *instance.Instance) error {
	errs := []error{
		failure(i.Description), failure(i.Unreachable), failure(i.Ping), failure(i.Status), failure(i.Type), failure(i.Shutdown),
		failure(i.Group), failure(i.Metrics), failure(i.Targets), failure(i.Neighbours),
	}
	for _, err := range errs {
		if errors.Is(err, world.ErrNotModelled) {
			return err
		}
	}
	return nil
}

func failure[T any](f fact.Of[T]) error {
	_, err := f.Get()
	return err
}
