package witness

import (
	"fmt"
	"strings"
	"time"
)

// sentence writes a sentence, and begins it with a capital.
func sentence(format string, args ...any) string {
	text := fmt.Sprintf(format, args...)
	return strings.ToUpper(text[:1]) + text[1:]
}

// and joins two reasons to doubt, of which each may be empty, and says none twice.
func and(a, b string) string {
	switch {
	case strings.Contains(b, a):
		return b
	case strings.Contains(a, b):
		return a
	}
	return a + "; " + b
}

// orElse is the text, or another one where it is empty.
func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
