package guard

import (
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/console"
)

// quiet permits while the console shows nothing that an interrupt would ruin. A console
// that cannot be read permits too: the console is evidence, not a condition.
type quiet struct{}

func (quiet) Name() string { return cases.RuleQuiet }

func (quiet) Check(in Inquiry) Verdict {
	text, err := in.Console.Get()
	if err != nil {
		return doubt("the console", err)
	}
	r := console.Scan(text)
	switch r.Activity {
	case console.Dumping:
		return refuse("its capture kernel is writing a dump already%s; an interrupt would kill it: %s", progress(&r), r.Line)
	case console.ShuttingDown:
		return refuse("it is shutting down: %s", r.Line)
	case console.Booting:
		return notYet("its console shows a boot that has not finished: %s", r.Line)
	}
	return allow()
}

// progress says how far the dump is, where the console says so: ", 41 %, 9m10s to go".
func progress(r *console.Reading) string {
	if r.Progress == "" {
		return ""
	}
	if r.Left == "" {
		return ", " + r.Progress
	}
	return ", " + r.Progress + ", " + r.Left + " to go"
}
