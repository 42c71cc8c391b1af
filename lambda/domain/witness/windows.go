package witness

import (
	"bytes"
	"strings"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/console"
)

// doubtWindows is why a dump may not be complete that Windows speaks of.
const doubtWindows = "only Windows says so, after its restart"

// dumpSaved is what Windows's event 1001 says of a dump (Microsoft Learn, "Event ID 1001",
// source BugCheck).
const dumpSaved = "dump was saved in"

// windows takes a line of a Windows. EC2 shows lines of its log there, and may show an
// older one again: these have their own time in them, so a line that was there before is
// no news.
func (r *reader) windows(line console.Line) {
	raw := r.after[line.Offset:]
	if end := bytes.IndexAny(raw, "\r\n"); end >= 0 {
		raw = raw[:end]
	}
	if bytes.Contains(r.before, raw) {
		return
	}
	if line.Sign == console.SignBugcheck {
		r.prove(cases.StagePanicked, line, "")
		if strings.Contains(string(raw), dumpSaved) {
			r.dump.complete = true
			r.prove(cases.StageDumpComplete, line, doubtWindows)
		}
	}
	r.phase = back
	r.prove(cases.StageRebooted, line, "")
	if line.Sign == console.SignWindowsReady {
		r.prove(cases.StageReachable, line, "")
	}
}
