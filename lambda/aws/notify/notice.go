package notify

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// notice is one message to be: decisions about the same topic, told together.
type notice struct {
	topic     string // safe as a key and in print: a rule or an outcome, and what it is about
	decisions []Decision
	limited   bool // the limiter is asked
	whole     bool // about a rule or a group as a whole, with a count
	untold    int  // decisions before these that went untold
}

// plan sorts decisions into notices, interrupts first: when the time runs out, it
// is the refusals that go untold.
func plan(decisions []Decision) []notice {
	type key struct {
		topic  string
		dryRun bool
	}
	var notices []notice
	at := map[key]int{}
	for _, d := range decisions {
		if !told(d) {
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

// told says whether a decision is told at all. What failed without a case was put
// back to be decided again.
func told(d Decision) bool {
	switch d.Outcome {
	case outcomeInterrupted, outcomeDryRun, outcomeRejected, outcomeUnknown, outcomeRefused, outcomeHeld:
		return true
	case outcomeFailed:
		return d.CaseID != ""
	}
	return false
}

func newNotice(d Decision) notice {
	n := notice{decisions: []Decision{d}}
	if n.fired() && !n.dryRun() {
		n.topic = topicOf(d.Outcome, cmp.Or(d.CaseID, about(d)))
		return n
	}
	n.limited = true
	switch {
	case n.fired():
		n.topic = topicOf(d.Outcome, about(d))
	case d.Rule == "lever" || d.Rule == "region" || d.Rule == "budget":
		n.topic, n.whole = d.Rule, true
	case d.Rule == "group" && d.Group != "":
		n.topic, n.whole = topicOf(d.Rule, d.Group), true
	default:
		n.topic = topicOf(cmp.Or(d.Rule, d.Outcome), about(d))
	}
	return n
}

// about is what a decision is about.
func about(d Decision) string { return cmp.Or(d.InstanceID, d.Target, "nothing") }

// first is the decision that stands for all of the notice.
func (n notice) first() Decision { return n.decisions[0] }

// fired says whether the shot was taken, or rehearsed.
func (n notice) fired() bool {
	o := n.first().Outcome
	return o != outcomeRefused && o != outcomeHeld
}

// dry run says whether nothing real was asked for. What was interrupted is real,
// whatever else is said of it.
func (n notice) dryRun() bool {
	d := n.first()
	return d.Outcome == outcomeDryRun || d.DryRun && d.Outcome != outcomeInterrupted
}

// rank is where a notice stands in the row.
func (n notice) rank() int {
	switch {
	case n.fired() && !n.dryRun():
		return 0
	case n.fired():
		return 1
	default:
		return 2
	}
}

// counted is how many decisions are to be counted if they may not be told: a count
// is told of a rule or a group as a whole alone.
func (n notice) counted() int {
	if n.whole {
		return len(n.decisions)
	}
	return 0
}

// mostTopic is how long a subject may be to be a key in its own words. DynamoDB takes
// 2,048 bytes ("Quotas in Amazon DynamoDB", Amazon DynamoDB Developer Guide).
const mostTopic = 128

// topicOf is the limiter's topic of a rule (or an outcome) and what it is about. A
// subject that is long, or not harmless in print, becomes its hash.
func topicOf(rule, subject string) string {
	odd := func(r rune) bool { return !letterOrDigit(r) && !strings.ContainsRune("-_.:=+/", r) }
	if strings.ContainsFunc(subject, odd) || plain(subject, mostTopic) != subject {
		sum := sha256.Sum256([]byte(subject))
		subject = "~" + hex.EncodeToString(sum[:16])
	}
	return rule + "/" + subject
}

// checked takes what must have a form, because it becomes part of commands and of
// what custom actions read, and drops what has not: an instance id that is none is
// just a name.
func checked(d Decision) Decision {
	if !instanceID(d.InstanceID) {
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

// instanceID says whether s has the form of an EC2 instance id: i- and 8 or 17
// hexadecimal digits ("Resource IDs", Amazon EC2 User Guide).
func instanceID(s string) bool {
	digits, ok := strings.CutPrefix(s, "i-")
	return ok && (len(digits) == 8 || len(digits) == 17) && strings.Trim(digits, "0123456789abcdef") == ""
}

// word says whether s is made of letters, digits and "-", as case ids, rules and
// Regions are, and short.
func word(s string) bool {
	return s != "" && len(s) <= mostTopic && !strings.ContainsFunc(s, func(r rune) bool {
		return !letterOrDigit(r) && r != '-'
	})
}

func letterOrDigit(r rune) bool {
	return '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}
