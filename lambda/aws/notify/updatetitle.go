package notify

import (
	"cmp"

	"crashcart/lambda/domain/cases"
)

// found is what a title says of an instance whose case has a finding.
var found = map[cases.Finding]string{
	cases.FindingDumped:     "crashed and wrote its dump",
	cases.FindingDumpFailed: "crashed, but has no complete dump",
	cases.FindingHungInDump: "crashed, but got stuck in its dump",
	cases.FindingNoDump:     "crashed, but wrote no dump",
	cases.FindingIgnored:    "ignored the interrupt: it did not crash, and there is no dump",
	cases.FindingRaced:      "was rebooted, stopped or replaced before its dump was done",
	cases.FindingUnproven:   "may have crashed or not: nothing proves it",
}

// title says what became of the case in one honest line.
func (u Update) title() string {
	who := cmp.Or(u.InstanceID, "an instance without a name")
	switch u.Kind {
	case UpdateDumping:
		return cut(who+" is writing its dump"+inBrackets(u.progress())+u.doubted(), mostTitle)
	case UpdateStalled:
		return cut(who+" seems stuck in its dump"+inBrackets(u.progress())+u.doubted(), mostTitle)
	case UpdateLost:
		return cut("Interrupt possibly sent to "+who+", its result is lost: leave it alone, it may be writing its dump", mostTitle)
	default:
		return cut(who+" "+found[u.Finding]+u.back()+u.doubted(), mostTitle)
	}
}

// mostProgress is how long one figure of a dump's writer may be, in characters.
const mostProgress = 32

// progress is how far the dump is, as far as it is known.
func (u Update) progress() string {
	percent, left := plain(u.Percent, mostProgress), plain(u.Left, mostProgress)
	switch {
	case left == "":
		return percent
	case percent == "":
		return left + " to go"
	default:
		return percent + ", " + left + " to go"
	}
}

// back says whether the host is back, as the end of a title. What ignored the interrupt
// was never away.
func (u Update) back() string {
	if u.Finding == cases.FindingIgnored {
		return ""
	}
	if p, ok := u.proof(cases.StageReachable); ok {
		if after := u.after(p.SeenAt); after != "" {
			return ", back after " + after
		}
		return ", and is back"
	}
	if _, ok := u.proof(cases.StageRebooted); ok {
		return ", has rebooted, but does not answer yet"
	}
	return ", is not back"
}

// doubted is the doubt, as the end of a title.
func (u Update) doubted() string {
	if doubt := plain(u.Doubt, mostTitle); doubt != "" {
		return " (in doubt: " + doubt + ")"
	}
	return ""
}
