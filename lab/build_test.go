package lab_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"crashcart/lab"
)

func TestBuildMakesAProgram(t *testing.T) {
	program := filepath.Join(t.TempDir(), "bootstrap")
	if err := lab.Build(t.Context(), "crashcart/lambda/cmd/count", program); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), program).CombinedOutput() // which has no environment of a function
	if err == nil || !strings.Contains(string(out), "CRASHCART_TABLE is missing") {
		t.Errorf("%v\n%s", err, out)
	}
}

// Without this a test that has run a function passes, cached, after every change of the
// function.
func TestWhatABootstrapIsBuiltFromNeverChangesUnseen(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(t.TempDir(), "log")
	again := exec.CommandContext(t.Context(), self, "-test.run=^TestBuildMakesAProgram$", "-test.testlogfile="+log)
	if out, err := again.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	casebook, err := filepath.Abs(filepath.Join("..", "lambda", "aws", "casebook"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "open "+casebook+"\n") {
		t.Errorf("it has not opened %s:\n%s", casebook, text)
	}
}

func TestWhatDoesNotCompileSaysWhy(t *testing.T) {
	err := lab.Build(t.Context(), "crashcart/lambda/cmd/no-such", filepath.Join(t.TempDir(), "bootstrap"))
	if err == nil || !strings.Contains(err.Error(), "building crashcart/lambda/cmd/no-such") {
		t.Errorf("%v", err)
	}
}
