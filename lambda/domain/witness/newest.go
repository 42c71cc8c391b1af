package witness

import (
	"slices"

	"crashcart/lambda/domain/console"
)

// newest is where the newest crash of a console begins, where there is no older console to
// compare it with. It is the end of the text if there is no crash.
func newest(lives []life, end int) int {
	for k := range slices.Backward(lives) {
		at := lives[k].crashAt()
		if at < 0 || isQuoted(lives, k) {
			continue
		}
		if k > 0 && lives[k].kind == capture && lives[k-1].kind != capture && lives[k-1].crashAt() >= 0 {
			return lives[k-1].lines[lives[k-1].crashAt()].Offset // the crashed kernel's own words
		}
		return lives[k].lines[at].Offset
	}
	return end
}

// isQuoted says that the words on a crash in the life k may be those of another kernel. A
// boot that has not shown whose it is may be the capture kernel's, or the crashed kernel's
// log. And whoever has dumped before would dump again: there somebody prints a saved log.
func isQuoted(lives []life, k int) bool {
	l := &lives[k]
	if l.kind == unknown {
		return l.begun
	}
	dumped := slices.ContainsFunc(lives[:k], func(l life) bool { return l.kind == capture })
	return dumped && k == len(lives)-1 && l.kind == ordinary && l.has(console.SignPanicked)
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
