package notify

import (
	"cmp"
	"fmt"

	"crashcart/lambda/domain/cases"
)

// title says what happened in one honest line. That an interrupt was sent is all
// that is known when this is written: it proves nothing about the kernel.
func (n notice) title() string {
	if n.dryRun() {
		return cut("DRY RUN: "+n.dryRunTitle(), mostTitle)
	}
	d, who := n.first(), n.who()
	switch d.Outcome {
	case cases.OutcomeInterrupted:
		return cut("Interrupt sent to "+who+": leave it alone, it may be writing its dump", mostTitle)
	case cases.OutcomeUnknown:
		return cut("Interrupt possibly sent to "+who+": leave it alone, it may be writing its dump", mostTitle)
	case cases.OutcomeRejected:
		return cut("EC2 refused to interrupt "+who+inBrackets(plain(d.Code, mostCode)), mostTitle)
	case cases.OutcomeFailed:
		return cut("Nothing was sent to "+who+", and its case could not be undone: it blocks the next interrupt", mostTitle)
	default:
		if n.several() {
			return cut(n.refusals(), mostTitle)
		}
		return cut("Not interrupted: "+who+inBrackets(n.figure()), mostTitle)
	}
}

// dryRunTitle is the title of a dry run, without the mark of one.
func (n notice) dryRunTitle() string {
	d, who := n.first(), n.who()
	switch d.Outcome {
	case cases.OutcomeDryRun:
		return who + " would have been interrupted, nothing was sent"
	case cases.OutcomeUnknown:
		return "EC2 gave no clear answer about " + who + ", nothing was sent"
	case cases.OutcomeRejected:
		return "EC2 would refuse to interrupt " + who + inBrackets(plain(d.Code, mostCode))
	case cases.OutcomeFailed:
		return "the claim of " + who + " could not be undone, nothing was sent"
	default:
		if n.several() {
			return n.refusals()
		}
		return who + " would not be interrupted" + inBrackets(n.figure())
	}
}

// refusals is the title of many refusals at once.
func (n notice) refusals() string {
	return fmt.Sprintf("%d refusals%s", len(n.decisions), inBrackets(n.figure()))
}

// mostWho is how much of the name of a target a title has, in characters.
const mostWho = 80

// who is the target in running text.
func (n notice) who() string {
	d := n.first()
	return cmp.Or(d.InstanceID, plain(d.Target, mostWho), "a target without a name")
}

// figure is why, as far as a title has room for it, with the rule of a refusal.
func (n notice) figure() string {
	d := n.first()
	why := plain(d.Why, mostTitle)
	switch {
	case d.Outcome == cases.OutcomeHeld && d.Rule == cases.RuleAsked && why != "": // it says so itself
		return why
	case d.Outcome == cases.OutcomeHeld && why != "":
		return "a person must ask: " + why
	case d.Outcome == cases.OutcomeHeld:
		return "a person must ask"
	case d.Rule == "" || why == "":
		return cmp.Or(why, d.Rule)
	default:
		return d.Rule + ": " + why
	}
}

func inBrackets(s string) string {
	if s == "" {
		return ""
	}
	return " (" + s + ")"
}
