package witness_test

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/console"
	"crashcart/lambda/domain/witness"
)

// isText says that a line prints, and nothing in it steers a terminal.
func isText(line string) bool {
	return len(line) <= 2*console.MaxLine && !strings.ContainsFunc(line, func(c rune) bool { return !unicode.IsPrint(c) })
}

func seeds(f *testing.F) {
	f.Helper()
	for _, s := range []string{
		"", up, version + capture + dracut(copied+whole) + restart + up, seen + panics + up, seen + dazed,
		version + capture + suse("Saved vmcore\r\nDeleting vmcore\r\n"), version + capture + kdumptool(whole), echoes(copied),
		"\x1b[2J" + version + "\x1b]0;" + capture + "\xff\xfe Windows is Ready to use", version + version + command + capture + command,
	} {
		f.Add([]byte(hung), []byte(hung+s))
		f.Add([]byte(nil), []byte(s))
		f.Add([]byte(s), []byte(hung))
	}
}

func FuzzRead(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, before, after []byte) {
		for _, b := range [][]byte{before, nil} {
			wasBefore, wasAfter := bytes.Clone(b), bytes.Clone(after)
			r := witness.Read(b, after)
			if !bytes.Equal(b, wasBefore) || !bytes.Equal(after, wasAfter) {
				t.Error("a console was written to")
			}
			if !slices.Contains(cases.Findings(), r.Finding) {
				t.Errorf("the finding %q", r.Finding)
			}
			at := -1
			for _, s := range r.Stages {
				n := slices.Index(cases.Stages(), s.Stage)
				if n <= at || !isText(s.Text) || s.Offset < 0 || s.Offset >= len(after) {
					t.Errorf("%+v behind the stage %d, of %d bytes", s, at, len(after))
				}
				at = n
			}
		}
		if r := witness.Read(after, after); len(after) > 0 && len(r.Stages) > 0 {
			t.Errorf("nothing is new, and it proves %+v", r)
		}
	})
}

// Whatever the consoles show one after the other, what is proven stays so, and everything
// that people read is a line. Without a console from before, what may be of an older crash
// may turn out to be so.
func FuzzAdd(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, before, after []byte) {
		for _, b := range [][]byte{before, nil} {
			a := cases.Account{SentAt: noon}
			at := noon
			for n, text := range [][]byte{after[:len(after)/3], after[:2*len(after)/3], after, after, before} {
				at = at.Add(5 * time.Minute)
				s := witness.Sight{At: at, Before: b, Console: text, Known: true, State: "running"}
				if n%2 == 1 {
					s.Ping = at
				}
				was := a
				a = witness.Add(was, s)
				checkKept(t, was, a, b == nil)
				checkLines(t, a, at)
				checkSettles(t, a, s)
			}
		}
	})
}

// checkSettles checks that the same sight again and again comes to an end. A stage that it
// has shown may let it show the next one.
func checkSettles(t *testing.T, a cases.Account, s witness.Sight) {
	t.Helper()
	for range cases.Stages() {
		a = witness.Add(a, s)
	}
	if again := witness.Add(a, s); !reflect.DeepEqual(again, a) {
		t.Errorf("%+v has become %+v by the same sight", a, again)
	}
}

// checkKept checks that no proof was lost, but for those that may be of an older crash.
func checkKept(t *testing.T, was, is cases.Account, alone bool) {
	t.Helper()
	forgotten := false
	for _, p := range was.Proofs {
		q, ok := is.Reached(p.Stage)
		forgotten = forgotten || !ok
		if ok && q != p && (p.Doubt == "" || q.Doubt != "" || q.SeenAt != p.SeenAt) && !alone {
			t.Errorf("%+v has become %+v", p, q)
		}
	}
	if forgotten && (!alone || !slices.ContainsFunc(was.Proofs, func(p cases.Proof) bool { return strings.Contains(p.Doubt, "older crash") })) {
		t.Errorf("%+v has become %+v", was.Proofs, is.Proofs)
	}
	if !slices.IsSortedFunc(is.Proofs, func(x, y cases.Proof) int {
		return slices.Index(cases.Stages(), x.Stage) - slices.Index(cases.Stages(), y.Stage)
	}) {
		t.Errorf("%+v are not in their order", is.Proofs)
	}
}

// checkLines checks what people read of an account.
func checkLines(t *testing.T, a cases.Account, at time.Time) {
	t.Helper()
	for _, line := range []string{a.Raced, a.Lives, a.Ignored, a.Broken, a.Failed, a.Percent, a.Left, a.Booted} {
		if !isText(line) {
			t.Errorf("%q is no line", line)
		}
	}
	c := witness.Conclude(a, at)
	if !isText(c.Doubt) || c.Why == "" || strings.ContainsFunc(c.Why, unicode.IsControl) || !slices.Contains(cases.Findings(), c.Finding) {
		t.Errorf("%+v", c)
	}
}
