package demo

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"crashcart/lab"
	"crashcart/lab/clock"
	"crashcart/lab/dynamodb"
	"crashcart/lab/fleet"
	"crashcart/lab/runtime"
	"crashcart/lambda/domain/config"
)

// stage is a story while it is played.
type stage struct {
	lab    *lab.Lab
	out    Output
	start  time.Time // lab time at which the story begins
	ids    map[string]string
	names  map[string]string
	raised map[string]lab.RaisedAlarm

	bootstrap string
	followup  string
	openings  openings
	mu        sync.Mutex
	decisions []decision
	endings   []ending
	ignored   []string      // reasons
	late      time.Duration // by how much a beat was late, at most
	trouble   []string      // what the function said besides decisions
	coldStart time.Duration // of its first process
	changed   chan struct{}
}

// decision is a decision line of the function's log.
type decision struct {
	Msg         string `json:"msg"`
	InstanceID  string `json:"instanceId"`
	Outcome     string `json:"Outcome"`
	Rule        string `json:"Rule"`
	Why         string `json:"why"`
	Command     string `json:"command"` // what a person types to ask for a host that is held
	CaseID      string `json:"caseId"`
	Alarm       string `json:"alarm"`
	RequestedBy string `json:"requestedBy"`
	Pass        int    `json:"pass"`
	Trigger     string `json:"kind"`
	Reason      string `json:"Reason"` // of an ignored message
	Detail      string `json:"detail"`
}

// trigger names what the decision answers: the alarm, or who asked.
func (d decision) trigger() string {
	if _, name, ok := strings.Cut(d.Alarm, ":alarm:"); ok {
		return name
	}
	return cmp.Or(d.RequestedBy, d.Trigger)
}

// newStage starts a lab, and brings in function and fleet.
func newStage(o Options) (*stage, error) {
	l, err := lab.Start(lab.Options{Speed: Speed, Visibility: patience})
	if err != nil {
		return nil, err
	}
	s := &stage{
		lab: l, out: o.Out, bootstrap: o.Bootstrap, followup: o.Followup, ids: map[string]string{gone1: goneID}, names: map[string]string{goneID: gone1},
		raised: map[string]lab.RaisedAlarm{}, changed: make(chan struct{}, 1),
	}
	if err := s.enter(); err != nil {
		return nil, fmt.Errorf("setting the stage: %w", joinClose(err, l))
	}
	return s, nil
}

func joinClose(err error, l *lab.Lab) error {
	if closing := l.Close(); closing != nil {
		return fmt.Errorf("%w; and closing the lab: %w", err, closing)
	}
	return err
}

// deploy brings in the function.
func (s *stage) deploy(p config.Protect) error {
	return s.lab.Deploy(lab.Function{
		Path: s.bootstrap, Concurrency: 2, Log: s.heard, Invoked: s.invoked,
		// A host that lives is put off until its trigger is fresh no longer.
		// One interrupt an hour more than the story has: what comes after must be
		// refused for reasons of its own.
		Env: map[string]string{
			config.EnvMode: string(config.ModeAuto), config.EnvProtect: string(p), config.EnvBudget: strconv.Itoa(len(victims) + 1),
			config.EnvFresh: fresh.String(),
		},
	})
}

// enter brings in the fleet, and lets the trouble begin.
func (s *stage) enter() error {
	err := s.lab.Follow(lab.Function{Path: s.followup, Concurrency: 2, Log: s.followed})
	if err != nil {
		return err
	}
	if err := s.deploy(config.ProtectOff); err != nil {
		return err
	}
	for _, name := range []string{mail1, auth1} {
		if err := s.lab.Fleet.AddGroup(fleet.Group{Name: groupOf(name)}); err != nil {
			return err
		}
	}
	s.lab.Subscribe(s.called)
	s.lab.Table.Subscribe(func(c dynamodb.Change) { s.openings.changed(c, s.now()) })
	s.start = s.lab.Clock.Now()
	for _, a := range cast() {
		if err := s.lab.Fleet.Add(a.spec); err != nil {
			return err
		}
		s.ids[a.spec.Name], s.names[a.spec.ID] = a.spec.ID, a.spec.Name
		if a.trouble != nil {
			if err := a.trouble(s.lab.Fleet, a.spec.ID); err != nil {
				return err
			}
		}
		s.show(Event{Kind: KindInstance, Names: []string{a.spec.Name}, Instance: a.spec.ID, Type: a.spec.Type, Tag: a.spec.Tags[config.TagKey], Text: a.plight})
	}
	s.show(Event{Kind: KindInstance, Names: []string{gone1}, Instance: goneID, Text: "terminated; its alarm is still there"})
	for _, spec := range bystanders() {
		if err := s.lab.Fleet.Add(spec); err != nil {
			return err
		}
		s.names[spec.ID] = spec.Name
	}
	s.show(Event{Kind: KindInstance, Names: []string{crowdName}, Text: fmt.Sprintf("%d more, all well", crowd)})
	return s.balance()
}

// balance puts a load balancer in front of some of the fleet.
func (s *stage) balance() error {
	if err := s.lab.Balancer.Add(balanced.group); err != nil {
		return err
	}
	for _, name := range balanced.members {
		if err := s.lab.Balancer.Register(balanced.group.Name, time.Hour, s.ids[name]); err != nil {
			return err
		}
	}
	return nil
}

// play lets everything happen in its time and returns when all is decided and
// the hero is back, or when it takes too long.
func (s *stage) play(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience/Speed+10*time.Second) // a stuck invocation must not hang the demo
	defer cancel()
	var wg sync.WaitGroup
	defer wg.Wait()
	watching, stop := context.WithCancel(ctx)
	defer stop()
	wg.Go(func() { s.watch(watching) })
	for _, b := range script() {
		if err := s.perform(ctx, b); err != nil {
			return s.brokenOff(err)
		}
	}
	for !s.settled() && s.now() < patience { // judge names what never comes
		select {
		case <-ctx.Done():
			return s.brokenOff(context.Cause(ctx))
		case <-s.changed:
		case <-s.lab.Clock.After(time.Second):
		}
	}
	return nil
}

// perform waits until it is time for a beat, and then does it.
func (s *stage) perform(ctx context.Context, b beat) error {
	due := s.start.Add(b.at)
	if err := clock.Sleep(ctx, s.lab.Clock, due.Sub(s.lab.Clock.Now())); err != nil {
		return err
	}
	s.late = max(s.late, s.lab.Clock.Now().Sub(due))
	for b.afterHero && !s.heroDecided() && s.now() < patience {
		if err := clock.Sleep(ctx, s.lab.Clock, time.Second); err != nil {
			return err
		}
	}
	return b.do(ctx, s)
}

// brokenOff says why the story ended before its end.
func (s *stage) brokenOff(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return ErrSlow
	}
	return err
}

// heroDecided says whether the hero's interrupt has been decided.
func (s *stage) heroDecided() bool {
	return slices.Contains(s.ends(expectation{trigger: heartbeat + hero, name: hero}), "interrupted unresponsive")
}

// slow says whether this computer was too slow for a story in which every second
// counts as a minute.
func (s *stage) slow() bool {
	const most = 30 * time.Second // of the story: half a second
	return s.late > most || s.coldStart*Speed > most
}

// settled says whether everything expected was decided, the hero has dumped and booted,
// and every case has come to its end.
func (s *stage) settled() bool {
	for _, e := range expectations() {
		if !slices.Equal(s.ends(e), sorted(e.ends)) {
			return false
		}
	}
	if !slices.Equal(s.reasons(), ignored()) {
		return false
	}
	for _, name := range []string{hero, auth1} {
		if v, err := s.lab.Fleet.Get(s.ids[name]); err != nil || v.Phase != "up" || len(v.Dumps) == 0 {
			return false
		}
	}
	return s.waiting() == 0 && s.ended() == len(victims)
}

// waiting is how many messages are in the queue or its dead letters.
func (s *stage) waiting() int {
	return len(s.lab.Queue.Messages()) + len(s.lab.DeadLetters.Messages())
}

// sorted returns the distinct elements of list in their order.
func sorted(list []string) []string {
	list = slices.Sorted(slices.Values(list))
	return slices.Compact(list)
}

// reasons are the distinct reasons for which messages were ignored.
func (s *stage) reasons() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return sorted(s.ignored)
}

// ends are the distinct outcomes of a trigger for an instance, without "later".
// The order does not count, since two invocations may run side by side, nor do repeats,
// since a queue may deliver twice.
func (s *stage) ends(e expectation) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ends []string
	for _, d := range s.decisions {
		if d.trigger() == e.trigger && d.InstanceID == s.ids[e.name] && d.Outcome != "later" {
			ends = append(ends, d.Outcome+" "+d.Rule)
		}
	}
	return sorted(ends)
}

// now is the time of the story.
func (s *stage) now() time.Duration { return s.lab.Clock.Now().Sub(s.start) }

// show gives an event the present time of the story, and writes it.
func (s *stage) show(e Event) {
	e.At = s.now().Seconds()
	s.out.Event(e)
}

// heard takes a line of the function's output.
func (s *stage) heard(line string) {
	var d decision
	err := json.Unmarshal([]byte(line), &d)
	if err == nil && d.Msg == "ignored" {
		s.mu.Lock()
		s.ignored = append(s.ignored, d.Reason)
		s.mu.Unlock()
		s.show(Event{Kind: KindIgnored, Rule: d.Reason, Text: d.Detail})
		return
	}
	if err == nil && d.Msg == "protected" {
		return // watch shows what the group does
	}
	if err != nil || d.Msg != "decision" {
		s.mu.Lock()
		s.trouble = append(s.trouble, line)
		s.mu.Unlock()
		s.show(Event{Kind: KindNote, Text: line})
		return
	}
	s.mu.Lock()
	s.decisions = append(s.decisions, d)
	s.mu.Unlock()
	s.show(Event{
		Kind: KindDecision, Alarm: d.trigger(), Names: []string{s.names[d.InstanceID]}, Instance: d.InstanceID,
		Outcome: d.Outcome, Rule: d.Rule, Text: s.openings.inLabTime(d.Why, d.CaseID, s.now()), Command: d.Command,
		CaseID: d.CaseID, Pass: d.Pass,
	})
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// invoked takes how long the function's first process took to start.
func (s *stage) invoked(_ []byte, r runtime.Result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.ColdStart && s.coldStart == 0 {
		s.coldStart = r.Init
	}
}

// called shows the one call that everything is about.
func (s *stage) called(c lab.Call) {
	if c.Operation != "SendDiagnosticInterrupt" {
		return
	}
	text := "EC2 gets SendDiagnosticInterrupt"
	if c.DryRun {
		text += " with DryRun: " + c.Code
	}
	for _, id := range c.Instances {
		s.show(Event{Kind: KindCall, Names: []string{s.names[id]}, Instance: id, Text: text})
	}
}
