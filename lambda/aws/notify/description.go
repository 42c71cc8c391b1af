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

// line is one line of a description.
type line struct{ label, text string }

// description says why, who asked, and what was done, one line each. Every line
// begins with a word of ours, so that nothing from outside can begin one.
func (nt *Notifier) description(n notice) string {
	d := n.first()
	lines := []line{{"Why", cmp.Or(plain(d.Why, mostWhy), "no reason was given")}}
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
	return joined(append(lines, line{"Region", code(nt.region(), mostName)}))
}

// joined are the lines that say something.
func joined(lines []line) string {
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

// count says how many decisions there are, how many were skipped before, and that the
// next hour's have no messages of their own.
func (n notice) count() string {
	s := fmt.Sprintf("%d now; more of the same within the hour are only counted, and the next message has the count", len(n.decisions))
	if n.skipped > 0 {
		s += fmt.Sprintf(". Another %d came in the hour after the last message", n.skipped)
	}
	return s
}

// list names the instances, and says so if decisions are about others as well.
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
