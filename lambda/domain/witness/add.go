package witness

import (
	"bytes"
	"hash/crc64"
	"slices"
	"strconv"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/console"
)

// What shows a stage.
const (
	byConsole = "console"
	byCheck   = "status check"
	byAgent   = "agent"

	byCrashcart = "Crashcart"
)

// Add gives the account with what the sight shows. A stage that is proven stays so, and
// the same sight again adds nothing.
func Add(a cases.Account, s Sight) cases.Account {
	a.Proofs = slices.Clone(a.Proofs)
	a.Windows = a.Windows || s.Windows
	prove(&a, cases.Proof{Stage: cases.StageSent, By: byCrashcart, SeenAt: a.SentAt})
	addConsole(&a, s)
	addInstance(&a, s)
	addCheck(&a, s)
	addPing(&a, s)
	return a
}

// addConsole adds what the console shows.
func addConsole(a *cases.Account, s Sight) {
	if len(s.Console) > 0 {
		addText(a, s)
	}
}

// addText adds what the console's text shows.
func addText(a *cases.Account, s Sight) (*console.Reading, *reader) {
	reading, doubt := console.Scan(s.Console), ""
	if s.Before == nil {
		doubt = doubtOlder
	}
	r := readSince(&reading, *a, s)
	if isOfOlder(*a, s, r) {
		forget(a)
	}
	a.Timed = reading.Timed && !reading.Bare
	a.Shown = a.Shown || reading.Timed || len(reading.Lines) > 0
	addUptime(a, s, r)
	addStages(a, s, r, doubt)
	keep(&a.Ignored, r.text(r.ignored))
	keep(&a.Broken, r.text(r.broken))
	if r.shutdown != nil && !reached(*a, cases.StageCaptureKernel) {
		keep(&a.Raced, "its console shows a shutdown: "+r.text(r.shutdown))
	}
	addDump(a, s, r)
	if r.phase == interrupted && !reached(*a, cases.StagePanicked) {
		addLife(a, livesOn(s, r))
	}
	return &reading, r
}

// addStages adds the stages that the reader has found. All of them have this doubt, if
// there is one.
func addStages(a *cases.Account, s Sight, r *reader, doubt string) {
	for _, f := range r.found {
		why := f.doubt
		if doubt != "" {
			why = and(why, doubt)
		}
		prove(a, cases.Proof{Stage: f.stage, Line: r.reading.Text(f.line), By: byConsole, SeenAt: s.At, Doubt: why})
		if f.stage == cases.StagePanicked && panicEnds(s.Console[f.line.Offset:]) {
			a.Ended = true
		}
	}
}

// panicEnds says that a panic has come to its end, by the kernel's own words (Linux,
// kernel/panic.c). A kernel that starts a capture kernel does not come so far.
func panicEnds(text []byte) bool {
	return bytes.Contains(text, []byte("Rebooting in ")) || bytes.Contains(text, []byte("---[ end Kernel panic"))
}

// addLife adds the line by which the interrupted boot goes on. The first may be from just
// before the interrupt. Another one in a later sight is not.
func addLife(a *cases.Account, line string) {
	if line == "" {
		return
	}
	a.Lively = a.Lively || a.Lives != "" && a.Lives != line
	keep(&a.Lives, line)
}

// addDump adds how far the dump is, whether it moves, and how it has failed.
func addDump(a *cases.Account, s Sight, r *reader) {
	switch {
	case r.failed != nil:
		a.Failed, a.Cut = r.text(r.failed), r.cut
	case r.phase == capturing && r.dump.failed != nil:
		a.Failed = r.text(r.dump.failed)
	case r.dump.complete, r.phase == capturing && r.dump.watched:
		a.Failed = ""
	}
	if r.phase != capturing {
		return
	}
	if moves(a, r) {
		a.MovedAt = s.At
	}
	if reading := r.reading; reading.Activity == console.Dumping && reading.Progress != "" {
		if a.Percent != reading.Progress {
			a.PercentAt = s.At
		}
		a.Percent, a.Left = reading.Progress, reading.Left
	}
}

// moves says that the console shows anything new of the capture kernel: another line that it
// is known by, or more of its kernel's time. Whatever else is printed may be by the host's
// next kernel, of which the ring has forgotten the boot.
func moves(a *cases.Account, r *reader) (moved bool) {
	if r.newest != nil {
		word := digest(r.raw(r.newest))
		moved, a.Word = word != a.Word, word
	}
	if r.captured && r.reading.Timed && r.reading.Clock > a.Clock {
		moved, a.Clock = true, r.reading.Clock
	}
	return moved
}

// readSince reads a console from the interrupt on, with what older ones have proven.
func readSince(reading *console.Reading, a cases.Account, s Sight) *reader {
	r := &reader{reading: reading, before: s.Before, after: s.Console, known: phaseOf(a), sentAt: a.SentAt}
	lives := livesOf(reading.Lines, s.Console)
	var at int
	if s.Before == nil {
		at, r.joined = sinceNewest(reading, lives, a, s)
	} else {
		at, r.joined = fresh(s.Before, s.Console)
		r.clock = markOf(s.Before).Clock
	}
	r.read(lives, at)
	return r
}

// sinceNewest is where the text begins that counts, where there is no console from before:
// with the newest crash. A crash that is known and no longer on the console is older than
// all of it.
func sinceNewest(reading *console.Reading, lives []life, a cases.Account, s Sight) (at int, joined bool) {
	at = newest(lives, len(s.Console))
	switch {
	case len(lives) > 0 && isOlder(reading, a, s):
		boot := lives[len(lives)-1].lines[0].Offset
		return max(at, boot+max(1, bytes.IndexAny(s.Console[boot:], "\r\n"))), true
	case at == len(s.Console) && phaseOf(a) != interrupted:
		return 0, false
	}
	return at, true
}

// isOlder says that the newest kernel of a console has run since before the interrupt. All
// crashes before it are then older, too.
func isOlder(r *console.Reading, a cases.Account, s Sight) bool {
	return !s.At.IsZero() && r.Timed && r.Clock > s.At.Sub(a.SentAt)+clocks
}

// markOf is how far a console had come.
func markOf(text []byte) console.Mark { return console.NewsSince(text, console.Mark{}).Mark }

// phaseOf is how far the machine had come by an account.
func phaseOf(a cases.Account) phase {
	switch {
	case reached(a, cases.StageRebooted):
		return back
	case reached(a, cases.StageCaptureKernel):
		return capturing
	}
	return interrupted
}

// livesOn is the line by which the interrupted boot goes on: the kernel's clock has run on,
// and user space has written something. A ring that has forgotten what was before the
// interrupt cannot show that.
func livesOn(s Sight, r *reader) string {
	if s.Before == nil || !r.joined {
		return ""
	}
	was := markOf(s.Before)
	news := console.NewsSince(s.Console, was)
	if !news.Same || news.Life == "" || news.Mark.Clock <= was.Clock {
		return ""
	}
	return "its console goes on in the same boot: " + news.Life
}

// digest stands for a text, to see whether it is another one.
func digest(text []byte) string {
	return strconv.FormatUint(crc64.Checksum(text, crc64.MakeTable(crc64.ECMA)), 36)
}

// keep sets what is not set yet.
func keep(into *string, text string) {
	if *into == "" {
		*into = text
	}
}

func reached(a cases.Account, s cases.Stage) bool {
	_, ok := a.Reached(s)
	return ok
}

// prove adds a proof, if its stage has none yet, or takes the doubt from one. The proofs
// are in the order of the stages.
func prove(a *cases.Account, p cases.Proof) {
	order := cases.Stages()
	at, found := slices.BinarySearchFunc(a.Proofs, p, func(x, y cases.Proof) int {
		return slices.Index(order, x.Stage) - slices.Index(order, y.Stage)
	})
	switch {
	case !found:
		a.Proofs = slices.Insert(a.Proofs, at, p)
	case a.Proofs[at].Doubt != "" && p.Doubt == "":
		p.SeenAt = a.Proofs[at].SeenAt
		a.Proofs[at] = p
	}
}
