package storm

import (
	"context"
	"errors"
	"maps"
	"time"

	"crashcart/lab"
	"crashcart/lambda/domain/config"
)

const (
	// speed is how many lab seconds pass in a second: a pass a minute later comes
	// after six seconds, and a storm of a minute and a half keeps within the half hour
	// in which a trigger is fresh.
	speed = 10
	// bootstraps is how many processes work on a storm side by side.
	bootstraps = 8
	// patience is how long a storm may take, and how long its follow-up. What is left then
	// is lost, or left open.
	patience = 4 * time.Minute
	// settled is how often a storm is asked whether it is over.
	settled = 100 * time.Millisecond
	// visibility is how long, on the wall, a message stays away that was not handled.
	// AWS advises six times the function's timeout; a batch takes a second here, and
	// what came too early would only be decided once more.
	visibility = 30 * time.Second

	// followSpeed is how many lab seconds pass in a second once only the follow-up is left.
	// A case that proves nothing lasts an hour of lab time.
	followSpeed = 1000
	// followers are how many processes of the follow-up work side by side.
	followers = 4
)

// run is a scenario while it is played.
type run struct {
	scenario Scenario
	lab      *lab.Lab
	hosts    []string
	sent     map[string]string
	record   *record
}

// play plays a scenario and gives what came of it.
func play(ctx context.Context, s Scenario, o Options) (facts *Facts, err error) {
	s = s.filled()
	l, err := lab.Start(lab.Options{Speed: s.Speed, Visibility: time.Duration(float64(s.Visibility) * s.Speed), MaxReceive: s.MaxReceive, Twice: s.Twice})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	r := &run{scenario: s, lab: l, record: newRecord()}
	if r.hosts, err = populate(l, s.Fleet, s.Hosts); err != nil {
		return nil, err
	}
	if r.sent, err = raise(l, s, r.hosts); err != nil {
		return nil, err
	}
	if s.Faults != nil {
		l.Faults.Use(s.Faults(l)...)
	}
	l.Table.Subscribe(r.record.changed)
	start := time.Now()
	if err := r.deploy(o); err != nil {
		return nil, err
	}
	if err := r.wait(ctx, func() bool { return len(l.Queue.Messages()) == 0 && l.Busy() == 0 }); err != nil {
		return nil, err
	}
	took := time.Since(start)
	l.Run(s.Follow)
	if err := r.wait(ctx, func() bool { return r.record.unclosed() == 0 && l.Following() == 0 }); err != nil {
		return nil, err
	}
	l.Faults.Use() // so that what is left can be read
	return r.gather(ctx, took)
}

func (s Scenario) filled() Scenario {
	s.Alarms = max(s.Alarms, 1)
	if s.Bootstraps == 0 {
		s.Bootstraps = bootstraps
	}
	if s.Speed == 0 {
		s.Speed = speed
	}
	if s.Follow == 0 {
		s.Follow = followSpeed
	}
	if s.Visibility == 0 {
		s.Visibility = visibility
	}
	return s
}

func (r *run) deploy(o Options) error {
	env := map[string]string{config.EnvMode: string(config.ModeAuto)}
	maps.Copy(env, r.scenario.Env)
	if err := r.lab.Follow(lab.Function{Path: o.Followup, Concurrency: followers, Log: r.record.followed}); err != nil {
		return err
	}
	return r.lab.Deploy(lab.Function{Path: o.Bootstrap, Concurrency: r.scenario.Bootstraps, Env: env, Log: r.record.heard})
}

// wait waits until it is over, or the patience is. The error is ctx's.
func (r *run) wait(ctx context.Context, isOver func() bool) error {
	over := time.NewTimer(patience)
	defer over.Stop()
	tick := time.NewTicker(settled)
	defer tick.Stop()
	for !isOver() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-over.C:
			return nil
		case <-tick.C:
		}
	}
	return nil
}
