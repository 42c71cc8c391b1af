package demo

import (
	"slices"
	"strings"

	"crashcart/lambda/domain/cases"
)

// scene is a decision of which the short story tells.
type scene struct {
	subject
	announced bool // what asked for it has a line of its own
	outcomes  []cases.Outcome
}

// scenes are the decisions of the short story: the hero's, the two that show what
// Standby is for, and one for each rule that stands in the way.
func scenes() []scene {
	const (
		interrupted = cases.OutcomeInterrupted
		refused     = cases.OutcomeRefused
		later       = cases.OutcomeLater
	)
	of := func(trigger, name string, announced bool, outcomes ...cases.Outcome) scene {
		return scene{subject{trigger, name}, announced, outcomes}
	}
	return []scene{
		of(heartbeat+mail1, mail1, true, interrupted),
		of(heartbeat+auth1, auth1, true, interrupted),
		of(heartbeat+web2, web2, true, later, interrupted),
		of(latency, web2, true, cases.OutcomeDuplicate),
		of(busyCPU, web1, false, refused),
		of(workers, arm1, false, refused),
		of(workers, db1, false, refused),
		of(heartbeat+pay1, pay1, false, cases.OutcomeHeld),
		of(heartbeat+job1, job1, false, later),
		of(status, cache1, false, refused),
		of(checkoutA, members()[0].name, false, refused),
		of(heartbeat+gone1, gone1, false, refused),
		of(onCall, pay1, true, cases.OutcomeDryRun),
	}
}

// lives are the phases of the machines of which the short story tells.
var lives = map[string][]Phase{
	hero:  {PhaseDumping, PhaseBooting, PhaseUp},
	mail1: {PhaseTerminated},
	auth1: {PhaseStandby}, // that it dumped is said by its finding
}

// brief chooses what the short story shows. What nobody expects it always shows.
type brief struct {
	shown     map[string]bool
	decisions int // that were not shown
}

// shows says whether an event is part of the short story.
func (b *brief) shows(e Event) bool {
	switch e.Kind {
	case KindInstance:
		return b.first(folded(e.Names[0])) && e.Names[0] != crowdName
	case KindAlarm, KindMessage:
		return b.announces(e)
	case KindDecision:
		return b.decides(e)
	case KindIgnored:
		return !slices.Contains(ignored(), e.Rule)
	case KindCall:
		return e.Names[0] == hero
	case KindGuest:
		return slices.Contains(lives[e.Names[0]], e.Phase)
	case KindConsole, KindNotification:
		return false
	}
	return true
}

// first says whether this is the first time for something.
func (b *brief) first(of ...string) bool {
	if b.shown == nil {
		b.shown = map[string]bool{}
	}
	key := strings.Join(of, " ")
	again := b.shown[key]
	b.shown[key] = true
	return !again
}

// announces says whether what asks has a line.
func (b *brief) announces(e Event) bool {
	return slices.ContainsFunc(scenes(), func(s scene) bool {
		return s.announced && s.trigger == e.Alarm && slices.Contains(e.Names, s.name)
	}) && b.first(e.Alarm, strings.Join(e.Names, " "))
}

// decides says whether a decision has a line: every one that is in a scene, once, and
// every one that must not be.
func (b *brief) decides(e Event) bool {
	in := slices.ContainsFunc(scenes(), func(s scene) bool {
		return s.subject == subject{e.Alarm, e.Names[0]} && slices.Contains(s.outcomes, cases.Outcome(e.Outcome))
	})
	if in && b.first(e.Alarm, e.Names[0], e.Outcome) || !planned(e) {
		return true
	}
	b.decisions++
	return false
}

// planned says whether a decision is one that the story expects.
func planned(e Event) bool {
	return slices.ContainsFunc(expectations(), func(x expectation) bool {
		return x.trigger == e.Alarm && x.name == e.Names[0] &&
			(e.Outcome == string(cases.OutcomeLater) || slices.Contains(x.ends, e.Outcome+" "+e.Rule))
	})
}
