package storm

import (
	"fmt"
	"net/http"
	"slices"

	"crashcart/lab/fleet"
)

// diedBeforeSending holds when each of so many claims, and no other, was never sent, its
// trigger came again and was a duplicate, and the follow-up found that its result is lost.
func diedBeforeSending(deaths int) Check {
	return Check{Safety: true, Name: fmt.Sprintf("each of %d cases whose process died is found, reported and never sent", deaths), Broken: func(f *Facts) string {
		if len(f.Cases) != deaths {
			return fmt.Sprintf("%d cases are found", len(f.Cases))
		}
		sent, duplicates := sentTo(f), map[string]bool{}
		for _, d := range f.Decisions {
			if d.Outcome == "duplicate" {
				duplicates[d.CaseID] = true
			}
		}
		for _, c := range f.Cases {
			switch {
			case c.State != "unknown" || !c.Lost:
				return fmt.Sprintf("case %s is %s", c.ID, c.State)
			case sent[c.InstanceID]:
				return fmt.Sprintf("the interrupt of case %s was sent", c.ID)
			case !duplicates[c.ID]:
				return fmt.Sprintf("nobody was notified that case %s is open", c.ID)
			}
		}
		return ""
	}}
}

// sentTo are the instances that the interrupt was sent to.
func sentTo(f *Facts) map[string]bool {
	sent := map[string]bool{}
	for _, c := range f.Calls {
		if c.Operation == "SendDiagnosticInterrupt" {
			for _, id := range c.Instances {
				sent[id] = true
			}
		}
	}
	return sent
}

// settledAll holds when no case is left as `claimed`: the lab knows that each was
// sent, and the case must say so.
func settledAll() Check {
	return Check{Name: "every case says that its interrupt was sent", Broken: func(f *Facts) string {
		for _, c := range f.Cases {
			if c.State != "interrupted" {
				return fmt.Sprintf("case %s is %s", c.ID, c.State)
			}
		}
		return ""
	}}
}

// saidOften holds when the log says a thing at least so often.
func saidOften(message string, least int) Check {
	return Check{Name: fmt.Sprintf("the log says %q", message), Broken: func(f *Facts) string {
		if n := f.Said[message]; n < least {
			return fmt.Sprintf("%d times, not %d", n, least)
		}
		return ""
	}}
}

// withoutEvidence holds when no case has evidence from before in the bucket and every one says so.
func withoutEvidence() Check {
	return Check{Name: "the evidence is missing, and the case says so", Broken: func(f *Facts) string {
		if len(f.Evidence) > 0 {
			return fmt.Sprintf("%s is in the bucket", f.Evidence[0])
		}
		for _, c := range f.Cases {
			if !c.evidenceMissing() {
				return fmt.Sprintf("case %s says of its evidence: %q", c.ID, c.Evidence)
			}
		}
		return ""
	}}
}

// withEvidence holds when every interrupt has its evidence in the bucket.
func withEvidence() Check {
	return Check{Name: "every interrupt has its evidence in the bucket", Broken: func(f *Facts) string {
		for _, c := range f.Cases {
			if !slices.Contains(f.Evidence, "cases/"+c.ID+"/before/evidence.json") {
				return fmt.Sprintf("case %s has none", c.ID)
			}
		}
		return ""
	}}
}

// refusedBy holds when a rule refused at least one target.
func refusedBy(rule string) Check {
	return Check{Name: "some are refused by " + rule, Broken: func(f *Facts) string {
		if f.refusals()[rule] == 0 {
			return "none is"
		}
		return ""
	}}
}

// neverLater holds when every target was decided in its first pass: a fault is no
// reason to put anything off. The copy of an alarm whose host has been interrupted
// meanwhile may find it booting, which is a reason.
func neverLater() Check {
	return Check{Name: "nothing is put off", Broken: func(f *Facts) string {
		n, why := 0, ""
		for _, d := range f.Decisions {
			boots := d.Rule == twin && slices.ContainsFunc(f.Interrupts, func(i fleet.Interrupt) bool { return i.Instance == d.InstanceID })
			if d.Outcome == "later" && !boots {
				n, why = n+1, d.Why
			}
		}
		if n > 0 {
			return fmt.Sprintf("%d are, such as for: %s", n, why)
		}
		return ""
	}}
}

// struckByDeath holds when the follow-up died at one write at least, and so the state
// machine tried a step again.
func struckByDeath() Check {
	return Check{Name: "some processes of the follow-up died in the midst of a step", Broken: func(f *Facts) string {
		for _, c := range f.Following {
			if c.Lost && c.Status == http.StatusOK && c.Service == "dynamodb" {
				return ""
			}
		}
		return "none did"
	}}
}
