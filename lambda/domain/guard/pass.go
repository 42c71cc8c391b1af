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
	w := in.watch()
	seen := trigger.Seen{At: in.asOf(), EBS: in.volumesFailed(), Kernel: w.mark.Clock.Seconds(), Lines: w.mark.Lines, Back: w.back}
	if w.read {
		seen.Still, seen.Screens = w.still, w.screens
	}
	if w.stuckLately(seen.At) {
		seen.Stuck = w.stuck
	}
	if seen.Kernel == 0 && seen.EBS.IsZero() && seen.Still.IsZero() && seen.Back.IsZero() && seen.Stuck.IsZero() {
		return nil
	}
	return &seen
}

// volumesFailed is when a pass last saw the attached-EBS check fail. It is zero for never, or
// for so long ago that it counts no more.
func (in Inquiry) volumesFailed() time.Time {
	now := in.asOf()
	if s, err := in.Instance.Status.Get(); err == nil && s.EBS.Status == "impaired" {
		return now
	}
	before := in.Ref.Seen
	switch {
	case before == nil || now.Sub(before.EBS) >= ebsHeals:
		return time.Time{}
	case before.EBS.After(now): // by the clock of another function
		return now
	}
	return before.EBS
}

// ebsHeals is how long after a failed attached-EBS check nothing is interrupted. The check
// is minutes late, and so is its recovery.
const ebsHeals = 10 * time.Minute
