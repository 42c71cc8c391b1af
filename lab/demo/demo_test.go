package demo

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"crashcart/lab"
	"crashcart/lab/demo/page"
	"crashcart/lab/fleet"
)

// TestTheStoryKeepsEveryPromise is the demo itself, with the real bootstrap.
func TestTheStoryKeepsEveryPromise(t *testing.T) {
	bootstrap, followup := filepath.Join(t.TempDir(), "interrupt"), filepath.Join(t.TempDir(), "followup")
	for pkg, file := range map[string]string{lab.Bootstrap: bootstrap, lab.FollowupBootstrap: followup} {
		if err := lab.Build(t.Context(), pkg, file); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	err := ErrSlow
	for tries := 0; errors.Is(err, ErrSlow) && tries < 3; tries++ { // other tests run beside this one
		out.Reset()
		err = Run(t.Context(), Options{Out: JSON(&out), Bootstrap: bootstrap, Followup: followup})
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	events := written(t, out.String())
	kept, interrupted := 0, 0
	for _, e := range events {
		if e.Kind == KindPromise && *e.Kept {
			kept++
		}
		if e.Kind == KindDecision && e.Outcome == "interrupted" {
			interrupted++
			if !slices.Contains(victims, e.Names[0]) {
				t.Errorf("%s was interrupted", e.Names[0])
			}
		}
	}
	if want := len(promises(facts{})); kept != want || interrupted != len(victims) {
		t.Errorf("%d of %d promises kept, %d interrupted", kept, want, interrupted)
	}
	checkAges(t, events)
	checkShort(t, events)
	checkWhole(t, events)
}

// written are the events of a story, one JSON object a line.
func written(t *testing.T, out string) []Event {
	t.Helper()
	var events []Event
	for line := range strings.Lines(out) {
		var e Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("not one JSON object: %q: %v", line, err)
		}
		events = append(events, e)
	}
	return events
}

// checkAges compares the age that a decision gives a case with the time that has
// passed in the story since the call that the case was opened for.
func checkAges(t *testing.T, events []Event) {
	t.Helper()
	called, ages := map[string]float64{}, 0
	for _, e := range events {
		if e.Kind == KindCall {
			called[e.Instance] = e.At
		}
		_, text, found := strings.Cut(e.Text, " was opened ")
		if e.Kind != KindDecision || !found {
			continue
		}
		ages++
		figure, _, _ := strings.Cut(text, " ")
		age, err := time.ParseDuration(figure)
		const claimToCall = 30 // lab seconds: half a second for the call to follow the claim
		if passed := e.At - called[e.Instance]; err != nil || age.Seconds() < passed-1 || age.Seconds() > passed+claimToCall {
			t.Errorf("%q, %.0f s after the interrupt", e.Text, passed)
		}
	}
	if ages < 2 {
		t.Errorf("%d decisions give the age of a case", ages)
	}
}

// checkWhole looks in the whole story for every event.
func checkWhole(t *testing.T, events []Event) {
	t.Helper()
	var whole bytes.Buffer
	o := Text(&whole, 10_000, false) // so wide that nothing is wrapped or cut
	for _, e := range events {
		o.Event(e)
		last := strings.Join(strings.Fields(e.Text), " ")
		if len(e.Lines) > 0 {
			last = strings.Join(strings.Fields(e.Lines[len(e.Lines)-1]), " ")
		}
		if !strings.Contains(whole.String(), last) {
			t.Errorf("the whole story lacks %+v", e)
		}
	}
	for _, title := range []string{"The fleet", "What happens", "The console of " + hero, "A notification", promised} {
		if n := strings.Count(whole.String(), "\n"+title+"\n"); n != 1 {
			t.Errorf("the title %q is there %d times", title, n)
		}
	}
}

// checkShort reads the short story of the same events as a newcomer does.
func checkShort(t *testing.T, events []Event) {
	t.Helper()
	const width, most = 100, 79 // six of them on what the cases came to
	var short bytes.Buffer
	o := Short(&short, width, false)
	for _, e := range events {
		o.Event(e)
	}
	lines := 0
	for line := range strings.Lines(short.String()) {
		lines += max(1, (page.Columns(strings.TrimSuffix(line, "\n"))+width-1)/width)
	}
	if lines > most {
		t.Errorf("the short story has %d lines:\n%s", lines, short.String())
	}
	for _, s := range scenes() {
		for _, outcome := range s.outcomes {
			line := fmt.Sprintf("%s %-8s %-11s", marks[string(outcome)], folded(s.name), outcome)
			if n := strings.Count(short.String(), line); n != 1 {
				t.Errorf("the short story has %d times %q", n, line)
			}
		}
	}
	for _, rule := range []string{"opted-in", "supported", "quiet", "booted", "group", "known", "unresponsive", "episode", "asked"} {
		if !strings.Contains(short.String(), rule+": ") {
			t.Errorf("the short story has nothing of the rule %s", rule)
		}
	}
}

// good is what a story leaves behind that keeps every promise.
func good() facts {
	f := facts{
		ids: map[string]string{}, ends: map[subject][]string{}, dumps: map[string][]string{}, homes: map[string][]lab.Home{}, ignored: ignored(),
		before: []byte("web-2 login:"), screen: []byte{0xff, 0xd8}, after: []byte("... elfcorehdr=1K"),
	}
	for i, e := range expectations() {
		if f.ids[e.name] == "" {
			f.ids[e.name] = fmt.Sprintf("i-%017x", i)
		}
		f.ends[subject{e.trigger, e.name}] = sorted(e.ends)
	}
	for _, name := range victims {
		id := f.ids[name]
		f.interrupts = append(f.interrupts, fleet.Interrupt{Instance: id})
		f.sends = append(f.sends, lab.Call{Instances: []string{id}})
		f.dumps[id] = []string{"dump"}
		f.homes[id] = []lab.Home{{Key: "0-dmesg", Same: true}, {Key: "1-dump", Same: true}}
		f.notified = append(f.notified, notification{ID: "interrupted/" + id + "-0123456789abcdef/2026-03-04T12:00:00Z"})
	}
	for _, name := range victims {
		f.endings = append(f.endings, ending{InstanceID: f.ids[name], Finding: string(findings[name])})
	}
	delete(f.dumps, f.ids[mail1])
	delete(f.homes, f.ids[mail1])
	f.replaced = []fleet.Replacement{{Instance: f.ids[auth1]}, {Instance: f.ids[mail1], Terminated: true, DumpLost: true}}
	f.notified = append(f.notified, notifiedOfTheRest(f)...)
	for _, name := range victims {
		f.notified = append(f.notified,
			notification{ID: "dumping/" + f.ids[name] + "-0123456789abcdef/2026-03-04T12:01:00Z"},
			notification{ID: "ended/" + f.ids[name] + "-0123456789abcdef/2026-03-04T12:02:00Z"})
	}
	return f
}

// notifiedOfTheRest are the notifications about what was not interrupted.
func notifiedOfTheRest(f facts) []notification {
	topics := map[string]bool{}
	for _, e := range expectations() {
		for _, end := range e.ends {
			if outcome, rule, _ := strings.Cut(end, " "); outcome != "interrupted" && outcome != "duplicate" {
				topics[topicOf(outcome, rule, f.ids[e.name], e.name)] = true
			}
		}
	}
	var out []notification
	for topic := range topics {
		out = append(out, notification{ID: "dry-run/" + topic + "/2026-03-04T12:00:00Z"})
	}
	return out
}

func TestABrokenPromiseIsNeverKept(t *testing.T) {
	for _, p := range promises(good()) {
		if p.seen != "" {
			t.Fatalf("%s: %s", p.text, p.seen)
		}
	}
	for name, spoil := range map[string]func(*facts){
		"a second interrupt was sent":          func(f *facts) { f.sends = append(f.sends, f.sends[0]) },
		"none was sent":                        func(f *facts) { f.sends, f.interrupts = nil, nil },
		"another machine was interrupted":      func(f *facts) { f.interrupts[0].Instance = f.ids[pay1] },
		"a second one reached a machine":       func(f *facts) { f.interrupts = append(f.interrupts, f.interrupts[0]) },
		"a healthy machine was harmed":         func(f *facts) { f.interrupts[0].Harm = "the guest was healthy" },
		"a target was decided by another rule": func(f *facts) { f.ends[subject{"crashcart-workers", arm1}] = []string{"refused group"} },
		"a target was never decided":           func(f *facts) { delete(f.ends, subject{heartbeat + gone1, gone1}) },
		"a target ended twice, differently": func(f *facts) {
			f.ends[subject{heartbeat + gone1, gone1}] = []string{"held asked", "refused known"}
		},
		"a message was taken that should be ignored": func(f *facts) { f.ignored = f.ignored[1:] },
		"there is no screenshot":                     func(f *facts) { f.screen = nil },
		"the function complained":                    func(f *facts) { f.trouble = []string{"panic: oh no"} },
		"a message is left":                          func(f *facts) { f.waiting = 1 },
		"there is no evidence":                       func(f *facts) { f.before = nil },
		"the evidence was taken after the crash":     func(f *facts) { f.before = f.after },
		"there is no dump":                           func(f *facts) { delete(f.dumps, f.ids[hero]) },
		"the protected one has no dump":              func(f *facts) { delete(f.dumps, f.ids[auth1]) },
		"the dump is not in the bucket":              func(f *facts) { f.homes[f.ids[hero]] = nil },
		"half of it is in the bucket":                func(f *facts) { f.homes[f.ids[hero]][1].Same = false },
		"the protected one's dump is not home":       func(f *facts) { f.homes[f.ids[auth1]][1].Same = false },
		"something is home of what was taken":        func(f *facts) { f.homes[f.ids[mail1]] = []lab.Home{{Key: "x"}} },
		"the protected one was taken":                func(f *facts) { f.replaced[0].Terminated = true },
		"the other one was not":                      func(f *facts) { f.replaced = nil },
		"somebody was notified twice":                func(f *facts) { f.notified = append(f.notified, f.notified[3]) },
		"nobody was notified of an interrupt":        func(f *facts) { f.notified = f.notified[1:] },
		"nobody was notified of a refusal":           func(f *facts) { f.notified = slices.Delete(f.notified, len(victims), len(victims)+1) },
		"nobody was notified of a case's end":        func(f *facts) { f.notified = f.notified[:len(f.notified)-1] },
		"somebody was notified twice of a dump":      func(f *facts) { f.notified = append(f.notified, f.notified[len(f.notified)-2]) },
		"a case has no end":                          func(f *facts) { f.endings = f.endings[1:] },
		"a case came to another finding":             func(f *facts) { f.endings[0].Finding = "dumped" },
		"a case ended twice":                         func(f *facts) { f.endings = append(f.endings, f.endings[0]) },
		"a case that there must not be has an end":   func(f *facts) { f.endings = append(f.endings, ending{InstanceID: f.ids[pay1]}) },
		"the console shows no capture kernel":        func(f *facts) { f.after = []byte("web-2 login:") },
	} {
		t.Run(name, func(t *testing.T) {
			f := good()
			spoil(&f)
			for _, p := range promises(f) {
				if p.seen != "" {
					return
				}
			}
			t.Error("every promise counts as kept")
		})
	}
}

func TestAFunctionThatDoesNotStartIsAnError(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "no bootstrap")
	if err := Run(t.Context(), Options{Out: JSON(&bytes.Buffer{}), Bootstrap: missing, Followup: missing}); err == nil || errors.Is(err, ErrBroken) {
		t.Errorf("the error is %v", err)
	}
}

func TestTextIsPlainInAPipeAndFitsItsWidth(t *testing.T) {
	var plain, coloured bytes.Buffer
	long := Event{Kind: KindDecision, Names: []string{"web-2"}, Outcome: "refused", Rule: "quiet", Text: strings.Repeat("word ", 60)}
	Text(&plain, 80, false).Event(long)
	Text(&coloured, 80, true).Event(long)
	if strings.Contains(plain.String(), "\x1b") || !strings.Contains(coloured.String(), "\x1b") {
		t.Errorf("plain %q\ncoloured %q", plain.String(), coloured.String())
	}
	for line := range strings.Lines(coloured.String()) {
		if n := page.Columns(strings.TrimSuffix(line, "\n")); n > 80 {
			t.Errorf("a line has %d columns: %q", n, line)
		}
	}
}

func TestConsoleTextNeverControlsTheTerminal(t *testing.T) {
	hostile := []byte("\x1b]0;title\x07ok \x1b[31mred\x1b[0m\r\nlogin: \x9b2J\xff\x00\n\n")
	for _, line := range readable(hostile) {
		for _, r := range line {
			if r < ' ' || (r >= 0x7f && r < 0xa0) {
				t.Errorf("%q holds a control character", line)
			}
		}
	}
}
