package guard_test

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/guard"
	"crashcart/lambda/domain/instance"
)

// TestNoFactIsEverLeftOutOfTheTables is for a new fact. A rule that permits without
// it would go unnoticed as long as the tables do not take the fact away.
func TestNoFactIsEverLeftOutOfTheTables(t *testing.T) {
	var known []string
	for _, of := range []reflect.Type{reflect.TypeFor[guard.Question](), reflect.TypeFor[instance.Instance]()} {
		for f := range of.Fields() {
			if f.Type.PkgPath() == reflect.TypeFor[fact.Of[int]]().PkgPath() && strings.HasPrefix(f.Type.Name(), "Of[") {
				known = append(known, f.Name)
			}
		}
	}
	if len(facts) != len(known) {
		t.Errorf("the table takes %d facts away, there are %d: %v", len(facts), len(known), known)
	}
	for rule, needed := range needs {
		if i := slices.IndexFunc(needed, func(name string) bool { _, ok := facts[name]; return !ok }); i >= 0 {
			t.Errorf("%s needs %q, which the table does not take away", rule, needed[i])
		}
	}
}

// TestNoRuleIsEverWithoutItsSentences is for a new rule that nobody judges: its
// sentences are read by people at night, and are reviewed as a file.
func TestNoRuleIsEverWithoutItsSentences(t *testing.T) {
	for _, r := range guard.Rules() {
		if _, err := os.Stat(filepath.Join("testdata", r.Name()+".golden")); err != nil {
			t.Errorf("%s: %v", r.Name(), err)
		}
	}
}
