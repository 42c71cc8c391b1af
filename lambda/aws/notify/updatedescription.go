package notify

import (
	"cmp"
	"slices"
	"strings"

	"crashcart/lambda/domain/cases"
)

// mostLine is how long a console's line may be, in characters. A kernel's line is rarely
// longer than a screen is wide.
const mostLine = 300

// updateDescription says what became of the case and what shows it, one line each. As
// everywhere, each line begins with a word of ours.
func (nt *Notifier) updateDescription(u Update) string {
	lines := []line{{"Why", cmp.Or(plain(u.Why, mostText), "no reason was given")}, {"In doubt", plain(u.Doubt, mostText)}}
	var home []line
	switch u.Kind {
	case UpdateEnded:
		lines = append(lines, line{"Crashed", u.crashed()}, line{"Dumped", u.dumped()}, line{"Back", u.answers()})
		home = u.homeLines()
	case UpdateDumping, UpdateStalled:
		lines = append(lines, line{"Crashed", u.crashed()}, line{"Progress", u.progress()})
	case UpdateCollect:
		lines = append(lines, line{"Dumped", u.dumped()}, line{"Back", u.answers()}, line{"On its way", u.arriving()})
	case UpdateLost:
	}
	about := []line{
		{"Group", code(u.Group, mostName)},
		{"Instance", code(u.InstanceID, mostName)},
		{"Case", code(u.CaseID, mostName)},
		{"Asked by", code(u.Source, mostName)},
		{"On behalf of", code(u.RequestedBy, mostName)},
		{"Reason given", plain(u.Reason, mostText)},
		{"Evidence", code(u.Evidence, mostText)},
		{"Region", code(nt.region(), mostName)},
	}
	room := mostDescription - length(joined(append(slices.Clone(lines), about...)))
	return joined(slices.Concat(lines, fitting(home, room), about))
}

// fitting are the first lines that fit into so many characters.
func fitting(lines []line, room int) []line {
	for i, l := range lines {
		if room -= length("\n" + l.label + ": " + l.text); room < 0 {
			return lines[:i]
		}
	}
	return lines
}

// crashed says whether the kernel crashed, with the proof.
func (u Update) crashed() string {
	// The boot of the capture kernel is the proof on real kernels. An armed kernel
	// prints no panic.
	if p, ok := u.proof(cases.StageCaptureKernel, cases.StagePanicked, cases.StageDumpComplete); ok {
		return u.proven(p)
	}
	switch u.Finding {
	case cases.FindingDumped, cases.FindingDumpFailed, cases.FindingHungInDump, cases.FindingNoDump:
		return "yes"
	case cases.FindingIgnored:
		if p, ok := u.proof(cases.StageSeen); ok {
			return "no; it noticed the interrupt" + u.shown(p)
		}
		return "no"
	default:
		return "not proven"
	}
}

// whole says whether there is a dump, by finding.
var whole = map[cases.Finding]string{
	cases.FindingDumped:     "yes",
	cases.FindingDumpFailed: "no, it is not complete",
	cases.FindingHungInDump: "no, it is not complete",
	cases.FindingNoDump:     "no",
	cases.FindingIgnored:    "no",
	cases.FindingRaced:      "not proven",
	cases.FindingUnproven:   "not proven",
}

// dumped says whether there is a dump, with the proof. The log of a kernel is much of
// what a dump is for.
func (u Update) dumped() string {
	if p, ok := u.proof(cases.StageDumpComplete); ok {
		return u.proven(p)
	}
	if p, ok := u.proof(cases.StageDmesgSaved); ok && u.Finding != cases.FindingDumped {
		return whole[u.Finding] + "; its kernel's log was saved" + u.shown(p)
	}
	return whole[u.Finding]
}

// answers says whether the host is back, with the proof.
func (u Update) answers() string {
	if p, ok := u.proof(cases.StageReachable); ok {
		return u.proven(p)
	}
	if p, ok := u.proof(cases.StageRebooted); ok {
		return "not seen to answer; it has rebooted" + u.shown(p)
	}
	return "not seen"
}

// proven says yes, and what shows it.
func (u Update) proven(p cases.Proof) string { return "yes" + u.shown(p) }

// shown is what shows a stage: when, by what, with which line, and how sure that is.
func (u Update) shown(p cases.Proof) string {
	var b strings.Builder
	if after := u.after(p.SeenAt); after != "" {
		b.WriteString(", seen after " + after)
	}
	b.WriteString(inBrackets(plain(p.By, mostCode)))
	if text := code(p.Line, mostLine); text != "" {
		b.WriteString(": " + text)
	}
	if doubt := plain(p.Doubt, mostLine); doubt != "" {
		b.WriteString(" (in doubt: " + doubt + ")")
	}
	return b.String()
}
