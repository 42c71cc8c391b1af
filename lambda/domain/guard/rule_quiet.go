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
	activity, line := console.Read(text)
	switch activity {
	case console.Dumping:
		return refuse("its capture kernel is writing a dump already; an interrupt would kill it: %s", line)
	case console.ShuttingDown:
		return refuse("it is shutting down: %s", line)
	case console.Booting:
		return notYet("its console shows a boot that has not finished: %s", line)
	}
	return allow()
}
