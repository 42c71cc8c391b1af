// Package guard decides whether an instance may be interrupted, and is the only
// one that can make the permit to do it.
//
// Every rule is one small type with one method. A rule that cannot answer never
// permits: its verdict is Later, and the target is looked at again until its
// trigger is no longer fresh. All rules are asked every time; the verdict that
// counts is the first of duplicate, refused, later, held and permitted.
//
// The rules are asked three times, each time with more facts: Screen before the
// second round of describes, Decide before the look is taken, and Claim, which
// wants every single one answered and then takes the one shot of the episode.
package guard

import (
	"fmt"
	"slices"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/instance"
	"crashcart/lambda/domain/printable"
	"crashcart/lambda/domain/trigger"
)

// Kind is what a verdict comes down to.
type Kind string

// The kinds of verdict. An earlier one outweighs a later one.
const (
	Duplicate Kind = "duplicate" // this episode has had its shot
	Refused   Kind = "refused"
	Later     Kind = "later" // not yet, or could not be answered
	Held      Kind = "held"  // a person must ask
	Permitted Kind = "permitted"
)

var precedence = []Kind{Duplicate, Refused, Later, Held, Permitted}

// Verdict is the guard's answer for one target: the rule that decided and one
// sentence that says why, with the figure.
type Verdict struct {
	Kind   Kind
	Rule   string
	Why    string
	CaseID string // of the case that a duplicate belongs to

	// Command is what a person types to ask for a target that is Held.
	Command string

	// Unanswered says that it is Later only because a fact could not be had: it is
	// AWS, or a permission of ours, that keeps the target waiting, and not the target.
	Unanswered bool

	wait    time.Duration // Later only for as long as this, as far as anybody can say
	doubted bool          // Later only because silence may not be the host's own
	unasked bool          // Later only because a fact was not asked for yet
}

// MayYetBeRefused says whether more facts can turn Later into a refusal worth
// asking for: the host looks dead, and only its whole surroundings do, too.
func (v Verdict) MayYetBeRefused() bool { return v.Kind == Later && v.doubted }

// Again is how long to wait before asking again about a target that is Later:
// until what is missing can be there, in full seconds, or a minute when nobody
// can say.
func (v Verdict) Again() time.Duration {
	if v.wait > 0 {
		return (v.wait + time.Second - 1).Truncate(time.Second)
	}
	return time.Minute
}

// AskAgain is Again in words: "ask again in 2m40s".
func (v Verdict) AskAgain() string { return "ask again in " + printable.Duration(v.Again()) }

// String is the verdict as one line: "cooldown: interrupted 2h13m ago, 6h required".
func (v Verdict) String() string { return v.Rule + ": " + v.Why }

// Question is everything known about one target.
type Question struct {
	Trigger  *trigger.Trigger
	Ref      trigger.Ref
	Instance *instance.Instance

	Book       fact.Of[cases.View]
	Budget     fact.Of[cases.Slots]
	GroupSlots fact.Of[cases.Slots]
	Console    fact.Of[[]byte] // as it is now, read by quiet alone; empty where it could not be read
}

// Inquiry is a question at one moment, under one configuration.
type Inquiry struct {
	Question
	Config config.Config
	Now    time.Time
}

// asOf is the moment that the facts are about. It is never later than Now.
func (in Inquiry) asOf() time.Time {
	if in.Instance.AsOf.IsZero() {
		return in.Now
	}
	return in.Instance.AsOf
}

// Rule is one reason not to interrupt.
type Rule interface {
	Name() string
	Check(Inquiry) Verdict
}

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

// Rules returns every rule, in the order in which equal verdicts are told.
func Rules() []Rule {
	return []Rule{
		episode{},
		lever{},
		fresh{},
		known{},
		optedIn{},
		supported{},
		running{},
		booted{},
		unresponsive{},
		quiet{},
		hostOK{},
		survives{},
		cooldown{},
		group{},
		region{},
		budget{},
		asked{},
	}
}

// DryRun says whether an interrupt for this trigger would be a dry run. It is
// one in every mode but the two that may interrupt.
func (g *Guard) DryRun(t *trigger.Trigger) bool {
	return t.DryRun || (g.Config.Mode != config.ModeManual && g.Config.Mode != config.ModeAuto)
}

// Screen asks the rules with the facts of the first round. A rule whose facts
// were not asked for yet does not count.
func (g *Guard) Screen(q Question) Verdict {
	return g.ask(q, func(Rule) bool { return true })
}

// Decide asks the rules with all facts but the look.
func (g *Guard) Decide(q Question) Verdict {
	return g.ask(q, func(r Rule) bool { return r == Rule(quiet{}) })
}

// Unnamed is the verdict on what a trigger names instead of an instance, when it
// stands for none: refused or later by the rule "named", unless the trigger is
// no news any more.
func (g *Guard) Unnamed(t *trigger.Trigger, kind Kind, why string) Verdict {
	in := g.inquiry(Question{Trigger: t, Instance: &instance.Instance{}})
	if v := (fresh{}).Check(in); v.Kind == Refused {
		v.Rule = cases.RuleFresh
		return v
	}
	return Verdict{Kind: kind, Rule: cases.RuleNamed, Why: why}
}

// Fails says whether an instance that is named only by its group shows the first
// sign of a hang: its reachability check fails, or its agent is silent. It needs
// the facts of the first round; the error says that they are missing.
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
	return Inquiry{Question: q, Config: g.Config, Now: g.Now()}
}

// ask returns the weightiest verdict of all rules; mayAbstain names the rules
// that do not count as long as their facts were not asked for.
func (g *Guard) ask(q Question, mayAbstain func(Rule) bool) Verdict {
	in := g.inquiry(q)
	best := permitted(in)
	for _, r := range Rules() {
		v := r.Check(in)
		v.Rule = r.Name()
		if v.unasked && mayAbstain(r) || in.forced(r.Name()) && overridden(r, v) {
			continue
		}
		if slices.Index(precedence, v.Kind) < slices.Index(precedence, best.Kind) {
			best = v
		}
	}
	return best
}

// overridden says whether force sets this verdict aside. The cooldown shortens
// itself instead, because forced it is an hour and never nothing.
func overridden(r Rule, v Verdict) bool {
	return r == Rule(unresponsive{}) && v.Kind != Permitted
}

func (in Inquiry) forced(rule string) bool {
	return in.Trigger.Kind == trigger.KindDirect && slices.Contains(in.Trigger.Force, rule)
}

// permitted is the verdict when no rule objects: it says what was seen.
func permitted(in Inquiry) Verdict {
	seen := unresponsive{}.Check(in)
	why := seen.Why
	if seen.Kind != Permitted && in.forced(cases.RuleUnresponsive) {
		why = "forced, although: " + why
	}
	return Verdict{Kind: Permitted, Rule: cases.RuleUnresponsive, Why: why}
}
