package console

import (
	"bytes"
	"slices"
	"sync"
	"time"
)

// judge decides what the words of one piece show.
type judge struct {
	line []byte // up to the end of the piece
	piece
	span

	denied   bool     // the piece has a denial
	header   int      // where the place of a crashed kernel's memory is named, or 0
	progress progress // what the last sign says of the dump's progress
	saying   bool     // it says something of that
}

// near is how far behind or before a word the text that goes with it is looked for, in
// bytes.
const near = 100

// maxMark is how long the mark before a message may be, in bytes.
const maxMark = 16

// note takes a word that says how the others are to be read.
func (j *judge) note(w *word, at int) {
	switch w.sign {
	case signDenial:
		j.denied = true
	case signHeader:
		j.header = at
	}
}

// sign is what a word at the index at shows, or 0 for nothing.
func (j *judge) sign(w *word, at int) Sign {
	j.saying = false
	rest := j.line[at+len(w.text):]
	if !j.counts(w, at) || !j.fits(w, at, rest) {
		return 0
	}
	switch w.sign {
	case SignCommand:
		return j.command(w)
	case SignProgress:
		return j.percent(progressAt(j.line, at, j.cut))
	case SignDump:
		return j.dump(w, rest)
	case SignDmesg:
		return j.dmesg(w)
	case signTarget:
		return target(rest)
	case signStage:
		return SignWork
	case signDated:
		return SignReady
	}
	return w.sign
}

// dmesg is what a word shows on the log of the crashed kernel. kdump-tools says itself that
// it is saved, when makedumpfile has ended.
func (j *judge) dmesg(w *word) Sign {
	if w.text == dmesgLog && j.isKdump() {
		return SignDump
	}
	return SignDmesg
}

// dump is what a word of a program that saves a dump shows. The word may begin a progress.
func (j *judge) dump(w *word, rest []byte) Sign {
	switch w.text {
	case copied:
		return j.percent(copiedAt(rest))
	case barred:
		if p, ok := barAt(rest); ok {
			return j.percent(p, ok)
		}
	}
	return turned(theTurns()[w.text], rest)
}

// theTurns are made when the first dump is read, and never change.
var theTurns = sync.OnceValue(dumpTurns)

// Words that only count together with others.
const (
	copied    = "Copied "
	barred    = "Saving dump "
	welcome   = "Welcome to "
	listening = "Server listening on "
	countdown = "Rebooting in "
	dmesgLog  = "The dmesg log is saved to "
	dracutRun = "Using kernel command line parameters: "
)

// fits says whether the text around a word is that which goes with it.
func (j *judge) fits(w *word, at int, rest []byte) bool {
	switch w.text {
	case welcome: // "Welcome to Debian GNU/Linux 12 (bookworm)!"; a greeting after a login ends otherwise
		return bytes.HasSuffix(bytes.TrimRight(rest, " "), []byte("!"))
	case listening:
		return j.isNamed("sshd")
	case countdown: // "Rebooting in 5 seconds.."
		return bytes.Contains(rest[:min(len(rest), near)], []byte(" seconds.."))
	}
	switch w.sign {
	case SignLogin:
		return j.isApart(at)
	case signStopping: // a user who logs out is stopped, too
		return !bytes.HasPrefix(rest, []byte("User ")) && !bytes.HasPrefix(rest, []byte("Session "))
	case SignVersion: // the kernel prints it at zero, and later somebody repeats it
		return !j.stamped || j.clock.clock < time.Second
	case signStage, signDated: // "Cloud-init v. 22.2.2 running 'modules:final' at", "... finished at"
		return bytes.Contains(j.line[max(j.from, at-near):at], []byte("loud-init"))
	}
	return true
}

// command is what a command line shows.
func (j *judge) command(w *word) Sign {
	switch {
	case j.header > 0:
		return SignCapture
	case w.text == dracutRun:
		return 0 // it has the command line's words in any kernel
	}
	return SignCommand
}

// place is where a sign stands: what must be seen of a long line.
func (j *judge) place(sign Sign, at int) int {
	if sign == SignCapture {
		return j.header
	}
	return at
}

// percent takes a progress, if it is one.
func (j *judge) percent(p progress, ok bool) Sign {
	if !ok {
		return 0
	}
	j.progress, j.saying = p, true
	return SignProgress
}

// counts says whether a word stands where it must, and is said by whoever must say it.
func (j *judge) counts(w *word, at int) bool {
	switch {
	case w.rule&asFact != 0 && j.denied, w.rule&byKdump != 0 && !j.isKdump(), w.rule&byLogind != 0 && !j.isNamed("systemd-logind"),
		w.rule&(byInit|byKernel) != 0 && j.who == program,
		w.rule&byKernel != 0 && j.who == system,
		w.rule&(atHead|byKernel) != 0 && !j.isHead(at),
		w.rule&leads != 0 && !j.isLead(at):
		return false
	}
	return j.mayKnow(w.sign)
}

// mayKnow says whether the speaker is one that the sign is believed of.
func (j *judge) mayKnow(sign Sign) bool {
	switch j.who {
	case kernel: // it starts and stops things, too
		return !sign.ofUnit()
	case program: // an application may say for its whole life that something will be checked
		return sign != SignWork || j.isChecker()
	}
	return true
}

// isNamed says whether the speaker's name begins so.
func (j *judge) isNamed(name string) bool { return bytes.HasPrefix(j.name, []byte(name)) }

// isChecker says whether the speaker checks or relabels a disk.
func (j *judge) isChecker() bool {
	return slices.ContainsFunc([]string{"fsck", "e2fsck", "systemd-fsck", "fixfiles", "selinux-autorelabel"}, j.isNamed)
}

func (j *judge) isKdump() bool { return j.isNamed("kdump") }

// isHead says whether a message begins at the index at: at the piece's beginning, or behind
// the name of init or of a kdump program.
func (j *judge) isHead(at int) bool {
	if at == j.text && (j.who != program || j.isKdump()) {
		return true
	}
	return at >= j.body && at-j.body <= near && len(bytes.TrimLeft(j.line[j.body:at], " ")) == 0
}

// isApart says that nothing stands right before the index at.
func (j *judge) isApart(at int) bool {
	return at == j.body || j.line[at-1] == ' ' || j.line[at-1] == '\t'
}

// isLead says whether a message begins at the index at, but for a mark before it. Where the
// beginning of the line may be missing, so may be the mark's.
func (j *judge) isLead(at int) bool {
	from := j.body
	if j.who == system && at >= j.text {
		from = j.text
	}
	before := j.line[from:at]
	if j.cut || bytes.HasSuffix(before, []byte("* ")) {
		return true
	}
	for len(before) > 0 {
		switch before[0] {
		case ' ', '*':
			before = before[1:]
		case '[', '(':
			end := bytes.IndexAny(before[:min(len(before), maxMark)], "])")
			if end < 0 {
				return false
			}
			before = before[end+1:]
		default:
			return false
		}
	}
	return true
}
