package guard_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/guard"
	"crashcart/lambda/domain/instance"
	"crashcart/lambda/domain/trigger"
)

// facts says of every fact how it fails, and how it is as long as nobody has
// asked AWS for it.
var facts = map[string]struct{ fail, unask func(*guard.Question) }{
	"description": {
		func(q *guard.Question) { q.Instance.Description = broken[instance.Description]() },
		func(q *guard.Question) { q.Instance.Description = fact.Of[instance.Description]{} },
	},
	"unreachable": {
		func(q *guard.Question) { q.Instance.Unreachable = broken[instance.Unreachable]() },
		func(q *guard.Question) { q.Instance.Unreachable = fact.Of[instance.Unreachable]{} },
	},
	"ping": {
		func(q *guard.Question) { q.Instance.Ping = broken[instance.Ping]() },
		func(q *guard.Question) { q.Instance.Ping = fact.Of[instance.Ping]{} },
	},
	"metrics": {
		func(q *guard.Question) { q.Instance.Metrics = broken[instance.Metrics]() },
		func(q *guard.Question) { q.Instance.Metrics = fact.Of[instance.Metrics]{} },
	},
	"targets": {
		func(q *guard.Question) { q.Instance.Targets = broken[[]instance.Registration]() },
		func(q *guard.Question) { q.Instance.Targets = fact.Of[[]instance.Registration]{} },
	},
	"neighbours": {
		func(q *guard.Question) { q.Instance.Neighbours = broken[instance.Neighbours]() },
		func(q *guard.Question) { q.Instance.Neighbours = fact.Of[instance.Neighbours]{} },
	},
	"status": {
		func(q *guard.Question) { q.Instance.Status = broken[instance.Status]() },
		func(q *guard.Question) { q.Instance.Status = fact.Of[instance.Status]{} },
	},
	"type": {
		func(q *guard.Question) { q.Instance.Type = broken[instance.Type]() },
		func(q *guard.Question) { q.Instance.Type = fact.Of[instance.Type]{} },
	},
	"shutdown": {
		func(q *guard.Question) { q.Instance.Shutdown = broken[string]() },
		func(q *guard.Question) { q.Instance.Shutdown = fact.Of[string]{} },
	},
	"screenshot": { // only where the console can show nothing: see watch_test.go
		func(q *guard.Question) { q.Screenshot = broken[[]byte]() },
		func(q *guard.Question) { q.Screenshot = fact.Of[[]byte]{} },
	},
	"group": {
		func(q *guard.Question) { q.Instance.Group = broken[instance.Group]() },
		func(q *guard.Question) { q.Instance.Group = fact.Of[instance.Group]{} },
	},
	"book": {
		func(q *guard.Question) { q.Book = broken[cases.View]() },
		func(q *guard.Question) { q.Book = fact.Of[cases.View]{} },
	},
	"budget": {
		func(q *guard.Question) { q.Budget = broken[cases.Slots]() },
		func(q *guard.Question) { q.Budget = fact.Of[cases.Slots]{} },
	},
	"group slots": {
		func(q *guard.Question) { q.GroupSlots = broken[cases.Slots]() },
		func(q *guard.Question) { q.GroupSlots = fact.Of[cases.Slots]{} },
	},
	"console": {
		func(q *guard.Question) { q.Console = broken[[]byte]() },
		func(q *guard.Question) { q.Console = fact.Of[[]byte]{} },
	},
}

func broken[T any]() fact.Of[T] {
	return fact.Failed[T](fmt.Errorf("asking AWS:\n%w", errors.New("RequestLimitExceeded")))
}

// needs says which facts each rule cannot do without. A rule that permits
// without one of them, or needs one more, is not the rule of the design.
var needs = map[string][]string{
	"episode":      {"book"},
	"lever":        {"book"},
	"fresh":        {}, // the description only between the two limits, see below
	"known":        {"description"},
	"opted-in":     {"description"},
	"supported":    {"description", "type"},
	"running":      {"description", "group"},
	"booted":       {"description", "status"},
	"unresponsive": {"unreachable", "ping", "description", "status", "metrics", "targets", "neighbours"},
	"quiet":        {"console", "book", "description"}, // and the vitals where the console shows nothing
	"host-ok":      {"status"},
	"survives":     {"shutdown"},
	"cooldown":     {"book"},
	"group":        {"group", "group slots"},
	"region":       {"unreachable"},
	"budget":       {"budget"},
	"asked":        {"description"},
}

func TestARuleThatCannotAnswerNeverPermits(t *testing.T) {
	for _, r := range guard.Rules() {
		want, listed := needs[r.Name()]
		if !listed {
			t.Errorf("nothing is said of the facts that %s needs", r.Name())
		}
		for fact, how := range facts {
			s := hung(t)
			s.member(5)
			kind := guard.Permitted
			if slices.Contains(want, fact) {
				kind = guard.Later
			}
			q := s.question()
			how.fail(&q)
			v := r.Check(guard.Inquiry{Question: q, Config: s.config, Now: s.now})
			if v.Kind != kind {
				t.Errorf("%s without %s: %s (%s), want %s", r.Name(), fact, v.Kind, v.Why, kind)
			}
			if kind == guard.Later && (!strings.Contains(v.Why, "RequestLimitExceeded") || strings.ContainsAny(v.Why, "\r\n")) {
				t.Errorf("%s without %s does not say why in one line: %q", r.Name(), fact, v.Why)
			}
		}
	}
}

// asking is who may ask, and with which force.
var asking = map[string]func(*scene){
	"an alarm":             func(*scene) {},
	"a person":             func(s *scene) { s.direct() },
	"a person with force":  func(s *scene) { s.direct("unresponsive", "cooldown", "quiet") },
	"a dry run":            func(s *scene) { s.trigger.DryRun = true },
	"an alarm, no group":   func(s *scene) { s.group = instance.Group{} },
	"a stack in dry run":   func(s *scene) { s.config.Mode = config.ModeDryRun },
	"a balanced host":      func(s *scene) { s.balanced("unhealthy", "Target.Timeout") },
	"a host without disk":  func(s *scene) { s.direct(); s.disk = disk{} },
	"a Windows":            func(s *scene) { s.windows() },
	"a failing check":      func(s *scene) { s.fails(ago(11 * time.Minute)) },
	"an alarm with forces": func(s *scene) { s.trigger.Force = []string{"unresponsive", "cooldown", "quiet"} },
}

// dispensable is what an interrupt may do without, by the design: force sets the vitals
// aside, and an instance in no group has no slots.
func dispensable(who, fact string) bool {
	switch fact {
	case "screenshot": // the console shows a restart, and a person decides without
		return who != "a Windows"
	case "ping", "metrics", "targets", "neighbours":
		return who == "a person with force"
	case "group slots":
		return who == "an alarm, no group"
	}
	return false
}

func TestNoSingleMissingFactEverPermits(t *testing.T) {
	for who, ask := range asking {
		for fact, how := range facts {
			for state, change := range map[string]func(*guard.Question){"failed": how.fail, "not asked for": how.unask} {
				s := hung(t)
				s.member(5)
				ask(s)
				q := s.question()
				change(&q)
				want := guard.Later
				if dispensable(who, fact) {
					want = guard.Permitted
				}
				if v := claim(t, s, q); v.Kind != want {
					t.Errorf("%s, %s %s: %s (%s), want %s", who, fact, state, v.Kind, v, want)
				}
			}
		}
	}
}

func TestOnlyTheScreenEverOverlooksWhatWasNotAsked(t *testing.T) {
	for fact, how := range facts {
		s := hung(t)
		s.member(5)
		g, book := s.guard()
		q := s.question()
		how.unask(&q)
		if v := g.Screen(q); v.Kind != guard.Permitted {
			t.Errorf("screen, %s not asked for: %s (%s)", fact, v.Kind, v)
		}
		want := guard.Later
		if fact == "console" || fact == "screenshot" {
			want = guard.Permitted
		}
		if v := g.Decide(q); v.Kind != want {
			t.Errorf("decide, %s not asked for: %s (%s), want %s", fact, v.Kind, v, want)
		}
		how.fail(&q)
		for name, v := range map[string]guard.Verdict{"screen": g.Screen(q), "decide": g.Decide(q)} {
			if want := map[bool]guard.Kind{true: guard.Permitted, false: guard.Later}[fact == "screenshot"]; v.Kind != want {
				t.Errorf("%s, %s failed: %s (%s), want later", name, fact, v.Kind, v)
			}
		}
		if len(book.requests) != 0 {
			t.Errorf("%s: screening or deciding has claimed", fact)
		}
	}
}

func TestAScreenWithNothingAskedNeverHidesWhatIsKnown(t *testing.T) {
	s := hung(t)
	g, _ := s.guard()
	q := guard.Question{Trigger: &s.trigger, Ref: s.ref, Instance: &instance.Instance{ID: hungID}}
	if v := g.Screen(q); v.Kind != guard.Permitted {
		t.Errorf("nothing asked: %s (%s)", v.Kind, v)
	}
	q.Instance.Description = fact.Known(instance.Description{Exists: true, State: "stopped", Architecture: "arm64", LaunchedAt: noon})
	if v := g.Screen(q); v.Kind != guard.Refused || v.Rule != "opted-in" {
		t.Errorf("without a tag: %s (%s)", v.Kind, v)
	}
	if _, v := g.Claim(t.Context(), guard.Question{Trigger: &s.trigger, Instance: &instance.Instance{ID: hungID}}); v.Kind != guard.Later {
		t.Errorf("a claim with nothing asked: %s (%s)", v.Kind, v)
	}
}

// Metrics are asked for in the second round, so the first must not decide without them.
func TestAScreenNeverLosesAHostThatOnlyItsHeartbeatGivesAway(t *testing.T) {
	for _, ping := range []time.Time{{}, ago(50 * time.Hour)} {
		s := hung(t)
		s.ping.At = ping
		g, _ := s.guard()
		q := s.question()
		for _, name := range []string{"status", "metrics", "targets", "neighbours"} {
			facts[name].unask(&q)
		}
		if v := g.Screen(q); v.Kind != guard.Permitted {
			t.Errorf("pinged at %s: %s by %q, before its heartbeat was asked about", ping, v.Kind, v)
		}
		if v := s.claim(t); v.Kind != guard.Permitted {
			t.Errorf("pinged at %s: %s by %q", ping, v.Kind, v)
		}
	}
}

// A fact that failed must not hide behind one that was not asked for.
func TestAScreenNeverOverlooksAFactThatFailed(t *testing.T) {
	for _, who := range []string{"an alarm", "a person"} {
		s := hung(t)
		asking[who](s)
		s.ping = instance.Ping{}
		g, _ := s.guard()
		q := s.question()
		for _, name := range []string{"status", "metrics", "targets", "neighbours"} {
			facts[name].unask(&q)
		}
		facts["unreachable"].fail(&q)
		if v := rule(t, "unresponsive").Check(guard.Inquiry{Question: q, Config: s.config, Now: s.now}); v.Kind != guard.Later || !v.Unanswered {
			t.Errorf("%s: %s (%s)", who, v.Kind, v.Why)
		}
		if v := g.Screen(q); v.Kind != guard.Later {
			t.Errorf("%s: the screen says %s by %q", who, v.Kind, v)
		}
	}
}

// Most alarms are of living hosts. The first round must be enough for them.
func TestAScreenNeverAsksForMoreWhileTheAgentMayYetPing(t *testing.T) {
	for _, age := range []time.Duration{0, time.Minute, 11*time.Minute - time.Second} {
		s := hung(t)
		s.ping.At = ago(age)
		g, _ := s.guard()
		q := s.question()
		for _, name := range []string{"status", "metrics", "targets", "neighbours"} {
			facts[name].unask(&q)
		}
		if v := g.Screen(q); v.Kind != guard.Later || v.Rule != "unresponsive" {
			t.Errorf("pinged %s ago: %s by %q, want later", age, v.Kind, v)
		}
	}
}

func TestOneThrottledReadNeverLosesAHostForGood(t *testing.T) {
	fresh := rule(t, "fresh")
	for age, want := range map[time.Duration]guard.Kind{
		30*time.Minute - time.Second: guard.Permitted,
		30 * time.Minute:             guard.Later, // it may be a Windows
		time.Hour - time.Second:      guard.Later,
		time.Hour:                    guard.Refused,
	} {
		s := hung(t)
		s.trigger.At = ago(age)
		q := s.question()
		facts["description"].fail(&q)
		if v := fresh.Check(guard.Inquiry{Question: q, Config: s.config, Now: s.now}); v.Kind != want {
			t.Errorf("%s old, the description failed: %s (%s), want %s", age, v.Kind, v.Why, want)
		}
	}
	// The agent is dead for days, so only the heartbeat could tell.
	s := hung(t)
	s.ping.At = ago(50 * time.Hour)
	q := s.question()
	facts["metrics"].fail(&q)
	if v := rule(t, "unresponsive").Check(guard.Inquiry{Question: q, Config: s.config, Now: s.now}); v.Kind != guard.Later {
		t.Errorf("the metrics failed: %s (%s), want later", v.Kind, v.Why)
	}
}

func TestAGuardThatWasNotMadeByNewNeverDoesWithoutRules(t *testing.T) {
	s := hung(t)
	s.view.Lever.Pulled = true
	g := &guard.Guard{Config: s.config, Book: &claims{now: func() time.Time { return s.now }}, Now: func() time.Time { return s.now }}
	if p, v := g.Claim(t.Context(), s.question()); v.Kind != guard.Refused || p != (guard.Permit{}) {
		t.Errorf("%s (%s)", v.Kind, v)
	}
}

func TestAGuardWithoutConfigurationNeverInterrupts(t *testing.T) {
	s := hung(t)
	s.config = config.Config{}
	s.direct("unresponsive", "cooldown")
	if v := s.claim(t); v.Kind == guard.Permitted {
		t.Errorf("permitted: %s", v)
	}
	if g, _ := s.guard(); !g.DryRun(&trigger.Trigger{}) {
		t.Error("a stack without a mode is not in dry run")
	}
}
