package notify

import (
	"cmp"
	"strings"

	"crashcart/lambda/domain/cases"
)

// found is what a title says at the end of a case, by finding. {instance} stands for its
// instance.
var found = map[cases.Finding]string{
	cases.FindingDumped:     "{instance} crashed and wrote its dump",
	cases.FindingDumpFailed: "{instance} crashed, but has no complete dump",
	cases.FindingHungInDump: "{instance} crashed, but got stuck in its dump",
	cases.FindingNoDump:     "{instance} crashed, but wrote no dump",
	cases.FindingIgnored:    "{instance} ignored the interrupt: it did not crash, and there is no dump",
	cases.FindingRaced:      "{instance} was rebooted, stopped or replaced before its dump was done",
	cases.FindingUnproven:   "Nothing proves that {instance} crashed",
}

// found is what the title says of the finding. A crash may be proven though its end is not.
func (u Update) found() string {
	if u.Finding == cases.FindingUnproven {
		if _, crashed := u.proof(cases.StageCaptureKernel, cases.StagePanicked, cases.StageDumpComplete); crashed {
			return "{instance} crashed; how its dump ended is not known"
		}
	}
	return found[u.Finding]
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
	case UpdateCollect:
		return cut(who+" "+u.hasComeBack()+u.onItsWay()+u.doubted(), mostTitle)
	default:
		return cut(strings.ReplaceAll(u.found(), "{instance}", who)+u.back()+u.whereItIs()+u.doubted(), mostTitle)
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

// back says whether the host is back, as the end of a title. A host that ignored the
// interrupt was never away.
func (u Update) back() string {
	p, answers := u.proof(cases.StageReachable)
	after := u.after(p.SeenAt)
	_, rebooted := u.proof(cases.StageRebooted)
	switch {
	case u.Finding == cases.FindingIgnored:
		return ""
	case answers && (after == "" || u.Finding == cases.FindingUnproven):
		return "; it answers"
	case answers && p.Doubt != "":
		return ", perhaps back after " + after
	case answers:
		return ", back after " + after
	case rebooted:
		return "; it has rebooted, but does not answer"
	default:
		return "; it does not answer"
	}
}

// doubted is the doubt, as the end of a title.
func (u Update) doubted() string {
	if doubt := plain(u.Doubt, mostTitle); doubt != "" {
		return " (in doubt: " + doubt + ")"
	}
	return ""
}
