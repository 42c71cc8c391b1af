package witness

import (
	"bytes"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/console"
)

// doubtWindows is why a dump may not be complete that Windows speaks of.
const doubtWindows = "only Windows says so, after its restart"

// dumpSaved is what Windows's event 1001 says of a dump (Microsoft Learn, "Event ID 1001",
// source BugCheck).
const dumpSaved = "dump was saved in"

// maxWindows is how many lines of a Windows are read. EC2 shows a few.
const maxWindows = 64

// isOfWindows says that a line with the sign is one of a Windows.
func isOfWindows(s console.Sign) bool {
	return s == console.SignWindowsReady || s == console.SignBugcheck
}

// takeWindows takes a line of a Windows. EC2 shows lines of its log there, and may show an
// older one again: these have their own time in them, so a line that was there before is
// no news.
func (r *reader) takeWindows(line *console.Line) {
	raw := r.raw(line)
	if r.windows++; r.windows > maxWindows || bytes.Contains(r.before, raw) {
		return
	}
	if line.Sign == console.SignBugcheck {
		r.prove(cases.StagePanicked, *line, "")
		if bytes.Contains(raw, []byte(dumpSaved)) {
			r.prove(cases.StageDumpComplete, *line, doubtWindows)
		}
	}
	r.phase = back
	r.prove(cases.StageRebooted, *line, "")
	if line.Sign == console.SignWindowsReady {
		r.prove(cases.StageReachable, *line, "")
	}
}
