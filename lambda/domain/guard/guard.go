// Package guard decides whether an instance may be interrupted. Nothing else can make
// the permit to do it.
//
// Every rule is one small type with one method. A rule that cannot answer never
// permits: its verdict is Later, and the target gets another pass until its trigger is
// no longer fresh. All rules are asked on every pass. The verdict that counts is the
// first of duplicate, refused, later, held and permitted.
//
// One pass asks the rules three times, each time with more facts: Screen before the
// second round of describes, Decide before the evidence is taken, and Claim. Claim
// needs an answer from every rule, and then takes the episode's one claim.
package guard

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/instance"
	"crashcart/lambda/domain/trigger"
	"crashcart/lambda/domain/vitals"
)

// Guard asks the rules.
type Guard struct {
	Config config.Config
	Book   Claimer
	Now    func() time.Time
}

// New returns a guard on the wall clock.
func New(c config.Config, book Claimer) *Guard {
	return &Guard{Config: c, Book: book, Now: time.Now}
}

// DryRun says whether an interrupt for this trigger would be a dry run. It is one
// unless the stack's mode is manual or auto.
func (g *Guard) DryRun(t *trigger.Trigger) bool {
	return t.DryRun || (g.Config.Mode != config.ModeManual && g.Config.Mode != config.ModeAuto)
}

// Screen asks the rules with the facts of the first round. A rule whose facts were not
// asked for yet does not count.
func (g *Guard) Screen(q Question) Verdict {
	return g.ask(q, func(Rule) bool { return true })
}

// Decide asks the rules with every fact. The console may be missing: the rule quiet does not
// count without it.
func (g *Guard) Decide(q Question) Verdict {
	return g.ask(q, func(r Rule) bool { return r == Rule(quiet{}) })
}

// Unnamed is the verdict on a target that stands for no instance, such as an empty
// group. The caller says whether it is refused or later. The rule is "named", unless
// the trigger is not fresh.
func (g *Guard) Unnamed(t *trigger.Trigger, kind Kind, why string) Verdict {
	in := g.inquiry(Question{Trigger: t, Instance: &instance.Instance{}})
	if v := (fresh{}).Check(in); v.Kind == Refused {
		v.Rule = cases.RuleFresh
		return v
	}
	return Verdict{Kind: kind, Rule: cases.RuleNamed, Why: why}
}

// Fails says whether an instance that is named only by its group shows the first sign
// of a hang: its reachability check fails, or its agent is silent. It needs the facts
// of the first round; the error says that they are missing.
func (g *Guard) Fails(q Question) (bool, error) {
	reach, err := q.Instance.Unreachable.Get()
	if err != nil {
		return false, fmt.Errorf("AWS's reachability check: %w", err)
	}
	ping, err := q.Instance.Ping.Get()
	if err != nil {
		return false, fmt.Errorf("the SSM agent's last ping: %w", err)
	}
	return lifeless(g.inquiry(q), instance.Member{ID: q.Instance.ID, Unreachable: reach.Failing, Ping: ping}), nil
}

func (g *Guard) inquiry(q Question) Inquiry {
	in := Inquiry{Question: q, Config: g.Config, Now: g.Now()}
	in.watched = sync.OnceValue(func() watch { return watching(in) })
	in.read = sync.OnceValue(func() vitals.Reading { return vitals.Read(in.host()) })
	return in
}

// ask returns the weightiest verdict of all rules. mayAbstain says which rules do not
// count while their facts were not asked for. A dump on the console is kept in it, even
// if another rule outweighs that.
func (g *Guard) ask(q Question, mayAbstain func(Rule) bool) Verdict {
	in := g.inquiry(q)
	best, dump := Verdict{Kind: Permitted}, false
	for _, r := range Rules() {
		v := r.Check(in)
		v.Rule = r.Name()
		dump = dump || v.DumpShown
		if v.unasked && mayAbstain(r) || in.forced(r.Name()) && overridden(r, v) {
			continue
		}
		if slices.Index(precedence, v.Kind) < slices.Index(precedence, best.Kind) {
			best = v
		}
	}
	if best.Kind == Permitted {
		best = permitted(in)
	}
	best.DumpShown = dump
	return best
}

// overridden says whether force sets this verdict aside. The cooldown is never set aside:
// force makes it an hour. Nor is the rule quiet: force makes it overlook a shutdown.
func overridden(r Rule, v Verdict) bool {
	return r == Rule(unresponsive{}) && v.Kind != Permitted
}

// permitted is the verdict when no rule objects: it says what was seen.
func permitted(in Inquiry) Verdict {
	seen := unresponsive{}.Check(in)
	why := seen.Why
	if seen.Kind != Permitted && in.forced(cases.RuleUnresponsive) {
		why = "forced, although: " + why
	}
	if line, down := shutdown(in); down {
		why += "; forced, although it is shutting down: " + line
	}
	return Verdict{Kind: Permitted, Rule: cases.RuleUnresponsive, Why: why}
}
