package intake_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/guard"
)

// heartbeat is the event of most walks: an alarm about webA, a minute old.
var heartbeat = alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA)

// TestNoAnswerThatForbidsIsEverOverlooked is for the reading of the answers. The
// guard's own tests set the facts themselves, and do not notice when nobody reads
// them out of AWS's answers any more.
func TestNoAnswerThatForbidsIsEverOverlooked(t *testing.T) {
	for _, walk := range ruleWalks() {
		t.Run(walk.rule+": "+walk.name, func(t *testing.T) {
			w := walk.start(t)
			walk.handle(w)
			if ds := w.decisions(); len(w.machines[webA].interruptedAt) != 1 || w.sent() != 1 {
				t.Fatalf("as long as nothing is different: %d interrupts, want one: %+v", w.sent(), ds)
			}

			w = walk.start(t)
			walk.change(w)
			walk.handle(w)
			d := w.expect(step{outcome: string(walk.outcome), rule: walk.rule, why: walk.why})
			if w.sent() != 0 || d.InstanceID != webA {
				t.Errorf("%d interrupts; decided of %s", w.sent(), d.InstanceID)
			}
		})
	}
}

func TestNoRuleIsEverWithoutAWalkFromTheAnswerToItsObjection(t *testing.T) {
	walks := ruleWalks()
	for _, r := range guard.Rules() {
		if !slices.ContainsFunc(walks, func(w ruleWalk) bool { return w.rule == r.Name() }) {
			t.Errorf("no walk shows that an answer of AWS or of the casebook makes %s object", r.Name())
		}
	}
	for _, w := range walks {
		if !slices.ContainsFunc(guard.Rules(), func(r guard.Rule) bool { return r.Name() == w.rule }) {
			t.Errorf("the walk %q is for %s, which is no rule", w.name, w.rule)
		}
	}
}

// TestNoRuleIsEverMissingFromTheReadersTable compares the rules with the README, which
// has "named" besides: it is decided before there is an instance to ask the rules about.
func TestNoRuleIsEverMissingFromTheReadersTable(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(page), "\n| rule | permits when |\n|---|---|\n")
	if !found {
		t.Fatal("the README has no table of the rules")
	}
	var rows, want []string
	for line := range strings.Lines(table) {
		rule, ok := strings.CutPrefix(line, "| `")
		if !ok {
			break
		}
		rule, _, _ = strings.Cut(rule, "`")
		if rule != cases.RuleNamed {
			rows = append(rows, rule)
		}
	}
	for _, r := range guard.Rules() {
		want = append(want, r.Name())
	}
	if !slices.Equal(rows, want) {
		t.Errorf("the README's table has %q, want the rules in their order: %q", rows, want)
	}
}

// ruleWalks are all walks, by the service whose answer is different.
func ruleWalks() []ruleWalk {
	return slices.Concat(bookWalks(), descriptionWalks(), typeWalks(), statusWalks(), voiceWalks(), metricWalks(), answerWalks(), consoleWalks(), groupWalks(), regionWalks())
}
