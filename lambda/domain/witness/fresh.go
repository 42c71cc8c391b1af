package witness

import (
	"bytes"

	"crashcart/lambda/domain/console"
)

// minJoint is how much text two consoles must share at least, in bytes, where the older
// one is not contained as a whole. Less may be alike by chance.
const minJoint = 64

// fresh says where the text of a console begins that an older one did not have. Joined
// says that the two have text in common. Without it the ring has been overwritten, and all
// of it is fresh.
//
// Both are parts of one stream. Where they overlap, the newer one begins with what the
// older one ends with.
func fresh(before, after []byte) (at int, joined bool) {
	before, _ = ring(before)
	after, skipped := ring(after)
	if len(before) == 0 {
		return skipped, false
	}
	n := joint(before, after)
	if n >= minJoint || n == len(before) {
		return skipped + n, true
	}
	// The ring's first line may have been given in another way.
	tail := before[max(0, len(before)-4*minJoint):]
	if i := bytes.LastIndex(after, tail); i >= 0 && len(tail) >= minJoint && endsAlike(before[:len(before)-len(tail)], after[:i]) {
		return skipped + i + len(tail), true
	}
	return skipped, false
}

// endsAlike says that what stands before a text in a newer console is the end of what stands
// before it in an older one, but for the ring's first line. Every boot may end with the same
// lines: behind those of a later boot all of a crash would count as old.
func endsAlike(before, after []byte) bool {
	first := bytes.IndexAny(after, "\r\n")
	return first < 0 || bytes.HasSuffix(before, after[first:])
}

// ring is what counts of a console, and where that begins.
func ring(text []byte) (rest []byte, skipped int) {
	skipped = max(0, len(text)-console.MaxBytes)
	return text[skipped:], skipped
}

// joint is the length of the longest text with which after begins and before ends (Knuth,
// Morris and Pratt, "Fast pattern matching in strings"). It takes time in proportion to
// both.
func joint(before, after []byte) int {
	if len(after) == 0 {
		return 0
	}
	shorter := make([]int32, len(after)+1) // by length: the next shorter beginning that is an end, too
	grow := func(n int32, c byte) int32 {
		for n > 0 && (int(n) == len(after) || after[n] != c) {
			n = shorter[n]
		}
		if after[n] == c {
			n++
		}
		return n
	}
	for i := 1; i < len(after); i++ {
		shorter[i+1] = grow(shorter[i], after[i])
	}
	n := int32(0)
	for _, c := range before {
		n = grow(n, c)
	}
	return int(n)
}
