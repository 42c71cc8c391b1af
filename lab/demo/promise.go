package demo

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"crashcart/lab"
	"crashcart/lab/fleet"
)

// facts are what a story left behind, as far as promises are about it.
type facts struct {
	ids        map[string]string // of the instances, by name
	interrupts []fleet.Interrupt
	sends      []lab.Call // SendDiagnosticInterrupt without DryRun
	ends       map[subject][]string
	notified   []notification
	endings    []ending // of the cases
	replaced   []fleet.Replacement
	waiting    int // messages left in the queue and its dead letters
	trouble    []string
	ignored    []string
	before     []byte                // the console in the bucket, from before the interrupt
	screen     []byte                // the screenshot beside it
	after      []byte                // the hero's console now
	dumps      map[string][]string   // by instance id
	homes      map[string][]lab.Home // likewise: what of them is in the bucket
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
		{fmt.Sprintf("%d interrupts were sent, one each to %s", len(victims), strings.Join(victims, ", ")), onlyVictims(f)},
		{"no machine was harmed: nothing healthy, booting or dumping was hit", unharmed(f)},
		{"every target of every trigger ended as the rules say", asExpected(f)},
		{"no trigger was lost: nothing waits in the queue or its dead letters", settledQueue(f)},
		{"console and screen from before the interrupt are in the bucket", evidenceKept(f)},
		{hero + " has a dump on its disk", dumped(f)},
		{auth1 + " was put into Standby and has its dump; " + mail1 + " was not, and has none", kept(f)},
		{hero + "'s dump is in the bucket, byte for byte, and so is " + auth1 + "'s", cameHome(f)},
		{"every case was followed to its end: " + hero + " and " + auth1 + " dumped, " + mail1 + " was raced", followedToTheEnd(f)},
		{"people were notified of every end, and of nothing twice", notifiedOnce(f)},
	}
}

func onlyVictims(f facts) string {
	var reached, sent, want []string
	for _, i := range f.interrupts {
		reached = append(reached, i.Instance)
	}
	for _, c := range f.sends {
		sent = append(sent, c.Instances...)
	}
	for _, name := range victims {
		want = append(want, f.ids[name])
	}
	for _, list := range [][]string{reached, sent, want} {
		slices.Sort(list)
	}
	if !slices.Equal(sent, want) || !slices.Equal(reached, want) {
		return fmt.Sprintf("sent to %v, reached %v, want %v", sent, reached, want)
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

func evidenceKept(f facts) string {
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
	if dumps := f.dumps[f.ids[hero]]; len(dumps) != 1 || !bytes.Contains(f.after, []byte("elfcorehdr=")) {
		return fmt.Sprintf("dumps: %v", dumps)
	}
	return ""
}

func kept(f facts) string {
	if dumps := f.dumps[f.ids[auth1]]; len(dumps) != 1 {
		return fmt.Sprintf("%s has the dumps %v", auth1, dumps)
	}
	lost := func(r fleet.Replacement) bool { return r.Terminated && r.DumpLost && r.Instance == f.ids[mail1] }
	taken := slices.DeleteFunc(slices.Clone(f.replaced), func(r fleet.Replacement) bool { return !r.Terminated })
	if len(taken) != 1 || !lost(taken[0]) {
		return fmt.Sprintf("the groups took %+v", taken)
	}
	return ""
}
