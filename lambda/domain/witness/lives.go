package witness

import (
	"bytes"
	"slices"

	"crashcart/lambda/domain/console"
)

// kind is what kernel a life of the console belongs to.
type kind uint8

const (
	unknown  kind = iota // it may be any
	ordinary             // a kernel that has booted as it always does
	capture              // one that saves the memory of a crashed kernel
)

// life is what lies between two boots on a console.
type life struct {
	lines []console.Line
	begun bool // it begins on this console
	kind  kind
	upAt  int // the index of the last line that shows it to be up, or -1
	// commanded says that the command line is one of an ordinary kernel.
	commanded bool
	// suspect says that it may be the crashed kernel's log, which the capture kernel before
	// it has printed.
	suspect bool
}

// livesOf parts the lines of a reading of a text into lives.
func livesOf(lines []console.Line, text []byte) []life {
	var lives []life
	for i := 0; i < len(lines); {
		n := i
		for n < len(lines) && lines[n].Life == lines[i].Life {
			n++
		}
		lives = append(lives, life{lines: lines[i:n], begun: i > 0 || boots(lines[:n])})
		i = n
	}
	for i := range lives {
		var before *life
		if i > 0 {
			before = &lives[i-1]
		}
		lives[i].judge(before, text)
	}
	return lives
}

// boots says that lines show a boot before the machine is up.
func boots(lines []console.Line) bool {
	for _, l := range lines {
		switch {
		case begins(l.Sign):
			return true
		case isUp(l.Sign):
			return false
		}
	}
	return false
}

// begins says that a life begins with the sign.
func begins(s console.Sign) bool {
	switch s {
	case console.SignVersion, console.SignCommand, console.SignCapture, console.SignFirmware,
		console.SignInit, console.SignStep, console.SignClock:
		return true
	}
	return false
}

// judge says what kernel the life belongs to, with the life before it. A boot whose command
// line is still to come may be one of a capture kernel.
func (l *life) judge(before *life, text []byte) {
	l.look(text)
	firmware := l.lines[0].Sign == console.SignFirmware
	l.suspect = before != nil && before.kind == capture && !before.ended() && !firmware
	switch {
	case l.has(console.SignCapture), l.saves():
		l.kind = capture
	case !l.begun:
	case l.isUpAfter(0), !l.suspect && (l.commanded || firmware):
		l.kind = ordinary
	}
}

// look notes what the lines of the life show.
func (l *life) look(text []byte) {
	l.upAt = -1
	for n, line := range l.lines {
		if isUp(line.Sign) {
			l.upAt = n
		}
		if line.Sign == console.SignCommand && isWhole(text[line.Offset:]) {
			l.commanded = true
		}
	}
}

// saves says that a program saves a dump in this life, and that nothing shows that it is
// an ordinary one.
func (l *life) saves() bool {
	at := slices.IndexFunc(l.lines, func(line console.Line) bool { return line.Sign.OfDump() })
	return at >= 0 && !l.isUpAfter(at) && (!l.commanded || l.suspect)
}

// maxCommand is how long a command line is surely printed as a whole, in bytes. The kernel
// cuts a longer message (Linux source, kernel/printk/printk.c, LOG_LINE_MAX), and kexec
// writes the word of a capture kernel last.
const maxCommand = 900

// isWhole says that the line that text begins with has ended, and was not cut.
func isWhole(text []byte) bool {
	return bytes.ContainsAny(text[:min(len(text), maxCommand)], "\r\n")
}

// ended says that the kernel of this life has said its last word, or has panicked.
func (l *life) ended() bool { return l.has(console.SignLastWord) || l.has(console.SignPanicked) }

func (l *life) has(sign console.Sign) bool {
	return slices.ContainsFunc(l.lines, func(line console.Line) bool { return line.Sign == sign })
}

// isUpAfter says that the machine shows that it is up at the line of the index at, or
// behind it.
func (l *life) isUpAfter(at int) bool { return l.upAt >= at }

// isUp says that a line with the sign shows a machine that is up.
func isUp(s console.Sign) bool { return s == console.SignReady || s == console.SignLogin }
