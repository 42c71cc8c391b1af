package sim

import (
	"bytes"
	"errors"
	"testing"

	"crashcart/lab/sim/mutant"
)

// TestAMutantThatSurvivesNeverPasses plays a mutant that is the guard itself.
func TestAMutantThatSurvivesNeverPasses(t *testing.T) {
	was := chooseMutant
	defer func() { chooseMutant = was }()
	chooseMutant = func(string, string) {}
	var out bytes.Buffer
	for _, name := range []string{"voices-enough", "tcp-healthy"} {
		for _, m := range mutant.All() {
			if m.Name != name {
				continue
			}
			if err := examine(t.Context(), []mutant.Mutant{m}, DefaultSeed, settings(t), &out); !errors.Is(err, ErrSurvived) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if bytes.Count(out.Bytes(), []byte("mutant: name=")) != 2 {
		t.Error(out.String())
	}
}

func TestNoMutantIsWithoutAnExam(t *testing.T) {
	all := exams()
	for _, m := range mutant.All() {
		if _, ok := all[m.Name]; !ok {
			t.Errorf("%s has none", m.Name)
		}
		delete(all, m.Name)
	}
	for name := range all {
		t.Errorf("the exam %s is of no mutant", name)
	}
}

// A mutant must be worse than the guard, and the guard itself must be right.
func TestAMutantIsNeverCaughtByAGuardThatFails(t *testing.T) {
	wrong, right := &Count{Wrong: 1}, &Count{}
	none, few := &Count{Hangs: 3}, &Count{Hangs: 3, Missed: map[string]int{"x": 1}}
	most := &Count{Hangs: 3, Missed: map[string]int{"x": 1, "y": 1}}
	interrupts, misses := mutant.Mutant{}, mutant.Mutant{Misses: true}
	for _, c := range []struct {
		name            string
		m               mutant.Mutant
		itself, changed *Count
		want            bool
	}{
		{"it interrupts a living machine", interrupts, right, wrong, true},
		{"so does the guard", interrupts, wrong, wrong, false},
		{"it does nothing", interrupts, right, right, false},
		{"it loses most hangs", misses, none, most, true},
		{"it loses few of them", misses, none, few, false},
		{"the guard loses some, too", misses, few, most, false},
		{"it loses none", misses, none, none, false},
		{"there is none to lose", misses, right, most, false},
	} {
		if got := caught(c.m, c.itself, c.changed); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
