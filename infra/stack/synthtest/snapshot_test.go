package synthtest

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"crashcart/infra/template"
)

// A reviewer sees in these files what a change deploys:
// go test ./infra/stack/synthtest -update.
func TestSnapshot(t *testing.T) {
	for _, name := range append([]string{template.Live}, configurations...) {
		got := append(bytes.TrimSpace(synthesized(t, name).JSON), '\n')
		if *update && name != template.Live {
			if err := os.WriteFile(filepath.Join(testdata, name+".template.json"), got, 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if !*update && !bytes.Equal(got, template.Golden(t, testdata, name)) {
			t.Errorf("%s is not what is synthesized: look at the difference after running with -update", name)
		}
	}
}

// substituted puts a partition where CloudFormation will put it into the definition of the
// state machine. The linter reads the definition, and knows no other partition there.
func substituted(raw []byte) []byte {
	return bytes.ReplaceAll(raw, []byte("arn:${Partition}:states"), []byte("arn:aws:states"))
}

// W3005 is about a dependency that the CDK writes twice, once by itself.
func TestCloudFormationsLinterHasNothingToSay(t *testing.T) {
	linter, err := exec.LookPath("cfn-lint")
	if err != nil {
		t.Skip("cfn-lint is not installed")
	}
	for _, name := range configurations {
		file := filepath.Join(t.TempDir(), "template.json")
		if err := os.WriteFile(file, substituted(synthesized(t, name).JSON), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.CommandContext(t.Context(), linter, "--ignore-checks", "W3005", "--", file).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}
