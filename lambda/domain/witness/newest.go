package witness

import (
	"slices"

	"crashcart/lambda/domain/console"
)

// newest is the place at which the newest crash of a console begins, where there is no
// older console to compare it with. It is the end of the text if there is no crash.
func newest(r *console.Reading, lives []life, end int) int {
	for k, l := range slices.Backward(lives) {
		at := l.crashAt()
		if at < 0 || l.suspect && l.kind != capture {
			continue
		}
		if l.begun && l.kind == capture {
			if place, ok := lastWords(r, lives, k-1); ok {
				return place
			}
			return r.Place(l.lines[0])
		}
		return r.Place(l.lines[at])
	}
	return end
}

// lastWords is where the kernel of the life k has begun to say that it crashes.
func lastWords(r *console.Reading, lives []life, k int) (place int, ok bool) {
	if k < 0 || lives[k].kind == capture {
		return 0, false
	}
	at := lives[k].crashAt()
	if at < 0 {
		return 0, false
	}
	return r.Place(lives[k].lines[at]), true
}

// crashAt is the index of the line with which the newest crash in this life begins, or -1.
func (l *life) crashAt() int {
	if l.kind == capture {
		return 0
	}
	at := -1
	for n, line := range l.lines {
		switch {
		case line.Sign == console.SignNMI, line.Sign == console.SignBugcheck, at < 0 && isOfCrash(line.Sign):
			at = n
		case at < 0 && line.Sign.OfDump() && !l.isUpAfter(n) && !l.begun:
			at = n
		}
	}
	return at
}

func isOfCrash(s console.Sign) bool {
	return s == console.SignIgnored || s == console.SignPanicked
}
