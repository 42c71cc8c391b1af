package synthtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"testing"

	"crashcart/infra/hosts"
	"crashcart/infra/template"
)

// A reviewer sees in these files what a change deploys:
// go test ./infra/stack/synthtest -update.
func TestSnapshot(t *testing.T) {
	for _, name := range append([]string{template.Live}, configurations...) {
		got := append(withoutScripts(bytes.TrimSpace(synthesized(t, name).JSON)), '\n')
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

// content is what the document for hosts consists of. Nothing else of a template has a
// property of this name.
var content = regexp.MustCompile(`(?s)\n    "Content": \{\n.*?\n    \}`)

// withoutScripts names the file that the document's content is kept in, in place of it.
// Otherwise each template had a copy of the scripts, and every change of a line of them
// needed the CDK.
func withoutScripts(raw []byte) []byte {
	return content.ReplaceAll(raw, []byte("\n    \"Content\": \""+collectFile+"\""))
}

// collectFile is where package hosts keeps its document, for its own tests.
const collectFile = "infra/hosts/collect.json"

func TestTheDocumentIsTheOneThatIsKeptForHosts(t *testing.T) {
	want, err := hosts.Collect()
	if err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile(filepath.Join("..", "..", "hosts", filepath.Base(collectFile)))
	if err != nil || !bytes.Equal(kept, want) {
		t.Errorf("%s is not the document: %v", collectFile, err)
	}
	for _, name := range []string{template.Shipped, template.Full} {
		if n := len(content.FindAll(synthesized(t, name).JSON, -1)); n != 1 {
			t.Errorf("%s: %d properties are called Content, want 1", name, n)
		}
		got, err := json.Marshal(synthesized(t, name).One(t, "AWS::SSM::Document").Properties["Content"])
		var same, wanted any
		if err = errors.Join(err, json.Unmarshal(got, &same), json.Unmarshal(want, &wanted)); err != nil || !reflect.DeepEqual(same, wanted) {
			t.Errorf("%s deploys another document: %v", name, err)
		}
		if len(got) > hosts.MaxDocument {
			t.Errorf("%s: the document has %d bytes", name, len(got))
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
