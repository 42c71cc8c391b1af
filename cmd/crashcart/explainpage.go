package main

import (
	"io"
	"time"

	"crashcart/cmd/crashcart/screen"
	"crashcart/lambda/domain/trigger"
)

// print prints an explanation: with --live for a person, unless JSON is asked for, and
// without it as JSON.
func (e explanation) print(out io.Writer, l *live) error {
	if !l.on || l.asJSON {
		return screen.JSON(out, e)
	}
	p := screen.New(out, time.Now())
	showExplanation(p, e)
	return p.Err()
}

// showExplanation prints what would become of each target, with the table of its vitals.
// What is ignored comes first, with the reason.
func showExplanation(p *screen.Page, e explanation) {
	began := false
	next := func() {
		if began {
			p.Blank()
		}
		began = true
	}
	for _, r := range e.Records {
		if r.Ignored != nil {
			next()
			showIgnored(p, *r.Ignored)
		}
	}
	for _, o := range e.Outcomes {
		next()
		showOutcome(p, o)
		if len(o.Vitals) > 0 {
			p.Blank()
			showVitals(p, o.Vitals, p.Now(), "ago")
		}
	}
	if !began {
		p.Text("The event asks for nothing.")
	}
}

// showIgnored prints why a record asks for nothing.
func showIgnored(p *screen.Page, i trigger.Ignored) {
	p.Text("ignored: " + string(i.Reason))
	p.Field("  why", i.Detail)
}
