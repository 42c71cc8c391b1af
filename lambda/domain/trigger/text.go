package trigger

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxText   = 1 << 10 // bytes of prose kept: a reason, a detail, a From
	maxLabel  = 255     // bytes of a name kept inside such prose: what CloudWatch allows a metric name
	maxQuoted = 80      // bytes of a stranger's value repeated in a detail
)

// ValidInstanceID reports whether s is an EC2 instance id as EC2 writes it:
// "i-" and 8 or 17 lower-case hex digits ("Longer format resource IDs" in the
// Amazon EC2 API Reference; instances from before 2018 keep the short form).
func ValidInstanceID(s string) bool {
	hex, ok := strings.CutPrefix(s, "i-")
	if !ok || len(hex) != 8 && len(hex) != 17 {
		return false
	}
	for _, r := range hex {
		if (r < '0' || r > '9') && (r < 'a' || r > 'f') {
			return false
		}
	}
	return true
}

// clean makes prose from outside fit to print: what does not print (control
// characters, line separators, bidirectional overrides) becomes a space, and
// at most limit bytes are kept, cut between runes.
func clean(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, strings.ToValidUTF8(s, " "))
	return cut(s, limit)
}

// cut keeps the runes of s that fit in limit bytes. s is valid UTF-8.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}

// quote shows a value from outside in a detail: bounded, escaped, unmistakably quoted.
func quote(s string) string {
	short := cut(s, maxQuoted)
	if len(short) < len(s) {
		return strconv.Quote(short) + "..."
	}
	return strconv.Quote(s)
}

// ignore is the Record of a message that asks for nothing.
func ignore(reason Reason, format string, args ...any) Record {
	return Record{Ignored: &Ignored{Reason: reason, Detail: clean(fmt.Sprintf(format, args...), maxText)}}
}

// malformed is the Record of a known shape that err says is broken.
func malformed(err error) Record {
	return ignore(ReasonMalformed, "%v", err)
}

// problems collects everything wrong with a message that a person will mend,
// so that one answer is enough.
type problems []string

func (p *problems) add(format string, args ...any) {
	*p = append(*p, fmt.Sprintf(format, args...))
}

// addErr adds err, if there is one.
func (p *problems) addErr(err error) {
	if err != nil {
		*p = append(*p, err.Error())
	}
}

func (p problems) String() string { return strings.Join(p, "; ") }

// some lists the first few of many, and how many more there are.
func some(list []string) string {
	const few = 5
	if len(list) <= few {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:few], ", "), len(list)-few)
}

// orNothing is some of the quoted names, or says that there is none.
func orNothing(names []string) string {
	if len(names) == 0 {
		return "nothing"
	}
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = quote(name)
	}
	return some(quoted)
}
