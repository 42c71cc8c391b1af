package source_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"crashcart/lab/source"
)

// seen runs one test of this package again and gives what go test would know of it:
// the log that it has every test write of what it opens.
func seen(t *testing.T, test string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(t.TempDir(), "log")
	if out, err := exec.CommandContext(t.Context(), self, "-test.run=^"+test+"$", "-test.testlogfile="+log).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A bootstrap, and a program with embedded files below its packages' folders.
func TestHeedOfPrograms(t *testing.T) {
	for _, pkg := range []string{"crashcart/lambda/cmd/count", "crashcart/lab/cmd/demo"} {
		if err := source.Heed(t.Context(), pkg); err != nil {
			t.Error(err)
		}
	}
}

func TestNothingThatAProgramIsBuiltFromGoesUnseen(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	log := seen(t, "TestHeedOfPrograms")
	for _, name := range []string{
		"go.mod", "lambda/cmd/count", "lambda/count", "lambda/aws/casebook", "lambda/domain/config", // of the one
		"lab/cmd/demo", "lab", "lab/fleet", "lab/fleet/transcripts", // of the other
	} {
		if line := "open " + filepath.Join(root, name) + "\n"; !strings.Contains(log, line) {
			t.Errorf("there is no %q in\n%s", line, log)
		}
	}
	// A change there changes no program.
	for _, name := range []string{"", "lambda", "infra/stack", "lab/source/testdata"} {
		if line := "open " + filepath.Join(root, name) + "\n"; strings.Contains(log, line) {
			t.Errorf("it opens %q", line)
		}
	}
}

func TestWhatIsNotOfThisModuleIsNeverTakenForHeeded(t *testing.T) {
	for pkg, want := range map[string]string{
		"errors":                           "errors is not of this module",
		"crashcart/lambda/cmd/no-such":     "listing what crashcart/lambda/cmd/no-such is built from",
		"github.com/aws/smithy-go/logging": "is not of this module",
	} {
		if err := source.Heed(t.Context(), pkg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", pkg, err, want)
		}
	}
}
