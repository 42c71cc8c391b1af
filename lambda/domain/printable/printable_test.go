package printable_test

import (
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"crashcart/lambda/domain/printable"
)

func TestNothingFromOutsideStaysDangerous(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"plain", "its agent is silent", "its agent is silent"},
		{"nothing", "", ""},
		{"only blanks", " \t\r\n", ""},
		{"a second line", "one\ntwo\r\nthree", "one two three"},
		{"a line and a paragraph separator", "one\u2028two\u2029three", "one two three"},
		{"blanks at the ends", "  a b  ", "a b"},
		{"columns", "[    0.5] a", "[    0.5] a"},
		{"blanks around a break", "a  \n\t  b", "a b"},
		{"a blank of another script", "a\u00a0\u3000b", "a b"},
		{"controls", "a\x00\x07\bb\x7fc\u0085d", "a b c d"},
		{"a terminal's escape loses its beginning", "a\x1b[31mred\x1b[0m", "a [31mred [0m"},
		{"text direction", "a\u202e\u2066b\u200f\u061cc", "abc"},
		{"what nobody can see", "a\u200bb\u00ad\ufeffc", "abc"},
		{"a private character", "a\ue000b", "a?b"},
		{"an unassigned one", "a\U000e0080b", "a?b"},
		{"not UTF-8", "a\xffb", "a?b"},
		{"a run that is not UTF-8", "a\xff\xfe\xc3b\xff", "a?b?"},
		{"two runs", "\xff \xff", "? ?"},
		{"a replacement character is a character", "a\ufffdb", "a\ufffdb"},
		{"other scripts", "größer 火 ❤", "größer 火 ❤"},
		{"as long as it may be", strings.Repeat("x", 40), strings.Repeat("x", 40)},
		{"a byte too long", strings.Repeat("x", 41), strings.Repeat("x", 37) + "..."},
		{"cut between two characters", strings.Repeat("é", 21), strings.Repeat("é", 18) + "..."},
		{"no blank before the end of a cut", strings.Repeat("x", 36) + " yyyyyyyyyy", strings.Repeat("x", 36) + "..."},
		{"long by what is left out", strings.Repeat("\u200b", 400) + "x", "x"},
	} {
		if got := printable.Line(c.text, 40); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestALineIsNeverLongerThanItsLimit(t *testing.T) {
	for limit, want := range map[int]string{-1: "", 0: "", 1: "a", 2: "ab", 3: "...", 4: "a...", 5: "abcde"} {
		if got := printable.Line("abcde", limit); got != want {
			t.Errorf("%d bytes: %q, want %q", limit, got, want)
		}
	}
}

func FuzzLine(f *testing.F) {
	f.Add("a\x1b[31m\u202e\xff\n b", 5)
	f.Add(strings.Repeat("é", 100), 33)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		limit %= 1 << 12
		line := printable.Line(text, limit)
		switch {
		case len(line) > max(limit, 0):
			t.Errorf("%d bytes of %d", len(line), limit)
		case !utf8.ValidString(line):
			t.Errorf("not UTF-8: %q", line)
		case strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }):
			t.Errorf("it does not print: %q", line)
		case line != strings.TrimSpace(line):
			t.Errorf("blanks at its ends: %q", line)
		case printable.Line(line, limit) != line:
			t.Errorf("the line of %q is %q", line, printable.Line(line, limit))
		}
	})
}

func TestADurationNeverSaysMoreThanItIs(t *testing.T) {
	const day = 24 * time.Hour
	for d, want := range map[time.Duration]string{
		-time.Hour:                    "0s",
		999 * time.Millisecond:        "0s",
		45 * time.Second:              "45s",
		time.Minute:                   "1m",
		time.Minute - 1:               "59s",
		160 * time.Second:             "2m40s",
		time.Hour - 1:                 "59m59s",
		time.Hour:                     "1h",
		time.Hour + 59*time.Second:    "1h",
		133 * time.Minute:             "2h13m",
		47*time.Hour + 59*time.Minute: "47h59m",
		2 * day:                       "2d",
		3*day + 4*time.Hour:           "3d4h",
		400 * day:                     "400d",
	} {
		if got := printable.Duration(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}

func TestATimeThatNobodyHasSaidIsNeverAnAge(t *testing.T) {
	now := time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
	for want, then := range map[string]time.Time{
		"2m40s ago":          now.Add(-160 * time.Second),
		"0s ago":             now.Add(time.Minute),
		"at an unknown time": {},
	} {
		if got := printable.Ago(now, then); got != want {
			t.Errorf("%v: %s, want %s", then, got, want)
		}
	}
}

func TestAQuoteNeverHidesAnything(t *testing.T) {
	for _, c := range []struct{ name, value, want string }{
		{"nothing", "", `""`},
		{"plain", "i-0a1b2c3d", `"i-0a1b2c3d"`},
		{"quotes and a second line", "a\"\nb", `"a\"\nb"`},
		{"text direction", "a\u202eb", `"a\u202eb"`},
		{"an escape", "\x1b[31m", `"\x1b[31m"`},
		{"not UTF-8", "\xff", `"\xff"`},
		{"as long as it may be", "0123456789", `"0123456789"`},
		{"a byte too long", "0123456789a", `"0123456789"...`},
		{"cut between two characters", "012345678é", `"012345678"...`},
	} {
		if got := printable.Quote(c.value, 10); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func FuzzQuote(f *testing.F) {
	f.Add("a\x1b[31m\u202e\xff\n b", 5)
	f.Fuzz(func(t *testing.T, value string, limit int) {
		limit %= 1 << 12
		quoted := printable.Quote(value, limit)
		shown, err := strconv.Unquote(strings.TrimSuffix(quoted, "..."))
		if err == nil && len(value) <= limit {
			shown, err = strconv.Unquote(quoted)
		}
		switch {
		case err != nil:
			t.Errorf("%s: %v", quoted, err)
		case len(shown) > max(limit, 0) || !strings.HasPrefix(value, shown):
			t.Errorf("%q shows %q of %q", quoted, shown, value)
		case strings.ContainsFunc(quoted, func(r rune) bool { return !unicode.IsPrint(r) }):
			t.Errorf("it does not print: %q", quoted)
		}
	})
}

func TestAnEscapeNeverTakesTextWithIt(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"colour", "\x1b[31mred\x1b[0m", "red"},
		{"a title", "a\x1b]0;rm -rf /\ab", "ab"},
		{"a title that ends the other way", "a\x1b]0;rm -rf /\x1b\\b", "ab"},
		{"a title without an end", "\x1b]0;text", "0;text"},
		{"a title that another escape breaks off", "\x1b]0;text\x1b[0m", "0;text"},
		{"an escape without an end", "a\x1b[31", "a"},
		{"a lone escape", "a\x1b", "a"},
		{"a character set", "\x1b(Ba", "a"},
	} {
		if got := string(printable.StripEscapes(nil, []byte(c.text))); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func FuzzStripEscapes(f *testing.F) {
	f.Add([]byte("\x1b]0;\x1b[\x1b(x"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if got := printable.StripEscapes(nil, text); len(got) > len(text) || strings.ContainsRune(string(got), 0x1b) {
			t.Errorf("%q of %q", got, text)
		}
	})
}
