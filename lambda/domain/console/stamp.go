package console

import "time"

// stamp is the kernel's time in front of its text, "[  123.456789] ", with the caller's id
// where the kernel is set to print it, "[    0.000000][    T0] " (Linux source,
// kernel/printk/printk.c, print_time and print_caller).
type stamp struct {
	clock time.Duration
	size  int // with the blank behind it
}

// The longest parts of a stamp that are read, in bytes.
const (
	maxWhole = 12
	maxPart  = 9
)

// Whole seconds are at least this wide, with the blanks before them. The kernel writes five
// characters or more, but a program that repeats its time may write fewer. In the middle of
// a line other figures stand in brackets, too.
const (
	widthAtHead = 1
	widthInside = 3
)

// stampAt reads the stamp that text begins with. Its whole seconds are at least width wide.
func stampAt(text []byte, width int) (s stamp, ok bool) {
	open := openLen(text)
	if open == 0 {
		return stamp{}, false
	}
	whole, digits := number(text[open:], maxWhole)
	point := open + digits
	if digits == 0 || point-1 < width || byteAt(text, point) != '.' {
		return stamp{}, false
	}
	part, digits := number(text[point+1:], maxPart)
	end := point + 1 + digits
	if digits == 0 || byteAt(text, end) != ']' {
		return stamp{}, false
	}
	for ; digits < maxPart; digits++ {
		part *= 10
	}
	end++
	end += callerLen(text[end:])
	if end < len(text) {
		if text[end] != ' ' {
			return stamp{}, false
		}
		end++
	}
	const most = int64(100 * 365 * 24 * time.Hour / time.Second) // a kernel's time is read from a hostile console
	return stamp{time.Duration(min(whole, most))*time.Second + time.Duration(part), end}, true
}

// number reads the decimal number that text begins with, of at most limit digits.
func number(text []byte, limit int) (n int64, digits int) {
	for digits < len(text) && digits < limit && isDigit(text[digits]) {
		n = n*10 + int64(text[digits]-'0')
		digits++
	}
	return n, digits
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// byteAt is the byte of text at the index at, or 0 behind its end.
func byteAt(text []byte, at int) byte {
	if at < len(text) {
		return text[at]
	}
	return 0
}

// openLen is the length of the bracket and the blanks behind it that text begins with, or 0
// if it does not begin so.
func openLen(text []byte) int {
	if byteAt(text, 0) != '[' {
		return 0
	}
	n := 1
	for n <= maxWhole && byteAt(text, n) == ' ' {
		n++
	}
	return n
}

// callerLen is the length of the caller's id that text begins with: "[    T0]" of a task,
// or "[    C1]" of a CPU. A blank may stand before it.
func callerLen(text []byte) int {
	blank := 0
	if byteAt(text, 0) == ' ' {
		blank = 1
	}
	open := openLen(text[blank:])
	kind := byteAt(text, blank+open)
	if open == 0 || kind != 'T' && kind != 'C' {
		return 0
	}
	id := blank + open + 1
	_, digits := number(text[id:], maxWhole)
	if digits == 0 || byteAt(text, id+digits) != ']' {
		return 0
	}
	return id + digits + 1
}
