package console

import (
	"time"

	"crashcart/lambda/domain/printable"
)

// story folds the signs of a console into lives.
type story struct {
	lines []Line
	life  life
	lives int32
	start place // where the life begins

	offset  int           // of the line that is read now
	now     time.Duration // the kernel's time in that line
	stamped bool          // there is one

	dump    bool     // there was a sign of a dump
	done    bool     // a boot begun in the ring is finished
	percent progress // of the dump
	left    []byte   // what the percentage's line says of the time that is left
	told    bool     // there is a progress
}

// place is a place in a console: an index in a line, without its escapes.
type place struct {
	offset int // where the line begins in the text
	at     int
}

// open begins a line.
func (s *story) open(offset int) { s.offset, s.stamped = offset, false }

// listens says that a piece without a word may tell something.
func (s *story) listens() bool { return s.life.down == lastDown }

// tick takes the kernel's time before a piece, which stands at the index at of its line.
func (s *story) tick(now time.Duration, at int) {
	s.now, s.stamped = now, true
	l := &s.life
	if l.restarts(now) {
		s.again(at)
	}
	l.tick(now)
	if l.early >= manyEarly && l.begin == none && !l.ready() {
		l.begin = s.keep(SignStep, at)
	}
	if l.over(now) {
		s.begin(SignClock, at)
	}
	l.settle(true)
	s.finished()
}

// again takes a kernel's time that starts again.
func (s *story) again(at int) {
	if s.life.down != up {
		s.begin(SignClock, at)
		return
	}
	// Somebody may have printed an older log. A sign of a boot must follow.
	s.life.doubted, s.life.peak = true, s.life.clock
	s.life.run.again()
}

// begin begins a new life with the sign.
func (s *story) begin(sign Sign, at int) {
	if s.life.lived {
		s.lives++
	}
	suspect := s.life.isDump() && s.life.down != lastDown && sign != SignFirmware
	s.life = newLife()
	s.life.lived, s.life.visible, s.life.suspect = true, true, suspect
	s.told = false
	s.start = place{s.offset, at}
	if !sign.shown() {
		sign = SignStep // a unit, or a program: it belongs to a boot
	}
	s.life.begin = s.keep(sign, at)
	if s.stamped {
		s.life.tick(s.now)
	}
}

// keep adds the line to the lines with a sign, and gives its place among them.
func (s *story) keep(sign Sign, at int) int {
	s.life.lived = true
	if n := len(s.lines); n > 0 && s.lines[n-1].Offset == s.offset && s.lines[n-1].Sign == sign {
		return n - 1
	}
	s.lines = append(s.lines, Line{Offset: s.offset, Life: s.lives, Sign: sign, at: uint16(at)}) //nolint:gosec // a line is in the ring
	return len(s.lines) - 1
}

// add takes a sign of the line.
func (s *story) add(sign Sign, at int) {
	if s.life.renews(sign) {
		s.begin(sign, at)
	}
	if sign == signStopping && s.life.stops+1 >= manyStops {
		sign = SignStop
		s.life.stops++
	}
	line := none
	if sign.shown() {
		line = s.keep(sign, at)
	}
	s.life.exact = s.stamped
	s.life.take(sign, line)
	s.life.settle(s.stamped)
	if s.life.isDump() {
		s.dump, s.done = true, false
	}
	s.finished()
}

// finished notes that a boot that has begun in the ring is over.
func (s *story) finished() {
	if s.life.visible && !s.life.dumped && s.life.isQuiet() && (!s.life.suspect || s.life.grade == byWord) {
		s.done = true
	}
}

// progress takes what a sign says of the dump's progress. Once memory is copied, the
// phases before do not count: makedumpfile goes through them again for each part.
func (s *story) progress(p progress) {
	if s.told && s.percent.copying && !p.copying {
		return
	}
	s.left = append(s.left[:0], p.left...) // the line's buffer is used again
	s.percent, s.told = p, true
}

// reading is the conclusion.
func (s *story) reading(text []byte) Reading {
	l := &s.life
	r := Reading{
		Lines: s.lines, Dump: s.dump, Booted: s.done, Bare: l.bare,
		Clock: l.clock, Timed: l.timed, Begun: l.begun(), Ran: l.ran(),
		text: text, begin: s.start,
	}
	var line int
	r.Activity, line = l.activity()
	if line != none {
		r.Line = r.Text(s.lines[line])
	}
	if r.Activity == Dumping && s.told {
		r.Progress, r.Left = s.percent.String(), string(s.left)
	}
	return r
}

// Newer gives a function that says of a line whether its sign stands at the place at of
// the text, or behind it.
func (r *Reading) Newer(at int) func(Line) bool {
	begin, cut := none, 0 // of the line that the place is in; cut is the place in it, without its escapes
	return func(l Line) bool {
		if l.Offset >= at {
			return true
		}
		if l.Offset != begin {
			raw := r.text[l.Offset:at]
			if lineLen(raw) < len(raw) {
				return false
			}
			begin, cut = l.Offset, len(printable.StripEscapes(nil, raw))
		}
		return int(l.at) >= cut
	}
}

// maxHead is how much of a line is searched for the kernel's time, in bytes.
const maxHead = 256

// Time is the kernel's time at the head of a line, if there is one.
func (r *Reading) Time(l Line) (clock time.Duration, timed bool) {
	raw := r.text[l.Offset:]
	_, st, ok := firstStamp(printable.StripEscapes(nil, raw[:lineLen(raw[:min(len(raw), maxHead)])]))
	return st.clock, ok
}

// Text is the line as text that prints, of at most MaxLine bytes. It keeps the sign.
func (r *Reading) Text(l Line) string {
	raw := r.text[l.Offset:]
	plain := printable.StripEscapes(nil, raw[:lineLen(raw)])
	return evidence(plain, min(int(l.at), len(plain)))
}
