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
	s := scanner{words: words, tale: story{life: newLife()}, lastOf: make([]int, len(words.words))}
	ring := text[skipped:]
	for at := 0; at < len(ring); {
		size, escaped := lineLen(ring[at:])
		if size > 0 {
			s.line(ring[at:at+size], escaped, skipped+at, at == 0)
		}
		at += size + 1
	}
	return s.tale.reading()
}

// lineLen is the length of the line that text begins with. escaped says that it has a
// terminal escape.
func lineLen(text []byte) (size int, escaped bool) {
	for i, c := range text {
		switch c {
		case '\n', '\r':
			return i, escaped
		case 0x1b:
			escaped = true
		}
	}
	return len(text), escaped
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

// line reads one line. It parts it where the kernel's time begins, and looks for words.
func (s *scanner) line(raw []byte, escaped bool, offset int, cut bool) {
	line := raw
	if escaped {
		s.plain = printable.StripEscapes(s.plain[:0], raw)
		line = s.plain
	}
	s.tale.open(raw, offset)
	next, class := s.words.next, &s.words.class
	now, at := span{cut: cut}, state(0)
	s.pieces++
	for i := 0; i < len(line); i++ {
		c := line[i]
		if c == '[' && (!now.stamped || i != now.from) {
			if st, ok := stampAt(line[i:], width(i)); ok {
				if s.close(line[:i], now) {
					return
				}
				now, at = span{from: i + st.size, stamped: true, clock: st}, 0
				if now.from < len(line) { // else the line is cut before it says anything
					s.tale.tick(st.clock, i)
				}
				i = now.from - 1
				continue
			}
		}
		to := next[int(at)*classes+int(class[c])]
		at = to &^ ends
		if to&ends != 0 {
			s.found(at, i+1, line)
		}
	}
	s.close(line, now)
}

// width is how wide the seconds of a kernel's time must be at the index at of a line.
func width(at int) int {
	if at == 0 {
		return widthAtHead
	}
	return widthInside
}

// found notes the words that end before the index end: the first of each in a piece.
func (s *scanner) found(at state, end int, line []byte) {
	for _, id := range s.words.found[at] {
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
	if p.who == quotation {
		if !now.stamped {
			s.tale.add(signSyslog, now.from)
		}
		return true
	}
	j := judge{line: line, piece: p, span: now}
	for _, h := range hits {
		j.note(s.words.words[h.id], h.at)
	}
	for _, h := range hits {
		if j.quoteAt > 0 && h.at >= j.quoteAt {
			continue
		}
		if sign := j.sign(s.words.words[h.id], h.at); sign != 0 {
			s.tale.progress(j.progress)
			s.tale.add(sign, j.place(sign, h.at))
		}
	}
	return j.quoteAt > 0 || bytes.HasSuffix(line, []byte("kernel: "))
}
