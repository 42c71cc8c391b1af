package trial

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// wholeDump is the least size of a dump that makedumpfile finished, in bytes: the
// smallest that was seen has 17 MB.
const wholeDump = 1 << 20

// Judge says what of a record is not as its trial must end, a sentence each. The case is
// held against a truth that is as it must be, and so is what came home of it.
func Judge(r *Record) []string {
	wrong := judgeGuest(r)
	if len(wrong) > 0 || len(r.Stages) == 0 {
		return wrong
	}
	if why := judgeCase(r); why != "" {
		return []string{why}
	}
	return judgeHome(r)
}

// judgeGuest says what of the decision, and of the guest, is not as it must be.
func judgeGuest(r *Record) (wrong []string) {
	add := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	end := r.Trial.End
	d := r.Decided()
	if end.Ends && d.Outcome == "refused" {
		end = alive
	}
	if want := end.outcomes(); !slices.Contains(want, d.Outcome) || end.Refused != "" && d.Rule != end.Refused {
		add("the function decided %q by rule %q (%s), not %s", d.Outcome, d.Rule, d.Why, strings.Join(want, " or "))
	}
	if !slices.Equal(r.names(), end.Stages) {
		add("the stages were %s, not %s", strings.Join(r.names(), ", "), strings.Join(end.Stages, ", "))
	}
	if r.Back != end.Back {
		add("it came back by itself: %t, not %t", r.Back, end.Back)
	}
	if left := r.Left(); left != end.Dump {
		add("what is left of the dump is %q, not %q: %v", left, end.Dump, r.Files)
	}
	if r.Again > 0 {
		add("it was interrupted %d times", r.Again+1)
	}
	return wrong
}

// outcomes are those that are right.
func (e End) outcomes() []string {
	switch {
	case e.Lives:
		return []string{"refused", "held"}
	case e.Held:
		return []string{"held"}
	case e.Refused != "":
		return []string{"refused"}
	}
	return []string{"interrupted"}
}

// Left is what is left of the dump on the disk.
func (r *Record) Left() Dump {
	left := NoDump
	for _, f := range r.Files {
		name := path.Base(f.Name)
		switch {
		case strings.HasSuffix(name, "-incomplete") || strings.HasPrefix(name, "dmesg."):
			if left == NoDump && f.Size > 0 {
				left = DmesgOnly
			}
		case strings.HasPrefix(name, "dump.") && f.Size >= wholeDump:
			return WholeDump
		case strings.HasPrefix(name, "dump."):
			left = FalseDump
		}
	}
	return left
}

// TheDump is the newest file by a dump's name, which may be none.
func (r *Record) TheDump() (File, bool) {
	for _, f := range slices.Backward(r.Files) {
		if strings.HasPrefix(path.Base(f.Name), "dump.") {
			return f, true
		}
	}
	return File{}, false
}
