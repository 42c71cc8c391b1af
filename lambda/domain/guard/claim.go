package guard

import (
	"context"
	"errors"
	"fmt"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/printable"
)

// Claimer opens cases. The casebook is one.
type Claimer interface {
	Claim(context.Context, cases.Request) (cases.Case, error)
}

const (
	// FactsLife is how old the facts behind a claim may be. A machine can come back to
	// life, and the longer one waits the likelier that is.
	FactsLife = 15 * time.Second
	// claimBound is how long a claim may take. It is well below PermitLife, so that
	// there is time left to send.
	claimBound = 4 * time.Second
)

// Stale says whether the facts will be too old to act on after margin. If so, it gives
// the verdict.
func (g *Guard) Stale(q Question, margin time.Duration) (Verdict, bool) {
	in := g.inquiry(q)
	age := elapsed(in.Now, in.asOf()) + margin
	if age <= FactsLife {
		return Verdict{}, false
	}
	v := notYet("what is known of it is %s old, at most %s may be acted on", printable.Duration(age), printable.Duration(FactsLife))
	v.Rule = cases.RuleUnresponsive
	return v, true
}

// Claim asks every rule a last time, with every fact, and claims the episode's one
// interrupt. The permit is good only when the verdict is Permitted.
func (g *Guard) Claim(ctx context.Context, q Question) (Permit, Verdict) {
	v := g.ask(q, func(Rule) bool { return false })
	if v.Kind != Permitted {
		return Permit{}, v
	}
	if old, stale := g.Stale(q, 0); stale {
		return Permit{}, old
	}
	ctx, cancel := context.WithTimeout(ctx, claimBound)
	defer cancel()
	r, err := g.request(q)
	if err != nil {
		return Permit{}, Verdict{Kind: Later, Rule: cases.RuleEpisode, Why: printable.Line(err.Error(), maxText)}
	}
	c, err := g.Book.Claim(ctx, r)
	if err != nil {
		return Permit{}, lostVerdict(err, g.inquiry(q))
	}
	return newPermit(c), v
}

// request is what the casebook is asked for.
func (g *Guard) request(q Question) (cases.Request, error) {
	grp, err := q.Instance.Group.Get()
	if err != nil {
		return cases.Request{}, fmt.Errorf("the group is not known: %w", err)
	}
	in := g.inquiry(q)
	t := q.Trigger
	r := cases.Request{
		InstanceID: q.Instance.ID, DryRun: g.DryRun(t), Cooldown: requiredCooldown(in), Budget: g.Config.Rules.Budget,
		Group: grp.Key(), GroupLimit: groupLimit(len(grp.Members), g.Config.Rules.GroupPercent),
		Vitals: in.vitals().Vitals,
		Origin: cases.Origin{
			SourceKey: t.SourceKey, Kind: string(t.Kind), Source: t.Source, Reason: t.Reason,
			RequestedBy: t.RequestedBy, Forced: t.Force,
		},
	}
	if t.Alarm != nil {
		r.Origin.Alarm = t.Alarm.ARN
	}
	r.Seen = seen(q)
	return r, nil
}

// seen gives the claim the slots that the rules have read. Where they are missing the
// claim reads its own.
func seen(q Question) *cases.Seen {
	b, berr := q.Budget.Get()
	s, gerr := q.GroupSlots.Get()
	if berr != nil || gerr != nil {
		return nil
	}
	return &cases.Seen{Budget: b, Group: s}
}

// lostVerdict is the verdict on a claim that did not succeed. Only a *LostError proves
// that no case was opened. After any other error the next pass finds out.
func lostVerdict(err error, in Inquiry) Verdict {
	lost, ok := errors.AsType[*cases.LostError](err)
	if !ok {
		return Verdict{Kind: Later, Rule: cases.RuleEpisode, Why: "the casebook gave no clear answer to the claim: " + printable.Line(err.Error(), maxText)}
	}
	v := Verdict{Kind: Refused, Rule: string(lost.Cause), CaseID: lost.CaseID}
	switch lost.Cause {
	case cases.CauseDuplicate, cases.CauseOpen:
		v.Kind, v.Rule = Duplicate, cases.RuleEpisode
		v.Why = fmt.Sprintf("case %s was opened %s, while this trigger was being decided", lost.CaseID, printable.Ago(in.Now, lost.Since))
	case cases.CauseLever:
		v.Why = "the lever was pulled a moment ago"
	case cases.CauseCooldown:
		v.Why = cooldownWhy(in, lost.Since)
	case cases.CauseGroup:
		v.Why = "the last free slot of its group was taken a moment ago"
	case cases.CauseBudget:
		v.Why = fmt.Sprintf("the last of %d interrupts an hour was taken a moment ago", in.Config.Rules.Budget)
		if slots, err := in.Budget.Get(); err == nil && slots.Used() > 0 && in.keepsUntil(slots.NextFree()) {
			v = Verdict{Kind: Later, Rule: v.Rule, Why: v.Why}.in(slots.NextFree().Sub(in.Now))
		}
	default:
		v.Kind, v.Rule, v.Why = Later, cases.RuleEpisode, "too many claims at the same moment"
	}
	return v
}
