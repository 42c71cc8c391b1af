package console

import (
	"bytes"

	"crashcart/lambda/domain/printable"
)

// Scan reads a console as EC2 gives it: a ring of which the newest MaxBytes bytes count. It
// may be cut anywhere. It has CR LF, terminal escapes, text that is not UTF-8, and lines of
// user space among those of the kernel. The lines of the reading live no longer than text.
func Scan(text []byte) Reading {
	skipped := max(0, len(text)-MaxBytes)
	words := theAutomaton()
	s := scanner{words: words, tale: story{life: newLife(), start: place{offset: skipped}}, lastOf: make([]int, len(words.words))}
	ring := text[skipped:]
	for from := 0; from < len(ring); {
		at := words.seek(ring, from, s.tale.listens())
		if at == len(ring) {
			break
		}
		start := at
		for start > from && ring[start-1] != '\n' && ring[start-1] != '\r' {
			start--
		}
		s.tale.open(skipped + start)
		from = start + s.line(ring[start:], at-start, start == 0) + 1
	}
	return s.tale.reading(text)
}

// scanner is the state of a scan.
type scanner struct {
	words *automaton
	tale  story

	plain  []byte // the line without its escapes, used again for every line
	hits   []hit  // of the piece
	pieces int    // how many pieces there have been
	lastOf []int  // by word: the piece that had it last
}

// hit is a word in a line.
type hit struct {
	id uint16
	at int // where it begins
}

// span is where a piece stands in its line.
type span struct {
	from    int // behind the kernel's time
	stamped bool
	clock   stamp
	cut     bool // the beginning of the line may be missing
}

// line reads the line that text begins with, from the index first on, and gives its length.
// It parts it where the kernel's time begins, and looks for words.
func (s *scanner) line(text []byte, first int, cut bool) int {
	next, class, event := s.words.next, &s.words.class, s.words.event
	now, at, line, size := span{cut: cut}, row(0), text, len(text)
	s.pieces++
	for i := first; i < len(line); i++ {
		if at == 0 {
			i = s.words.skip(line, i)
		}
		c := line[i]
		to := next[int(at)+int(class[c])]
		if to < event && c != '[' {
			at = to
			continue
		}
		switch {
		case c == '[' && s.part(line, i, &now):
			at, i = 0, now.from-1
		case c == escape:
			size = lineLen(text)
			line = s.again(text[:size])
			at, i = 0, now.from-1
		case to == s.words.halt:
			line, size = line[:i], i
		default:
			if at = to; at >= event {
				s.found(at, i+1, line)
			}
		}
	}
	s.close(line, now)
	return size
}

// again gives the line without its escapes. Its newest piece must be read again, since an
// escape may stand within a time or a word.
func (s *scanner) again(line []byte) []byte {
	s.plain = printable.StripEscapes(s.plain[:0], line)
	s.hits = s.hits[:0]
	s.pieces++
	return s.plain
}

// part begins another piece of the line, and says so, if the kernel's time stands at the
// index at. The rest of a line that turns out to be a quotation is a piece without a word.
func (s *scanner) part(line []byte, at int, now *span) bool {
	if now.stamped && at == now.from {
		return false // a time behind a time is part of the message
	}
	st, ok := stampAt(line[at:], width(at))
	if !ok {
		return false
	}
	// The kernel prints what a program has told it in one go: the program quotes that time.
	quotes := now.stamped && speakerOf(line[:at], now.from, true).who == program
	if s.close(line[:at], *now) || quotes {
		*now = span{from: at + lineLen(line[at:])}
		return true
	}
	*now = span{from: at + st.size, stamped: true, clock: st}
	if now.from < len(line) && line[now.from] != '\n' && line[now.from] != '\r' { // else it says nothing, or is cut
		s.tale.tick(st.clock, at)
	}
	return true
}

// lineLen is the length of the line that text begins with.
func lineLen(text []byte) int {
	for i, c := range text {
		if c == '\n' || c == '\r' {
			return i
		}
	}
	return len(text)
}

// width is how wide the seconds of a kernel's time must be at the index at of a line.
func width(at int) int {
	if at == 0 {
		return widthAtHead
	}
	return widthInside
}

// found notes the words that end before the index end: the first of each in a piece.
func (s *scanner) found(at row, end int, line []byte) {
	for _, id := range s.words.found[at/classes] {
		if s.lastOf[id] == s.pieces {
			continue
		}
		from := end - len(s.words.words[id].text)
		if string(line[from:end]) == s.words.words[id].text {
			s.lastOf[id] = s.pieces
			s.hits = append(s.hits, hit{id, from})
		}
	}
}

// close ends a piece, and tells the story what it shows. Its line is given up to the
// piece's end. quoted says that the rest of the line is a quotation.
func (s *scanner) close(line []byte, now span) (quoted bool) {
	s.pieces++
	hits := s.hits
	s.hits = s.hits[:0]
	if len(hits) == 0 && !s.tale.listens() && !bytes.HasSuffix(line, []byte(": ")) {
		return false
	}
	p := speakerOf(line, now.from, now.stamped)
	prompt := 0
	if p.who == somebody {
		prompt = s.promptEnd(line, hits)
	}
	if prompt == 0 {
		return s.judge(line, now, p, hits) || bytes.HasSuffix(line, []byte("kernel: "))
	}
	n := 0
	for n < len(hits) && hits[n].at < prompt {
		n++
	}
	s.judge(line[:prompt], now, p, hits[:n])
	if prompt == len(line) {
		return false
	}
	return s.judge(line, span{from: prompt}, speakerOf(line, prompt, false), hits[n:]) || bytes.HasSuffix(line, []byte("kernel: "))
}

// promptEnd is where the text behind a prompt for a login begins, or 0. Nobody has typed a
// name yet, so what follows is another writer's.
func (s *scanner) promptEnd(line []byte, hits []hit) int {
	for _, h := range hits {
		if w := &s.words.words[h.id]; w.sign == SignLogin {
			end := h.at + len(w.text)
			for end < len(line) && line[end] == ' ' {
				end++
			}
			return end
		}
	}
	return 0
}

// judge tells the story what one writer's text shows. quoted says that it is a quotation.
func (s *scanner) judge(line []byte, now span, p piece, hits []hit) (quoted bool) {
	j := judge{line: line, piece: p, span: now}
	if j.who == quotation {
		if !now.stamped {
			s.tale.add(signSyslog, now.from)
		}
		return true
	}
	for _, h := range hits {
		j.note(&s.words.words[h.id], h.at)
	}
	for _, h := range hits {
		w := &s.words.words[h.id]
		if h.at < now.from || h.at+len(w.text) > len(line) {
			continue // it reaches over the end of a prompt
		}
		if sign := j.sign(w, h.at); sign != 0 {
			if j.saying {
				s.tale.progress(j.progress)
			}
			s.tale.add(sign, j.place(sign, h.at))
		}
	}
	return false
}
