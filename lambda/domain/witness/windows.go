package witness

import (
	"bytes"
	"strings"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/console"
)

// Why what a Windows says may not be so.
const (
	doubtWindows = "only Windows says so, after its restart"
	doubtUndated = "its line has no date that could be read, so that it may be weeks old"
)

// dumpSaved is what Windows's event 1001 says of a dump (Microsoft Learn, "Event ID 1001",
// source BugCheck).
const dumpSaved = "dump was saved in"

// maxDate is how long a date at the head of a line may be, in bytes.
const maxDate = 40

// maxWindows is how many lines of a Windows are read. EC2 shows a few.
const maxWindows = 64

// isOfWindows says that a line with the sign is one of a Windows.
func isOfWindows(s console.Sign) bool {
	return s == console.SignWindowsReady || s == console.SignBugcheck
}

// takeWindows takes a line of a Windows. EC2 shows lines of its log there, and may show an
// older one again, be it weeks later. A line that was there before is no news, and neither
// is one whose date is from before the interrupt.
func (r *reader) takeWindows(line *console.Line) {
	raw := r.raw(line)
	if r.windows++; r.windows > maxWindows || bytes.Contains(r.before, raw) {
		return
	}
	doubt := ""
	switch date, ok := dateOf(raw); {
	case !ok:
		doubt = doubtUndated
	case date.Before(r.sentAt.Add(-clocks)):
		return
	}
	if line.Sign == console.SignBugcheck {
		r.prove(cases.StagePanicked, *line, doubt)
		if bytes.Contains(raw, []byte(dumpSaved)) {
			r.prove(cases.StageDumpComplete, *line, and(doubt, doubtWindows))
		}
	}
	r.phase = back
	r.prove(cases.StageRebooted, *line, doubt)
	if line.Sign == console.SignWindowsReady {
		r.prove(cases.StageReachable, *line, doubt)
	}
}

// dateOf is the date with which a line begins, as EC2's own lines of a Windows have it:
// "2026/11/28 12:03:05Z: Windows is Ready to use". A date in the host's own time zone, that
// is without its Z, cannot be compared with ours. The scanner has left out what begins with
// a date of another form: that is a log which somebody has printed.
func dateOf(raw []byte) (date time.Time, ok bool) {
	text, _, utc := strings.Cut(string(bytes.TrimSpace(raw[:min(len(raw), maxDate)])), "Z")
	if !utc {
		return time.Time{}, false
	}
	date, err := time.Parse("2006/01/02 15:04:05", text)
	return date, err == nil
}
