package witness

import (
	"bytes"
	"slices"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/console"
)

// phase is how far the machine has come, as its console is read.
type phase uint8

const (
	interrupted phase = iota // the kernel that was interrupted
	capturing                // the capture kernel
	back                     // an ordinary kernel after it
)

// found is a stage that a console shows.
type found struct {
	stage cases.Stage
	line  console.Line
	doubt string
}

// reader reads a console from the interrupt on.
type reader struct {
	reading *console.Reading
	before  []byte // the console from before the interrupt
	after   []byte
	clock   time.Duration // how far the kernel's clock had come in it
	joined  bool          // both have text in common
	known   phase         // by older consoles
	sentAt  time.Time     // of the interrupt

	phase    phase
	captured bool          // the newest life is one of a capture kernel
	newest   *console.Line // the newest by which the capture kernel is known

	foreign bool // the life is a boot that may be the capture kernel's, or the crashed kernel's log
	found   []found
	dump    dump

	ignored  *console.Line // by which the kernel goes on
	shutdown *console.Line // of an orderly shutdown of the kernel that was interrupted
	broken   *console.Line // by which the capture kernel has panicked
	failed   *console.Line // the newest on a dump that was not complete when its kernel left
	parted   bool          // the capture kernel has said a word of a shutdown
	cut      bool          // it was gone amid its dump, and had not
	windows  int           // lines of a Windows that were read
}

// Why a stage may not be so.
const (
	doubtWords  = "the console shows words of a dump, and not the boot of its kernel"
	doubtMidway = "the console no longer shows how that boot began"
)

// read reads the lives from the place at on. Where the consoles are joined, what stands
// before it is from before the interrupt.
func (r *reader) read(lives []life, at int) {
	if !r.joined {
		r.phase = r.known
	}
	newer := r.reading.Newer(at)
	for i := range lives {
		l := &lives[i]
		r.captured = l.kind == capture
		r.foreign = l.begun && l.kind == unknown && newer(l.lines[0])
		for n := range l.lines {
			if !newer(l.lines[n]) {
				continue
			}
			if n == 0 {
				r.enter(l)
			}
			if isOfWindows(l.lines[n].Sign) {
				r.takeWindows(&l.lines[n])
			} else {
				r.take(l, n)
			}
		}
	}
}

// enter begins a life that is newer than the interrupt. A capture kernel shows by its own
// lines. One behind an ordinary boot is of another crash, and not ours.
func (r *reader) enter(l *life) {
	switch {
	case l.kind == ordinary:
		r.reboot(l, "")
	case l.kind == unknown && !l.begun && r.phase == capturing && l.isUpAfter(0):
		r.reboot(l, doubtMidway)
	}
}

// reboot notes an ordinary boot. What the kernel before it has not said will not be said.
// Its dump has failed only if the console has shown it from its midst to its end.
func (r *reader) reboot(l *life, doubt string) {
	if r.phase == back {
		return
	}
	if r.phase == capturing && r.dump.watched && !r.dump.complete {
		r.failed = &l.lines[0]
		if r.dump.last != nil {
			r.failed = r.dump.last
		}
		r.cut = !r.parted && r.dump.failed == nil
		if r.dump.failed != nil {
			r.failed = r.dump.failed
		}
	}
	r.phase = back
	line := l.lines[0]
	for _, other := range l.lines {
		if other.Sign == console.SignCommand {
			line = other
			break
		}
	}
	r.prove(cases.StageRebooted, line, doubt)
}

// take takes the line of the index n of a life.
func (r *reader) take(l *life, n int) {
	line := &l.lines[n]
	if r.foreign && !line.Sign.OfDump() {
		return
	}
	if r.phase == interrupted && r.isCapture(l, n) {
		r.capture(line)
	}
	switch r.phase {
	case interrupted:
		r.takeInterrupted(l, n)
	case capturing:
		r.takeCapturing(line)
	case back:
		if l.kind != capture && isUp(line.Sign) {
			r.prove(cases.StageReachable, *line, "")
		}
	}
}

// isCapture says whether a line shows that the capture kernel runs.
func (r *reader) isCapture(l *life, n int) bool {
	return captures(l, n) && (l.begun && l.kind == capture || !r.isLater(&l.lines[n]))
}

// isLater says that the kernel's time in a line is not before that of the console from
// before the interrupt. Such a line is the interrupted kernel's: a capture kernel begins anew.
func (r *reader) isLater(line *console.Line) bool {
	clock, timed := r.reading.Time(*line)
	return r.joined && r.clock > 0 && timed && clock >= r.clock && line.Sign != console.SignCapture
}

// capture notes the capture kernel, which the line shows.
func (r *reader) capture(line *console.Line) {
	r.phase = capturing
	doubt := doubtWords
	if line.Sign == console.SignCapture || !r.joined && line.Sign == console.SignProgress {
		doubt = ""
	}
	r.prove(cases.StageCaptureKernel, *line, doubt)
}

// captures says whether a line is one of a capture kernel. A kernel that prints nothing of
// its boot shows only the words of its dump, and these stand in the life before.
func captures(l *life, n int) bool {
	switch sign := l.lines[n].Sign; {
	case sign == console.SignCapture:
		return true
	case !sign.OfDump():
		return false
	case l.kind == capture:
		return true
	}
	return !l.isUpAfter(n)
}

// takeInterrupted takes a line of the kernel that was interrupted. One from before its
// time is another kernel's, of which the ring has forgotten the boot. A kernel that shows
// that it is up behind a panic has not panicked: somebody has printed an older log.
func (r *reader) takeInterrupted(l *life, n int) {
	line := &l.lines[n]
	if clock, timed := r.reading.Time(*line); timed && clock < r.clock {
		return
	}
	switch line.Sign {
	case console.SignNMI:
		r.prove(cases.StageSeen, *line, "")
	case console.SignIgnored:
		r.prove(cases.StageSeen, *line, "")
		r.ignored = line
	case console.SignPanicked:
		if !l.isUpAfter(n) {
			r.prove(cases.StagePanicked, *line, "")
		}
	case console.SignShutdown, console.SignLastWord:
		r.takeShutdown(line)
	}
}

// takeShutdown takes a line of a shutdown. It is that of the kernel that was interrupted
// only where its console goes on: a capture kernel that prints nothing else says such a
// word at its end, and a kernel that has panicked, too.
func (r *reader) takeShutdown(line *console.Line) {
	if !r.joined || r.shutdown != nil || r.has(cases.StagePanicked) {
		return
	}
	if !bytes.Contains(r.raw(line), []byte("Rebooting in ")) { // in so many seconds, says a panic
		r.shutdown = line
	}
}

// maxRaw is how much of a line is looked at, in bytes.
const maxRaw = 400

// raw is the beginning of a line, as it stands on the console.
func (r *reader) raw(line *console.Line) []byte {
	text := r.after[line.Offset:]
	text = text[:min(len(text), maxRaw)]
	if end := bytes.IndexAny(text, "\r\n"); end >= 0 {
		text = text[:end]
	}
	return text
}

// takeCapturing takes a line of the capture kernel.
func (r *reader) takeCapturing(line *console.Line) {
	if line.Sign == console.SignCapture || line.Sign.OfDump() {
		r.newest = line
	}
	switch line.Sign {
	case console.SignDmesg:
		r.prove(cases.StageDmesgSaved, *line, "")
	case console.SignPanicked:
		r.broken = line
	case console.SignShutdown, console.SignLastWord:
		r.parted = true
	}
	if r.dump.take(line) {
		r.prove(cases.StageDumpComplete, *line, r.dump.doubt)
	}
	if line.Sign == console.SignDumpFailed { // it may delete what it has saved, to make room
		r.found = slices.DeleteFunc(r.found, func(f found) bool { return f.stage == cases.StageDumpComplete })
	}
}

func (r *reader) has(s cases.Stage) bool {
	for _, f := range r.found {
		if f.stage == s {
			return true
		}
	}
	return false
}

// prove notes a stage, if it is new.
func (r *reader) prove(s cases.Stage, line console.Line, doubt string) {
	if !r.has(s) {
		r.found = append(r.found, found{s, line, doubt})
	}
}

// text is a line as text that prints, or nothing for no line.
func (r *reader) text(line *console.Line) string {
	if line == nil {
		return ""
	}
	return r.reading.Text(*line)
}
