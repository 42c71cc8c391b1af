package guard

import (
	"time"

	"crashcart/lambda/domain/trigger"
	"crashcart/lambda/domain/vitals"
)

// Vitals is what every observer says of the target's host, for a person to read.
func (g *Guard) Vitals(q Question) []vitals.Vital { return g.inquiry(q).vitals().Vitals }

// ByPerson says whether a person asks for the target, or has to ask for it in any case. Then
// the age of a sign does not matter, and the metrics must reach back to before it.
func (g *Guard) ByPerson(q Question) bool { return g.inquiry(q).person() }

// Seen is what the next pass over the target has to know of this one: how far its console
// had come, since when it shows no restart, and when its attached-EBS check was last seen to
// fail. It is nil for nothing.
// A console that this pass has not read is not compared at the next.
func (g *Guard) Seen(q Question) *trigger.Seen {
	in := g.inquiry(q)
	seen := trigger.Seen{At: in.asOf()}
	if before := in.Ref.Seen; before != nil && seen.At.Sub(before.EBS) < ebsHeals {
		seen.EBS = before.EBS
	}
	if seen.EBS.After(seen.At) { // by the clock of another function
		seen.EBS = seen.At
	}
	w := in.watch()
	seen.Kernel, seen.Lines = w.mark.Clock.Seconds(), w.mark.Lines
	if w.read {
		seen.Still, seen.Screens = w.still, w.screens
	}
	seen.Back = w.back
	if w.stuckLately(seen.At) {
		seen.Stuck = w.stuck
	}
	if s, err := q.Instance.Status.Get(); err == nil && s.EBS.Status == "impaired" {
		seen.EBS = seen.At
	}
	if seen.Kernel == 0 && seen.EBS.IsZero() && seen.Still.IsZero() && seen.Back.IsZero() && seen.Stuck.IsZero() {
		return nil
	}
	return &seen
}

// ebsHeals is how long after a failed attached-EBS check nothing is interrupted. The check
// is minutes late, and so is its recovery.
const ebsHeals = 10 * time.Minute
