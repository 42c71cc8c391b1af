package witness

import (
	"slices"

	"crashcart/lambda/domain/console"
)

// newest is where the newest crash of a console begins, where there is no older console to
// compare it with. It is the end of the text if there is no crash.
func newest(lives []life, end int) int {
	for k, l := range slices.Backward(lives) {
		at := l.crashAt()
		switch {
		case at < 0, l.begun && l.kind == unknown: // it may be a capture kernel, or the crashed kernel's log
		case l.begun && l.kind == capture && k > 0 && lives[k-1].kind != capture && lives[k-1].crashAt() >= 0:
			return lives[k-1].lines[lives[k-1].crashAt()].Offset
		default:
			return l.lines[at].Offset
		}
	}
	return end
}

// crashAt is the index of the line with which the newest crash in this life begins, or -1.
func (l *life) crashAt() int {
	if l.kind == capture {
		return 0
	}
	at := -1
	for n, line := range l.lines {
		switch line.Sign {
		case console.SignNMI, console.SignBugcheck:
			at = n
		case console.SignIgnored, console.SignPanicked:
			if at < 0 {
				at = n
			}
		}
	}
	return at
}
