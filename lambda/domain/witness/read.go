package witness

import (
	"crashcart/lambda/domain/cases"
)

// Read reads the console from before an interrupt, which may be nil, and that from after.
// The finding is that of a console to which nothing more comes. Where there is no console
// from before, the newest crash counts.
func Read(before, after []byte) Reading {
	var a cases.Account
	reading, r := addText(&a, Sight{Before: before, Console: after})
	out := Reading{Finding: Conclude(a, a.SentAt.Add(last)).Finding}
	for _, p := range a.Proofs {
		for _, f := range r.found {
			if f.stage == p.Stage {
				out.Stages = append(out.Stages, Line{Stage: f.stage, Text: reading.Text(f.line), Offset: f.line.Offset})
			}
		}
	}
	return out
}
