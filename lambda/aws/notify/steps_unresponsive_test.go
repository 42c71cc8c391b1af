package notify_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crashcart/lambda/aws/notify"
	"crashcart/lambda/domain/cases"
)

// Each question that stayed open has its own way to be answered, and no other one's.
func TestARefusalNeverHidesWhichQuestionStayedOpen(t *testing.T) {
	const (
		alive, voiceless, network = "alive", "Nothing of it can fall silent", "Only EC2's reachability check fails"
		disk, unanswered          = "whether it writes", "AWS gave no answer"
		ask, force                = "--reason 'say why'`", "--force unresponsive`"
	)
	all := []string{alive, voiceless, network, disk, unanswered, ask, force}
	for line, want := range map[string][]string{
		"": {force},
		"ssm-ping=dead disk-writes=dead target-health=alive":                          {alive, force},
		"ssm-ping=nothing heartbeat=nothing reachability=nothing disk-writes=dead":    {voiceless, ask},
		"ssm-ping=nothing heartbeat=nothing reachability=nothing disk-writes=nothing": {voiceless, disk, force},
		"ssm-ping=nothing heartbeat=nothing reachability=waiting disk-writes=waiting": {voiceless, force},
		"ssm-ping=nothing heartbeat=waiting reachability=nothing disk-writes=waiting": {force},
		"ssm-ping=nothing heartbeat=nothing reachability=dead disk-writes=dead":       {network, ask},
		"ssm-ping=dead reachability=dead disk-writes=nothing kernel-log=nothing":      {disk, ask},
		"ssm-ping=dead reachability=dead disk-writes=nothing kernel-log=dead":         {ask},
		"ssm-ping=dead reachability=nothing disk-writes=unknown kernel-log=nothing":   {unanswered, ask},
		"ssm-ping=unknown reachability=nothing disk-writes=waiting":                   {unanswered, force},
		"a-vital-of-tomorrow=alive": {force},
		"ssm-ping=alive heartbeat=dead disk-writes=nothing target-health=unknown no-vital=dead":  {"agent was heard", force},
		"ssm-ping=dead disk-writes=nothing kernel-log=nothing network-out=alive heartbeat=alive": {"sends as much", force},
	} {
		w := newWorld()
		w.notify(t, with(refused(host, cases.RuleUnresponsive), func(d *notify.Decision) { d.Vitals = seen(line) }))
		steps := strings.Join(w.notes[0].Content.NextSteps, "\n") + "\n"
		for _, words := range want {
			if !strings.Contains(steps, words) {
				t.Errorf("%s: without %q:\n%s", line, words, steps)
			}
			steps = strings.ReplaceAll(steps, words, "")
		}
		for _, words := range all {
			if strings.Contains(steps, words) {
				t.Errorf("%s: with %q", line, words)
			}
		}
		for _, problem := range problems(w.notes[0]) {
			t.Errorf("%s: %s", line, problem)
		}
	}
}

// The message on a vital that is alive must not send anybody off to interrupt it.
func TestEveryVitalThatIsAliveHasItsWords(t *testing.T) {
	for _, name := range []string{"ssm-ping", "heartbeat", "disk-writes", "kernel-log", "target-health", "network-out", "application-status"} {
		w := newWorld()
		w.notify(t, with(refused(host, cases.RuleUnresponsive), func(d *notify.Decision) { d.Vitals = seen(name + "=alive") }))
		if steps := w.notes[0].Content.NextSteps; len(steps) != 3 || !strings.Contains(steps[1], "what the alarm really measures") {
			t.Errorf("%s: %q", name, steps)
		}
	}
}

func TestAHeldTargetIsNeverKeptBackByItsRefusal(t *testing.T) {
	w := newWorld()
	d := refused(host, cases.RuleUnresponsive)
	held := with(d, func(d *notify.Decision) { d.Outcome, d.Command = cases.OutcomeHeld, command })
	w.notify(t, d)
	w.notify(t, held)
	w.notify(t, held, d) // within the hour
	if len(w.notes) != 2 || !strings.Contains(w.notes[1].Content.NextSteps[0], command) || !strings.Contains(w.notes[1].Content.Title, "a person must ask: ") {
		t.Errorf("%q", w.titles())
	}
}

// The rule's sentences are long. Every one of them must reach the reader whole.
func TestNoSentenceOfTheVitalsIsEverCut(t *testing.T) {
	files, err := filepath.Glob("../../domain/guard/testdata/unresponsive*.golden")
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, file := range files {
		golden, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(golden)) {
			_, why, ok := strings.Cut(strings.TrimSpace(line), "unresponsive: ")
			if !ok {
				continue
			}
			read++
			why, _, _ = strings.Cut(why, " | ")
			w := newWorld()
			w.notify(t, with(refused(host, cases.RuleUnresponsive), func(d *notify.Decision) { d.Why = why }))
			if d := w.notes[0].Content.Description; !strings.HasPrefix(d, "Why: ") || strings.Contains(d, "…") {
				t.Errorf("%q is told as %q", why, d)
			}
		}
	}
	if read == 0 {
		t.Error("the guard's golden files have no sentence of the rule")
	}
}
