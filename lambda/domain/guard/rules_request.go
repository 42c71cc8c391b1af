package guard

import (
	"cmp"
	"fmt"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/printable"
	"crashcart/lambda/domain/trigger"
)

// maxAhead is how far a trigger's time may lie in the future. The clocks of AWS's
// services differ by seconds, never by a minute.
const maxAhead = time.Minute

// episode permits one interrupt for each episode of an instance.
type episode struct{}

func (episode) Name() string { return cases.RuleEpisode }

func (episode) Check(in Inquiry) Verdict {
	v, err := in.Book.Get()
	switch {
	case err != nil:
		return doubt("whether it has an open case", err)
	case v.ClaimedBy != "":
		return Verdict{
			Kind: Duplicate, CaseID: v.ClaimedBy,
			Why: fmt.Sprintf("this very trigger has opened case %s already", v.ClaimedBy),
		}
	case v.OpenCase != "":
		return Verdict{
			Kind: Duplicate, CaseID: v.OpenCase,
			Why: fmt.Sprintf("case %s of this instance was opened %s and is still open", v.OpenCase, printable.Ago(in.Now, v.OpenedAt)),
		}
	}
	return allow()
}

// lever permits while nobody has pulled the kill switch.
type lever struct{}

func (lever) Name() string { return cases.RuleLever }

func (lever) Check(in Inquiry) Verdict {
	v, err := in.Book.Get()
	switch {
	case err != nil:
		return doubt("whether the lever is pulled", err)
	case v.Lever.Pulled:
		return refuse("all interrupts were stopped %s by %s (%s); `crashcart resume` allows them again",
			printable.Ago(in.Now, v.Lever.Since), cmp.Or(printable.Line(v.Lever.By, maxText), "somebody"), cmp.Or(printable.Line(v.Lever.Reason, maxText), "no reason given"))
	}
	return allow()
}

// fresh permits while what the trigger reports is news. While the platform is not
// known, the longer limit, that of Windows, decides. So one throttled read does not lose
// the host.
type fresh struct{}

func (fresh) Name() string { return cases.RuleFresh }

func (fresh) Check(in Inquiry) Verdict {
	age := elapsed(in.Now, in.Trigger.At)
	switch {
	case in.Trigger.At.IsZero():
		return refuse("the message has no time of its own, so it may be days old")
	case age < -maxAhead:
		return refuse("the trigger is dated %s in the future, at most %s is believed", printable.Duration(-age), printable.Duration(maxAhead))
	case in.Trigger.Kind == trigger.KindDirect && age >= in.freshFor():
		return refuse("the request is %s old; one by a person must be younger than %s, since the machine may have come back: ask again",
			printable.Duration(age), printable.Duration(in.freshFor()))
	}
	_, err := in.Instance.Description.Get()
	switch limit := in.Config.Rules.Fresh; {
	case err != nil && age >= limit && age < in.freshFor():
		return doubt(fmt.Sprintf("whether it is a Windows, for which %s old is still news,", printable.Duration(age)), err)
	case age >= in.freshFor():
		return refuse("the trigger is %s old; it must be younger than %s", printable.Duration(age), printable.Duration(in.freshFor()))
	}
	return allow()
}

// freshFor is how old the trigger may become. While the platform is not known, that is the
// longer limit, of Windows.
func (in Inquiry) freshFor() time.Duration {
	rules := in.Config.Rules
	d, err := in.Instance.Description.Get()
	switch {
	case in.Trigger.Kind == trigger.KindDirect:
		return config.FreshDirect
	case err != nil:
		return max(rules.Fresh, rules.FreshWindows)
	case d.Windows:
		return rules.FreshWindows
	}
	return rules.Fresh
}

// keepsUntil says whether the trigger will still be fresh at that moment, so that waiting
// for it makes sense.
func (in Inquiry) keepsUntil(at time.Time) bool { return at.Before(in.Trigger.At.Add(in.freshFor())) }

// Lapses is when the trigger will be too old for the rule fresh. While the platform is not
// known, that is by the longer limit.
func (g *Guard) Lapses(q Question) time.Time {
	return q.Trigger.At.Add(g.inquiry(q).freshFor())
}

// asked permits a request of somebody who may ask. IAM says so of a direct invoke. An
// alarm, a text or an attribute needs both the stack and the tag to be auto. A stack in
// dry run treats them as auto does: it is there to show what auto would do.
type asked struct{}

func (asked) Name() string { return cases.RuleAsked }

func (asked) Check(in Inquiry) Verdict {
	if in.Trigger.Kind == trigger.KindDirect {
		return allow()
	}
	d, err := in.Instance.Description.Get()
	if err != nil {
		return doubt("its tag "+config.TagKey, err)
	}
	why := ""
	switch {
	case in.Config.Mode != config.ModeAuto && in.Config.Mode != config.ModeDryRun:
		why = fmt.Sprintf("the stack's mode is %s", cmp.Or(in.Config.Mode, "not set"))
	case d.Tag != config.TagAuto:
		why = fmt.Sprintf("its tag %s is %s", config.TagKey, d.Tag)
	default:
		return allow()
	}
	return Verdict{Kind: Held, Why: why + ", so a person must ask", Command: in.command()}
}
