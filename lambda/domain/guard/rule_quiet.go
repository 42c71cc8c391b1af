package guard

import (
	"bytes"
	"errors"
	"fmt"
	"time"
	"unicode"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/console"
	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/printable"
)

const (
	// unseenDump is for how long a host must be silent whose console is empty. It may be
	// dumping all that time, and not show it. Most dumps are over by then
	// (docs/adr/0022-what-an-unseen-console-means.md).
	unseenDump = 20 * time.Minute
	// unseenDumpWindows is the same for Windows. Its console never shows a dump: EC2 gives
	// the last three errors of its event log instead ("Instance console output", Amazon EC2
	// User Guide).
	unseenDumpWindows = 25 * time.Minute
)

// quiet permits while nothing goes on that an interrupt would ruin: a dump, a shutdown, a
// boot. The console says so. One that cannot be read never permits. One that shows nothing
// at all permits only after a silence that is longer than most dumps. That silence begins
// when the host seems to have died, or when its agent or heartbeat was heard after that.
// Where an alarm asks, the console, or the screen of a host whose console shows nothing,
// must also have shown no restart for some minutes (watch.go).
//
// A dump that was seen counts although the console has forgotten it: the casebook keeps a
// mark of it.
//
// A shutdown may hang, and then its console shows it for ever. Only a person can tell, and
// sets it aside by force. Force sets nothing else of this rule aside.
type quiet struct{}

func (quiet) Name() string { return cases.RuleQuiet }

func (quiet) Check(in Inquiry) Verdict {
	text, err := in.Console.Get()
	if err != nil {
		return withoutConsole(in, err)
	}
	book, err := in.Book.Get()
	if err != nil {
		return doubt("whether its console showed a dump before", err)
	}
	shown := in.watch().shown
	if v := busy(in, shown); v.Kind != Permitted {
		return v
	}
	if age := in.Now.Sub(book.DumpSeen); marked(book, age) && !shown.Booted {
		return refuse("its console showed a dump %s ago, and no boot that finished since: an interrupt could kill that dump; this counts for %s more",
			printable.Duration(age), printable.Duration(cases.MarkFor-age))
	}
	if v := screened(in, hides(text, shown)); v.Kind != Permitted || in.person() {
		return v
	}
	return readOnly(in)
}

// busy is the verdict on what the machine is doing, by its console.
func busy(in Inquiry, shown console.Reading) Verdict {
	switch {
	case shown.Activity == console.Dumping:
		v := refuse("its capture kernel is writing a dump%s: an interrupt would kill it; its console says: %s", progress(shown), shown.Line)
		v.DumpShown = true
		return v
	case shown.Activity == console.ShuttingDown && !in.forced(cases.RuleQuiet):
		return refuse("it is shutting down: %s; for a shutdown that hangs, a person may force %s", shown.Line, cases.RuleQuiet)
	case shown.Activity == console.Booting && !shown.Bare:
		return notYet("its console shows a boot that has not finished: %s", shown.Line)
	}
	return allow()
}

// readOnly holds a host whose kernel has made a file system read-only. Its agents and its
// writes may have ended by that one cause, and it is sick and not hung. Only a person can
// tell.
func readOnly(in Inquiry) Verdict {
	line := in.watch().news.ReadOnly
	if line == "" {
		return allow()
	}
	return Verdict{Kind: Held, Command: in.command(), Why: "its kernel has made a file system read-only, so that it may be sick and not hung: " + line + askAPerson}
}

// withoutConsole is the verdict where the console is not known. That of a Windows is not
// asked for before the evidence is taken, but its screen is: it may say enough.
func withoutConsole(in Inquiry, err error) Verdict {
	if _, unseen := in.Screenshot.Get(); unseen == nil && errors.Is(err, fact.ErrNotAsked) && !in.person() {
		if v := screened(in, ""); v.Kind != Permitted {
			return v
		}
	}
	return unreadable(err)
}

// screened judges a console that shows no activity, and where an alarm asks what passes have
// seen of it.
func screened(in Inquiry, why string) Verdict {
	if v := unseen(in, why); v.Kind != Permitted || in.person() {
		return v
	}
	return unwatched(in)
}

// hides says why a console could not show a dump that goes on. It is empty for one that
// would show it.
func hides(text []byte, shown console.Reading) string {
	switch {
	case blank(text):
		return "its console is empty, as it would be during a dump that it does not show"
	case shown.Bare: // its kernel does not write there, so that nothing ends that boot
		return "its console shows its firmware alone, as it would during a dump that it does not show"
	}
	return ""
}

// shutdown is the line of a shutdown that force sets aside.
func shutdown(in Inquiry) (line string, down bool) {
	text, err := in.Console.Get()
	if err != nil || !in.forced(cases.RuleQuiet) {
		return "", false
	}
	shown := console.Scan(text)
	return shown.Line, shown.Activity == console.ShuttingDown
}

// unreadable is the verdict on a console that could not be read.
func unreadable(err error) Verdict {
	v := doubt("the console", err)
	v.Why = fmt.Sprintf("its console cannot be read (%s)", printable.Line(err.Error(), maxText))
	return v
}

// progress is how far a dump is, as the sentence has it: ", 41 %, 9m1s to go".
func progress(shown console.Reading) string {
	text := ""
	if shown.Progress != "" {
		text += ", " + shown.Progress
	}
	if shown.Left != "" {
		text += ", " + shown.Left + " to go"
	}
	return text
}

// marked says whether a dump was seen so lately that it counts. A mark of the future
// counts: the clocks of two functions differ a little.
func marked(book cases.View, age time.Duration) bool {
	return !book.DumpSeen.IsZero() && age < cases.MarkFor
}

// unseen judges a console that shows no activity. If it could not show a dump, which why
// says, the silence must be longer than most dumps.
func unseen(in Inquiry, why string) Verdict {
	d, err := in.Instance.Description.Get()
	if err != nil {
		return doubt("whether it is a Windows, whose console shows no dump,", err)
	}
	need, what := unseenDump, why
	switch {
	case d.Windows:
		need, what = unseenDumpWindows, "the console of a Windows shows no dump, so there may be one"
	case why == "":
		return allow()
	}
	since, proven := silentSince(in)
	if !proven {
		return notYet("%s; %s of silence required, and nobody knows since when it is silent. Its agent or heartbeat must fall silent, its disk be still, or AWS's "+
			"reachability check fail, for that long; where none of them can, Crashcart cannot interrupt it", what, printable.Duration(need)).in(need - in.asOf().Sub(since))
	}
	if silent := in.asOf().Sub(since); silent < need {
		return notYet("%s; %s more of silence required", what, printable.Duration(need-silent)).in(need - silent)
	}
	return allow()
}

// blank says whether a console has no word on it.
func blank(text []byte) bool {
	word := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	return !bytes.ContainsFunc(printable.StripEscapes(nil, text), word)
}
