package console

import (
	"bytes"
	"strconv"
)

// progress is how far a dump is.
type progress struct {
	percent int
	copying bool   // it copies the memory; the phases before prepare that
	left    []byte // makedumpfile's own estimate, as it stands in the line
}

// The bounds within which the parts of a progress line are looked for, in bytes.
const (
	maxLabel  = 80
	maxFigure = 8
	maxLeft   = 12
)

// progressAt reads makedumpfile's progress, of which line[at:] is the " %]":
//
//	Copying data                                      : [ 41.0 %] \           eta: 9m10s
//
// Older versions print the percentage without a fraction. They have no estimate
// (makedumpfile source, print_info.c, print_progress). cut says that the line's beginning
// may be missing.
func progressAt(line []byte, at int, cut bool) (p progress, ok bool) {
	from := max(0, at-maxFigure)
	open := bytes.LastIndexByte(line[from:at], '[')
	if open < 0 {
		return progress{}, false
	}
	open += from
	figure := bytes.TrimLeft(line[open+1:at], " ")
	percent, digits := number(figure, 3)
	if digits == 0 || digits < len(figure) && figure[digits] != '.' {
		return progress{}, false
	}
	label := line[max(0, open-maxLabel):open]
	tail := line[at:min(len(line), at+maxLabel)]
	p = progress{percent: int(min(percent, 100)), left: leftOf(tail)}
	p.copying = bytes.Contains(label, []byte("Copying data")) || len(p.left) > 0
	known := p.copying || bytes.Contains(label, []byte("Excluding ")) || bytes.Contains(label, []byte("Checking for memory holes"))
	return p, known || cut && open < maxLabel
}

// leftOf reads the estimate in the tail of a progress line: "9m10s".
func leftOf(tail []byte) []byte {
	_, eta, ok := bytes.Cut(tail, []byte("eta: "))
	if !ok {
		return nil
	}
	n := 0
	for n < len(eta) && n < maxLeft && (eta[n] >= '0' && eta[n] <= '9' || bytes.IndexByte([]byte("dhms"), eta[n]) >= 0) {
		n++
	}
	return eta[:n]
}

// copiedAt reads the progress of a plain copy, "Copied 512 MB / 4096 MB", of which text is
// what follows the first word (kdump-utils, monitor_dd_progress.sh).
func copiedAt(text []byte) (p progress, ok bool) {
	done, digits := number(text, maxPart)
	rest, found := bytes.CutPrefix(text[digits:], []byte(" MB / "))
	if digits == 0 || !found {
		return progress{}, false
	}
	all, digits := number(rest, maxPart)
	if digits == 0 || all == 0 || !bytes.HasPrefix(rest[digits:], []byte(" MB")) {
		return progress{}, false
	}
	return progress{percent: int(min(done*100/all, 100)), copying: true}, true
}

// barAt reads the progress of kdumptool, "Saving dump   |####------|  41%", of which text
// is what follows the words (openSUSE/kdump, kdumptool/progress.cc).
func barAt(text []byte) (p progress, ok bool) {
	rest, found := bytes.CutPrefix(bytes.TrimLeft(text, " "), []byte("|"))
	bar := bytes.IndexByte(rest[:min(len(rest), maxLabel)], '|')
	if !found || bar < 0 {
		return progress{}, false
	}
	figure := bytes.TrimLeft(rest[bar+1:], " ")
	percent, digits := number(figure, 3)
	if digits == 0 || digits == len(figure) || figure[digits] != '%' {
		return progress{}, false
	}
	return progress{percent: int(min(percent, 100)), copying: true}, true
}

// String is the progress in whole percent.
func (p progress) String() string { return strconv.Itoa(p.percent) + " %" }
