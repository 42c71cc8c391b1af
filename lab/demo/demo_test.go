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

	"crashcart/lab"
	"crashcart/lab/fleet"
)

// TestTheStoryKeepsEveryPromise is the demo itself, with the real bootstrap.
func TestTheStoryKeepsEveryPromise(t *testing.T) {
	bootstrap := filepath.Join(t.TempDir(), "bootstrap")
	if err := lab.Build(t.Context(), lab.Bootstrap, bootstrap); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err := ErrSlow
	for tries := 0; errors.Is(err, ErrSlow) && tries < 3; tries++ { // other tests run beside this one
		out.Reset()
		err = Run(t.Context(), Options{Out: JSON(&out), Bootstrap: bootstrap})
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	kept, interrupted := 0, 0
	for line := range strings.Lines(out.String()) {
		var e Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("not one JSON object: %q: %v", line, err)
		}
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
}

// good is what a story leaves behind that keeps every promise.
func good() facts {
	f := facts{
		ids: map[string]string{}, ends: map[subject][]string{}, dumps: map[string][]string{}, ignored: ignored(),
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
		f.told = append(f.told, message{ID: "interrupted/" + id + "-0123456789abcdef/2026-03-04T12:00:00Z"})
	}
	delete(f.dumps, f.ids[mail1])
	f.replaced = []fleet.Replacement{{Instance: f.ids[auth1]}, {Instance: f.ids[mail1], Terminated: true, DumpLost: true}}
	f.told = append(f.told, toldOfTheRest(f)...)
	return f
}

// toldOfTheRest are the messages about what was not interrupted.
func toldOfTheRest(f facts) []message {
	topics := map[string]bool{}
	for _, e := range expectations() {
		for _, end := range e.ends {
			if outcome, rule, _ := strings.Cut(end, " "); outcome != "interrupted" && outcome != "duplicate" {
				topics[topicOf(outcome, rule, f.ids[e.name], e.name)] = true
			}
		}
	}
	var out []message
	for topic := range topics {
		out = append(out, message{ID: "dry-run/" + topic + "/2026-03-04T12:00:00Z"})
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
		"there is no look":                           func(f *facts) { f.before = nil },
		"the look was taken after the crash":         func(f *facts) { f.before = f.after },
		"there is no dump":                           func(f *facts) { delete(f.dumps, f.ids[hero]) },
		"the protected one has no dump":              func(f *facts) { delete(f.dumps, f.ids[auth1]) },
		"the protected one was taken":                func(f *facts) { f.replaced[0].Terminated = true },
		"the other one was not":                      func(f *facts) { f.replaced = nil },
		"somebody was told twice":                    func(f *facts) { f.told = append(f.told, f.told[3]) },
		"nobody was told of an interrupt":            func(f *facts) { f.told = f.told[1:] },
		"nobody was told of a refusal":               func(f *facts) { f.told = f.told[:len(f.told)-1] },
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
	if err := Run(t.Context(), Options{Out: JSON(&bytes.Buffer{}), Bootstrap: missing}); err == nil || errors.Is(err, ErrBroken) {
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
		if n := visible(strings.TrimSuffix(line, "\n")); n > 80 {
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
