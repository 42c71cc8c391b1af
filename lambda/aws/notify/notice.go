package notify

import (
	"cmp"
	"slices"
	"strings"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/instance"
)

// notice is one message to be: decisions about the same topic, published together.
type notice struct {
	topic     string // safe as a key and in print: a rule or an outcome, and what it is about
	decisions []Decision
	limited   bool // the limiter is asked
	whole     bool // about a rule or a group as a whole, with a count
	skipped   int  // decisions before these of which nobody was notified
}

// plan sorts decisions into notices, interrupts first: when the time runs out, only
// refusals are left over.
func plan(decisions []Decision) []notice {
	type key struct {
		topic  string
		dryRun bool
	}
	var notices []notice
	at := map[key]int{}
	for _, d := range decisions {
		if !wanted(d) {
			continue
		}
		d = checked(d)
		n := newNotice(d)
		if n.limited {
			k := key{n.topic, n.dryRun()}
			if i, ok := at[k]; ok {
				notices[i].decisions = append(notices[i].decisions, d)
				continue
			}
			at[k] = len(notices)
		}
		notices = append(notices, n)
	}
	slices.SortStableFunc(notices, func(a, b notice) int { return cmp.Compare(a.rank(), b.rank()) })
	return notices
}

// wanted says whether people are notified of a decision at all. A target that failed
// without a case was put back, and is decided again.
func wanted(d Decision) bool {
	switch d.Outcome {
	case cases.OutcomeInterrupted, cases.OutcomeDryRun, cases.OutcomeRejected, cases.OutcomeUnknown,
		cases.OutcomeRefused, cases.OutcomeHeld:
		return true
	case cases.OutcomeFailed:
		return d.CaseID != ""
	default: // later, duplicate, and what this package does not know
		return false
	}
}

func newNotice(d Decision) notice {
	n := notice{decisions: []Decision{d}}
	if n.claimed() && !n.dryRun() {
		n.topic = topicOf(string(d.Outcome), cmp.Or(d.CaseID, about(d)))
		return n
	}
	n.limited = true
	switch {
	case n.claimed():
		n.topic = topicOf(string(d.Outcome), about(d))
	case d.Rule == cases.RuleLever, d.Rule == cases.RuleRegion, d.Rule == cases.RuleBudget:
		n.topic, n.whole = d.Rule, true
	case d.Rule == cases.RuleGroup && d.Group != "":
		n.topic, n.whole = topicOf(d.Rule, d.Group), true
	case d.Outcome == cases.OutcomeHeld && d.Rule != "": // a refusal of the hour before must not keep the command back
		n.topic = topicOf("held-"+d.Rule, about(d))
	default:
		n.topic = topicOf(cmp.Or(d.Rule, string(d.Outcome)), about(d))
	}
	return n
}

// first is the decision that stands for all of the notice.
func (n notice) first() Decision { return n.decisions[0] }

// claimed says whether the target's case was opened, for an interrupt or a dry run of
// one. The rules had permitted it then.
func (n notice) claimed() bool {
	o := n.first().Outcome
	return o != cases.OutcomeRefused && o != cases.OutcomeHeld
}

// dryRun says whether nothing real was asked for. What was interrupted is real,
// whatever else is said of it.
func (n notice) dryRun() bool {
	d := n.first()
	return d.Outcome == cases.OutcomeDryRun || d.DryRun && d.Outcome != cases.OutcomeInterrupted
}

// rank is where a notice stands in the row.
func (n notice) rank() int {
	switch {
	case n.claimed() && !n.dryRun():
		return 0
	case n.claimed():
		return 1
	default:
		return 2
	}
}

// counted is how many decisions the limiter counts if it skips the notice. Only a
// message about a rule or a group as a whole has a count.
func (n notice) counted() int {
	if n.whole {
		return len(n.decisions)
	}
	return 0
}

// several says whether the notice is about more than one decision on more than one
// target. What was skipped before was another event.
func (n notice) several() bool { return n.whole && len(n.decisions) > 1 }

// instance is the one instance that a notice is about. It is empty if there is none, or
// more than one.
func (n notice) instance() string {
	if n.several() {
		return ""
	}
	return n.first().InstanceID
}

// mostInstances is how many instances a message names. Nobody reads more, and the
// log has them all.
const mostInstances = 20

// instances are the first of the instances that the notice is about.
func (n notice) instances() []string {
	var out []string
	seen := map[string]bool{}
	for _, d := range n.decisions {
		if d.InstanceID != "" && !seen[d.InstanceID] && len(out) < mostInstances {
			seen[d.InstanceID] = true
			out = append(out, d.InstanceID)
		}
	}
	return out
}

// checked drops what has not the form that it must have to become part of commands, and
// of what custom actions read. An instance id without the form of one is just a name.
func checked(d Decision) Decision {
	if !instance.IsID(d.InstanceID) {
		d.Target, d.InstanceID = cmp.Or(d.Target, d.InstanceID), ""
	}
	if !word(d.CaseID) {
		d.CaseID = ""
	}
	if !word(d.Rule) {
		d.Rule = ""
	}
	return d
}

// word says whether s is short, and made of letters, digits and "-", as case ids, rules
// and Regions are.
func word(s string) bool {
	return s != "" && len(s) <= mostTopic && !strings.ContainsFunc(s, func(r rune) bool {
		return !letterOrDigit(r) && r != '-'
	})
}

func letterOrDigit(r rune) bool {
	return '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}
