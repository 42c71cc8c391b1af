package demo

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"crashcart/lab"
	"crashcart/lab/fleet"
	"crashcart/lambda/look"
)

// facts are what a story left behind, as far as promises are about it.
type facts struct {
	hero       string
	interrupts []fleet.Interrupt
	sends      []lab.Call // SendDiagnosticInterrupt without DryRun
	ends       map[subject][]string
	waiting    int // messages left in the queue and its dead letters
	trouble    []string
	ignored    []string
	before     []byte // the console in the bucket, from before the interrupt
	screen     []byte // the screenshot beside it
	after      []byte // the hero's console now
	dumps      []string
}

// subject is one trigger for one instance.
type subject struct{ trigger, name string }

// promise is one thing that must hold, and what was seen.
type promise struct {
	text string
	seen string // empty when it holds
}

// promises checks everything that the guard promises about this story.
func promises(f facts) []promise {
	return []promise{
		{"exactly one interrupt was sent, to " + hero, onlyHero(f)},
		{"no machine was harmed: nothing healthy, booting or dumping was hit", unharmed(f)},
		{"every target of every trigger ended as the rules say", asExpected(f)},
		{"no trigger was lost: nothing waits in the queue or its dead letters", settledQueue(f)},
		{"console and screen from before the interrupt are in the bucket", lookKept(f)},
		{hero + " has a dump on its disk", dumped(f)},
	}
}

func onlyHero(f facts) string {
	if len(f.sends) != 1 || len(f.interrupts) != 1 || f.interrupts[0].Instance != f.hero || !slices.Contains(f.sends[0].Instances, f.hero) {
		return fmt.Sprintf("%d were sent, %d reached a machine: %v", len(f.sends), len(f.interrupts), f.interrupts)
	}
	return ""
}

func unharmed(f facts) string {
	for _, i := range f.interrupts {
		if i.Harm != "" {
			return fmt.Sprintf("%s: %s", i.Instance, i.Harm)
		}
	}
	return ""
}

func asExpected(f facts) string {
	var wrong []string
	if got := f.ignored; !slices.Equal(got, ignored()) {
		wrong = append(wrong, fmt.Sprintf("ignored for %v, want %v", got, ignored()))
	}
	for _, e := range expectations() {
		if got := f.ends[subject{e.trigger, e.name}]; !slices.Equal(got, sorted(e.ends)) {
			wrong = append(wrong, fmt.Sprintf("%s for %s: %v, want %v", e.trigger, e.name, got, e.ends))
		}
	}
	wrong = append(wrong, f.trouble...)
	return strings.Join(wrong, "; ")
}

func settledQueue(f facts) string {
	if f.waiting > 0 {
		return fmt.Sprintf("%d messages", f.waiting)
	}
	return ""
}

func lookKept(f facts) string {
	switch {
	case len(f.before) == 0:
		return "no console of before is there"
	case !bytes.HasPrefix(f.screen, []byte{0xff, 0xd8}): // how every JPEG begins
		return "no screenshot of before is there"
	case bytes.Contains(f.before, []byte("elfcorehdr=")):
		return "the console in the bucket shows the crash, so it is from after the interrupt"
	}
	return ""
}

func dumped(f facts) string {
	if len(f.dumps) != 1 || !bytes.Contains(f.after, []byte("elfcorehdr=")) {
		return fmt.Sprintf("dumps: %v", f.dumps)
	}
	return ""
}

// judge tells the hero's console before and after, every promise, and a few
// figures. It returns ErrBroken when a promise did not hold.
func (s *stage) judge() error {
	f, err := s.facts()
	if err != nil {
		return err
	}
	s.tell(Event{Kind: KindConsole, Names: []string{hero}, Text: "before the interrupt, as kept in the bucket", Lines: lastLines(f.before, 3)})
	s.tell(Event{Kind: KindConsole, Names: []string{hero}, Text: "after it", Lines: crashLines(f.after)})
	broken := false
	for _, p := range promises(f) {
		s.tell(Event{Kind: KindPromise, Text: p.text, Kept: new(p.seen == ""), Detail: p.seen})
		broken = broken || p.seen != ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tell(Event{Kind: KindSummary, Text: fmt.Sprintf("%d decisions on %d triggers with %d AWS calls; a cold start took %s",
		len(s.decisions), len(script()), len(s.lab.Calls()), s.coldStart.Round(time.Millisecond))})
	switch {
	case !broken:
		return nil
	case s.slow() && onlyHero(f) == "" && unharmed(f) == "":
		return ErrSlow // nothing wrong was done, only too late
	}
	return ErrBroken
}

func (s *stage) facts() (facts, error) {
	f := facts{
		hero: s.ids[hero], interrupts: s.lab.Fleet.Interrupts(), ends: map[subject][]string{},
		waiting: s.waiting(),
	}
	for _, e := range expectations() {
		f.ends[subject{e.trigger, e.name}] = s.ends(e)
	}
	for _, c := range s.lab.Calls() {
		if c.Operation == "SendDiagnosticInterrupt" && !c.DryRun {
			f.sends = append(f.sends, c)
		}
	}
	s.mu.Lock()
	f.trouble = slices.Clone(s.trouble)
	s.mu.Unlock()
	f.ignored = s.reasons()
	keys, err := s.lab.Store.Keys(s.lab.BucketName)
	if err != nil {
		return f, fmt.Errorf("listing the evidence: %w", err)
	}
	for _, key := range keys {
		part, found := map[string]*[]byte{look.FileLatest: &f.before, look.FileScreenshot: &f.screen}[path.Base(key)]
		if !found || !strings.HasPrefix(key, "cases/"+f.hero) {
			continue
		}
		if *part, err = s.lab.Store.Object(s.lab.BucketName, key); err != nil {
			return f, fmt.Errorf("reading the evidence: %w", err)
		}
	}
	if f.after, _, err = s.lab.Fleet.Console(f.hero, true); err != nil {
		return f, err
	}
	v, err := s.lab.Fleet.Get(f.hero)
	f.dumps = v.Dumps
	return f, err
}
