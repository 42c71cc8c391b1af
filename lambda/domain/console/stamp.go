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
	if len(text) < width+len("[.0]") || text[0] != '[' {
		return stamp{}, false
	}
	i := 1
	for i < len(text) && i <= maxWhole && text[i] == ' ' {
		i++
	}
	whole, digits := number(text[i:], maxWhole)
	i += digits
	if digits == 0 || i-1 < width || i >= len(text) || text[i] != '.' {
		return stamp{}, false
	}
	part, digits := number(text[i+1:], maxPart)
	i += 1 + digits
	if digits == 0 || i >= len(text) || text[i] != ']' {
		return stamp{}, false
	}
	for ; digits < maxPart; digits++ {
		part *= 10
	}
	i += 1 + callerLen(text[i+1:])
	if i < len(text) {
		if text[i] != ' ' {
			return stamp{}, false
		}
		i++
	}
	const most = int64(100 * 365 * 24 * time.Hour / time.Second)
	return stamp{time.Duration(min(whole, most))*time.Second + time.Duration(part), i}, true
}

// number reads the decimal number that text begins with, of at most limit digits.
func number(text []byte, limit int) (n int64, digits int) {
	for digits < len(text) && digits < limit && text[digits] >= '0' && text[digits] <= '9' {
		n = n*10 + int64(text[digits]-'0')
		digits++
	}
	return n, digits
}

// callerLen is the length of the caller's id that text begins with: "[    T0]" of a task,
// or "[    C1]" of a CPU.
func callerLen(text []byte) int {
	i := 0
	if i < len(text) && text[i] == ' ' {
		i++
	}
	if i >= len(text) || text[i] != '[' {
		return 0
	}
	i++
	for i < len(text) && i < maxWhole && text[i] == ' ' {
		i++
	}
	if i >= len(text) || text[i] != 'T' && text[i] != 'C' {
		return 0
	}
	_, digits := number(text[i+1:], maxWhole)
	i += 1 + digits
	if digits == 0 || i >= len(text) || text[i] != ']' {
		return 0
	}
	return i + 1
}
