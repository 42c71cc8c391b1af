package trigger

import (
	"fmt"
	"strings"

	"crashcart/lambda/domain/printable"
)

const (
	maxText   = 1 << 10 // bytes of prose kept: a reason, a detail, a From
	maxLabel  = 255     // bytes of a name kept inside such prose: what CloudWatch allows a metric name
	maxQuoted = 80      // bytes of a stranger's value repeated in a detail
)

// quote shows a value from outside in a detail.
func quote(s string) string { return printable.Quote(s, maxQuoted) }

// ignore is the Record of a message that asks for nothing.
func ignore(reason Reason, format string, args ...any) Record {
	return Record{Ignored: &Ignored{Reason: reason, Detail: printable.Line(fmt.Sprintf(format, args...), maxText)}}
}

// malformed is the Record of a known shape that is broken. err says how.
func malformed(err error) Record {
	return ignore(ReasonMalformed, "%v", err)
}

// problems collects everything that is wrong with a message which a person will mend, so
// that one answer is enough.
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

// orNothing lists some of the names in quotes. Without a name it is "nothing".
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
