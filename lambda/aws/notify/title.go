package notify

import (
	"cmp"
	"fmt"
	"strings"
)

// Limits of what comes from outside, in characters. Together with what is ours they
// stay below the 8,000 of a description.
const (
	mostWhy  = 2000
	mostText = 1100 // of a reason, which has 1 KiB at most, and of what was done
	mostName = 300  // of an alarm, a group, a person: names have 255 characters at most
	mostCode = 64
)

// title says what happened in one honest line. That an interrupt was sent is all
// that is known when this is written: it proves nothing about the kernel.
func (n notice) title() string {
	if n.dryRun() {
		return cut("DRY RUN: "+n.dryRunTitle(), mostTitle)
	}
	d, who := n.first(), n.who()
	switch d.Outcome {
	case outcomeInterrupted:
		return cut("Interrupt sent to "+who+": leave it alone, it may be writing its dump", mostTitle)
	case outcomeUnknown:
		return cut("Interrupt perhaps sent to "+who+": leave it alone, it may be writing its dump", mostTitle)
	case outcomeRejected:
		return cut("EC2 refused to interrupt "+who+inBrackets(plain(d.Code, mostCode)), mostTitle)
	case outcomeFailed:
		return cut("Nothing was sent to "+who+", and its case could not be undone: it blocks the next interrupt", mostTitle)
	case outcomeHeld:
		return cut("Not interrupted: "+who+", a person must ask"+inBrackets(n.figure()), mostTitle)
	}
	if n.several() {
		return cut(fmt.Sprintf("%d refusals%s", len(n.decisions), inBrackets(n.figure())), mostTitle)
	}
	return cut("Not interrupted: "+who+inBrackets(n.figure()), mostTitle)
}

// rehearsed is the title of what was only rehearsed.
func (n notice) dryRunTitle() string {
	d, who := n.first(), n.who()
	switch d.Outcome {
	case outcomeDryRun:
		return who + " would have been interrupted, nothing was sent"
	case outcomeUnknown:
		return "EC2 gave no clear answer about " + who + ", nothing was sent"
	case outcomeRejected:
		return "EC2 would refuse to interrupt " + who + inBrackets(plain(d.Code, mostCode))
	case outcomeFailed:
		return "the claim of " + who + " could not be undone, nothing was sent"
	case outcomeHeld:
		return who + " would not be interrupted, a person would have to ask" + inBrackets(n.figure())
	}
	if n.several() {
		return fmt.Sprintf("%d refusals%s", len(n.decisions), inBrackets(n.figure()))
	}
	return who + " would not be interrupted" + inBrackets(n.figure())
}

// who is the target in running text.
func (n notice) who() string {
	d := n.first()
	return cmp.Or(d.InstanceID, plain(d.Target, 80), "a target without a name")
}

// figure is why, as far as a title has room for it, and the rule of a refusal.
func (n notice) figure() string {
	d := n.first()
	why, _ := asks(d)
	why = plain(why, mostTitle)
	if d.Rule == "" || why == "" || d.Outcome == outcomeHeld {
		return cmp.Or(why, d.Rule)
	}
	return d.Rule + ": " + why
}

func inBrackets(s string) string {
	if s == "" {
		return ""
	}
	return " (" + s + ")"
}

// asks splits the guard's word on a held target into the reason and the command that
// a person is to type. Of everything else, and where there is no such command, it is
// all reason.
func asks(d Decision) (reason, command string) {
	reason, command, _ = strings.Cut(d.Why, ", so a person must ask: ")
	if d.Outcome != outcomeHeld || !strings.HasPrefix(command, "aws lambda invoke ") {
		return d.Why, ""
	}
	return reason, command
}

// line is one line of a description.
type line struct{ label, text string }

// description says why, who asked, and what was done, one line each. Every line
// begins with a word of ours, so that nothing from outside can begin one.
func (t *Notifier) description(n notice) string {
	d := n.first()
	why, _ := asks(d)
	lines := []line{{"Why", cmp.Or(plain(why, mostWhy), "nothing was said")}}
	if n.whole {
		lines = append(lines, line{"Count", n.count()})
	}
	lines = append(lines, line{"Group", code(d.Group, mostName)})
	if ids := n.instances(); n.several() {
		lines = append(lines, line{"Instances", n.list(ids)})
	} else {
		lines = append(lines,
			line{"Instance", code(d.InstanceID, mostName)},
			line{"Named", code(d.Target, mostName)},
			line{"Case", code(d.CaseID, mostName)},
			line{"EC2's code", code(d.Code, mostCode)},
			line{"Asked by", code(d.Source, mostName)},
			line{"On behalf of", code(d.RequestedBy, mostName)},
			line{"Reason given", plain(d.Reason, mostText)},
			line{"Evidence", code(d.Evidence, mostText)}, // an address in S3, to be copied
			line{"Kept alive", plain(d.Protected, mostText)},
		)
	}
	lines = append(lines, line{"Region", code(t.region(), mostName)})
	var b strings.Builder
	for _, l := range lines {
		if l.text == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(l.label + ": " + l.text)
	}
	return b.String()
}

// count says how many, what went untold before, and that the next hour's are not told
// one by one.
func (n notice) count() string {
	s := fmt.Sprintf("%d now; more of the same within an hour are counted and told with the next", len(n.decisions))
	if n.untold > 0 {
		s += fmt.Sprintf(". Another %d came in the hour after this was told last", n.untold)
	}
	return s
}

// list names the instances, and says how many decisions are about others.
func (n notice) list(ids []string) string {
	if len(ids) == 0 {
		return ""
	}
	s := "`" + strings.Join(ids, "` `") + "`"
	if len(n.decisions) > len(ids) {
		s += " and others: the function's log has them all"
	}
	return s
}
