package printable

import "bytes"

const escape = 0x1b

// maxString is how far the end of a terminal string is searched, in bytes. It bounds the
// work on a console in which strings begin and never end.
const maxString = 256

// StripEscapes appends line to dst without its terminal escapes (ECMA-48, "Control
// Functions for Coded Character Sets").
func StripEscapes(dst, line []byte) []byte {
	for {
		esc := bytes.IndexByte(line, escape)
		if esc < 0 {
			return append(dst, line...)
		}
		dst = append(dst, line[:esc]...)
		line = line[esc+escapeLen(line[esc:]):]
	}
}

// escapeLen is the length of the escape that seq starts with. An escape may be unfinished:
// the console is cut, or the guest is hostile. Then it takes no text with it.
func escapeLen(seq []byte) int {
	if len(seq) < 2 {
		return len(seq)
	}
	switch seq[1] {
	case '[':
		n := 2 + span(seq[2:], 0x20, 0x3f)
		if n < len(seq) && seq[n] >= 0x40 && seq[n] <= 0x7e {
			n++
		}
		return n
	case ']', 'P', 'X', '^', '_':
		return stringLen(seq)
	}
	n := 1 + span(seq[1:], 0x20, 0x2f)
	if n < len(seq) && seq[n] >= 0x30 && seq[n] <= 0x7e {
		n++
	}
	return n
}

// span is how many bytes at the start of b lie between lo and hi.
func span(b []byte, lo, hi byte) int {
	for i, c := range b {
		if c < lo || c > hi {
			return i
		}
	}
	return len(b)
}

// stringLen is the length of a terminal string such as a window's title, which
// ends with BEL or ESC \.
func stringLen(seq []byte) int {
	body := seq[:min(len(seq), maxString)]
	for i := 2; i < len(body); i++ {
		if body[i] == '\a' {
			return i + 1
		}
		if body[i] == escape {
			if i+1 < len(body) && body[i+1] == '\\' {
				return i + 2
			}
			return 2 // another escape begins: this one was not finished
		}
	}
	return 2
}
