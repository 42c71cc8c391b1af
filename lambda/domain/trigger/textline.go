package trigger

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxLine bounds a request's line, in bytes. MaxTargets ids and the longest reason need
// half of it.
const maxLine = 8 << 10

// line is a request as a person types it. In EBNF:
//
//	line    = "interrupt" , id , { id } , [ sp , "dry-run" ] , sp , "because" , sp , reason , { " " } , [ newline ] ;
//	id      = sp , "i-" , ( 8 * hex | 17 * hex ) ;
//	hex     = "0" | "1" | ... | "9" | "a" | ... | "f" ;
//	sp      = " " , { " " } ;
//	reason  = ? 1 to 1024 bytes that print, not beginning or ending with " " ? ;
//	newline = "\n" | "\r\n" ;
//
// It is the whole message: one line of at most maxLine bytes, with the keywords in lower
// case. An id may be repeated; at most MaxTargets different ones count. The reason must not
// speak of a dry run: written there it would not be one.
type line struct {
	targets []Ref
	dryRun  bool
	reason  string
}

// decodeText reads text. Everyone who may publish to the topic can write it, so
// RequestedBy stays empty.
func decodeText(text string, from origin) Record {
	switch {
	case saysForce(text):
		return ignore(ReasonForceOutsideDirect, "the text speaks of force, which only a direct request may have")
	case !meansInterrupt(text):
		return ignore(ReasonNotTheGrammar, "the text is not a line: interrupt i-... because ...")
	}
	key, at, err := from.stamp()
	if err != nil {
		return malformed(err)
	}
	l, err := parseLine(text)
	if err != nil {
		return malformed(err)
	}
	if len(l.targets) > MaxTargets {
		return ignore(ReasonTooManyTargets, "the text names more than %d instances: that is an event, not a hang", MaxTargets)
	}
	for i := range l.targets {
		l.targets[i].From += timeless(at)
	}
	return Record{Trigger: &Trigger{
		Kind:      KindText,
		Source:    from.published("text"),
		Reason:    l.reason,
		At:        at,
		SourceKey: key,
		DryRun:    l.dryRun,
		Targets:   l.targets,
	}}
}

// saysForce reports whether any word of the text begins with force, in any case:
// "force=unresponsive", "--force", "Forced". Its author expects that a rule is overridden,
// and must learn that it is not.
func saysForce(text string) bool {
	notLetter := func(r rune) bool { return !unicode.IsLetter(r) }
	for word := range strings.FieldsFuncSeq(text, notLetter) {
		if len(word) >= len(attributeForce) && strings.EqualFold(word[:len(attributeForce)], attributeForce) {
			return true
		}
	}
	return false
}

// meansInterrupt reports whether the text begins with the keyword, in any case and with
// white space before it. A line that is nearly right gets an answer that says what is
// wrong.
func meansInterrupt(text string) bool {
	const keyword = "interrupt"
	text = strings.TrimSpace(text)
	if len(text) < len(keyword) || !strings.EqualFold(text[:len(keyword)], keyword) {
		return false
	}
	next, _ := utf8.DecodeRuneInString(text[len(keyword):])
	return !unicode.IsLetter(next)
}

// parseLine reads a line of the grammar, or says the first thing that is wrong.
func parseLine(text string) (l line, err error) {
	text, ended := strings.CutSuffix(text, "\n")
	if ended {
		text = strings.TrimSuffix(text, "\r")
	}
	unfit := func(r rune) bool { return !unicode.IsPrint(r) }
	switch {
	case len(text) > maxLine:
		return l, fmt.Errorf("the text has %d bytes, %d at most", len(text), maxLine)
	case strings.ContainsFunc(text, unfit):
		return l, errors.New("the text is not one line, or has a character in it that does not print")
	}
	rest, ok := strings.CutPrefix(text, "interrupt")
	if !ok || !strings.HasPrefix(rest, " ") {
		return l, errors.New(`the text must begin with "interrupt ", in lower case and with nothing before it`)
	}
	head, reason, ok := strings.Cut(rest, " because ")
	if !ok {
		return l, errors.New(`"because" and a reason are missing: say why, it is recorded`)
	}
	if l.reason, err = lineReason(reason); err != nil {
		return l, err
	}
	l.targets, l.dryRun, err = lineTargets(strings.Fields(head))
	return l, err
}

// lineTargets reads the words between the two keywords.
func lineTargets(words []string) (targets []Ref, dryRun bool, err error) {
	if n := len(words); n > 0 && words[n-1] == "dry-run" {
		dryRun, words = true, words[:n-1]
	}
	if len(words) == 0 {
		return nil, false, errors.New("no instance is named: write interrupt i-0123456789abcdef0 because it hangs")
	}
	for i, word := range words {
		at := fmt.Sprintf("word %d of the text", i+2)
		if err := checkID(at, word); err != nil {
			return nil, false, err
		}
		targets = addID(targets, word, at)
	}
	return targets, dryRun, nil
}

// lineReason reads what stands after because.
func lineReason(s string) (string, error) {
	s = strings.Trim(s, " ")
	switch {
	case s == "":
		return "", errors.New("the reason is blank: say why, it is recorded")
	case len(s) > maxReason:
		return "", fmt.Errorf("the reason has %d bytes, %d at most", len(s), maxReason)
	}
	for _, spelling := range []string{"dry-run", "dry run", "dryrun"} {
		if strings.Contains(strings.ToLower(s), spelling) {
			return "", fmt.Errorf("the reason speaks of %q: for a dry run write dry-run before because", spelling)
		}
	}
	return s, nil
}
