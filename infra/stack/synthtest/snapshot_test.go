package stack_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A reviewer sees in these files what a change deploys:
// go test ./infra/stack -run Snapshot -update.
func TestSnapshot(t *testing.T) {
	for name, context := range map[string]string{"shipped": shipped, "full": full} {
		got := append(bytes.TrimSpace(template(t, context).JSON), '\n')
		file := filepath.Join("testdata", name+".template.json")
		if *update {
			if err := os.WriteFile(file, got, 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what is synthesized (%v): look at the difference after running with -update", file, err)
		}
	}
}

// W3005 is about a dependency that the CDK writes twice, once by itself.
func TestCloudFormationsLinterHasNothingToSay(t *testing.T) {
	linter, err := exec.LookPath("cfn-lint")
	if err != nil {
		t.Skip("cfn-lint is not installed")
	}
	for _, context := range []string{shipped, full} {
		file := filepath.Join(t.TempDir(), "template.json")
		if err := os.WriteFile(file, template(t, context).JSON, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.CommandContext(t.Context(), linter, "--ignore-checks", "W3005", "--", file).CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
}
