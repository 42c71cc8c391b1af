package mutant_test

import (
	"encoding/json"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crashcart/lab/sim/mutant"
)

const root = "../../.."

// TestNoMutantHasLostItsPlace writes the overlay: the guard may have changed so that a
// mutant's text is gone.
func TestNoMutantHasLostItsPlace(t *testing.T) {
	module, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	name, err := mutant.Overlay(module, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var overlay struct{ Replace map[string]string }
	if err := json.Unmarshal(raw, &overlay); err != nil {
		t.Fatal(err)
	}
	all := ""
	for file, with := range overlay.Replace {
		text, err := os.ReadFile(with)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.ParseFile(token.NewFileSet(), file, text, parser.SkipObjectResolution); err != nil {
			t.Error(err)
		}
		if !strings.HasPrefix(file, module) {
			t.Errorf("%s is not of this module", file)
		}
		all += string(text)
	}
	for _, m := range mutant.All() {
		if !strings.Contains(all, `"`+m.Name+`"`) {
			t.Errorf("nothing waits for the mutant %s", m.Name)
		}
	}
}

// Two mutants of one name would be one.
func TestNoTwoMutantsHaveOneName(t *testing.T) {
	seen := map[string]bool{}
	misses := 0
	for _, m := range mutant.All() {
		if seen[m.Name] || m.About == "" {
			t.Errorf("%+v", m)
		}
		seen[m.Name] = true
		if m.Misses {
			misses++
		}
	}
	if len(seen) != 17 || misses != 2 {
		t.Errorf("%d mutants, %d of which miss hangs", len(seen), misses)
	}
}

func TestAPatchWithoutItsTextIsNeverWritten(t *testing.T) {
	dir := t.TempDir()
	for _, p := range mutant.Patches() {
		file := filepath.Join(dir, p.File)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("package x\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if name, err := mutant.Overlay(dir, t.TempDir()); err == nil {
		t.Errorf("%s was written", name)
	}
	first := mutant.Patches()[0]
	if err := os.WriteFile(filepath.Join(dir, first.File), []byte(first.Old+first.Old), 0o600); err != nil {
		t.Fatal(err)
	}
	if name, err := mutant.Overlay(dir, t.TempDir()); err == nil || !strings.Contains(err.Error(), "2 times") {
		t.Errorf("%s was written: %v", name, err)
	}
}
