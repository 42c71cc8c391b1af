package demo

import (
	"bytes"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"crashcart/lab"
	"crashcart/lab/fleet"
)

// TestTheStoryKeepsEveryPromise is the demo itself, with the real bootstrap.
func TestTheStoryKeepsEveryPromise(t *testing.T) {
	bootstrap := filepath.Join(t.TempDir(), "bootstrap")
	if err := build(t.Context(), bootstrap); err != nil {
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
			if e.Names[0] != hero {
				t.Errorf("%s was interrupted", e.Names[0])
			}
		}
	}
	if want := len(promises(facts{})); kept != want || interrupted != 1 {
		t.Errorf("%d of %d promises kept, %d interrupted", kept, want, interrupted)
	}
}

// good is what a story leaves behind that keeps every promise.
func good() facts {
	f := facts{
		hero: "i-1", interrupts: []fleet.Interrupt{{Instance: "i-1"}}, sends: []lab.Call{{Instances: []string{"i-1"}}},
		ends: map[subject][]string{}, ignored: ignored(), before: []byte("web-2 login:"), screen: []byte{0xff, 0xd8}, after: []byte("... elfcorehdr=1K"), dumps: []string{"dump"},
	}
	for _, e := range expectations() {
		f.ends[subject{e.trigger, e.name}] = sorted(e.ends)
	}
	return f
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
		"another machine was interrupted":      func(f *facts) { f.interrupts[0].Instance = "i-2" },
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
		"there is no dump":                           func(f *facts) { f.dumps = nil },
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
