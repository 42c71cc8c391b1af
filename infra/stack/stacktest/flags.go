package stacktest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"crashcart/infra/node"
	"crashcart/infra/props"
)

// flags gives what cdk.json's context holds besides the stack's own key: the feature flags
// of the CDK. The CDK's command line hands them to an app, and a test has no command line.
func flags(t testing.TB) map[string]any {
	t.Helper()
	root, err := node.Root()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(root, "cdk.json")) //nolint:gosec // a file of the repository
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Context map[string]any }
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	delete(file.Context, props.Key)
	return file.Context
}
