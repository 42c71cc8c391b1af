package guard

import (
	"time"

	"crashcart/lambda/domain/console"
	"crashcart/lambda/domain/trigger"
	"crashcart/lambda/domain/vitals"
)

// Vitals is what every observer says of the target's host, for a person to read.
func (g *Guard) Vitals(q Question) []vitals.Vital { return g.inquiry(q).vitals().Vitals }

// ByPerson says whether a person asks for the target, or has to ask for it in any case. Then
// the age of a sign does not matter, and the metrics must reach back to before it.
func (g *Guard) ByPerson(q Question) bool { return g.inquiry(q).person() }

// WantsConsole says whether the console is needed before the evidence is taken. It is
// where an alarm asks, a voice is dead and no disk speaks: then the kernel's own log is
// the only word on the machine, and it is compared with the pass before.
func (g *Guard) WantsConsole(q Question) bool {
	in := g.inquiry(q)
	if in.person() {
		return false
	}
	r := in.vitals()
	return len(r.Of(vitals.Voice, vitals.Dead)) > 0 && r.Named(vitals.DiskWrites).Says == vitals.Nothing && len(r.All(vitals.Alive)) == 0
}

// Seen is what the next pass over the target has to know of this one: how far its console
// had come, and when its attached-EBS check was last seen to fail. It is nil for nothing.
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
	if text, err := q.Console.Get(); err == nil {
		if news := console.NewsSince(text, console.Mark{}); news.Timed {
			seen.Kernel, seen.Lines = news.Mark.Clock.Seconds(), news.Mark.Lines
		}
	}
	if s, err := q.Instance.Status.Get(); err == nil && s.EBS.Status == "impaired" {
		seen.EBS = seen.At
	}
	if seen.Kernel == 0 && seen.EBS.IsZero() {
		return nil
	}
	return &seen
}

// ebsHeals is how long after a failed attached-EBS check nothing is interrupted. The check
// is minutes late, and so is its recovery.
const ebsHeals = 10 * time.Minute
