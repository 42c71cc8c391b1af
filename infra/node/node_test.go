package node_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"crashcart/infra/node"
)

func TestNoOtherNodeThanThePinnedOneIsEverUsed(t *testing.T) {
	program, err := node.Find()
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	raw, err := os.ReadFile(filepath.Join("..", "package.json"))
	if err != nil {
		t.Fatal(err)
	}
	var pinned struct{ DevDependencies map[string]string }
	if err := json.Unmarshal(raw, &pinned); err != nil {
		t.Fatal(err)
	}
	said, err := exec.CommandContext(t.Context(), program, "--version").Output()
	if got, want := strings.TrimSpace(string(said)), "v"+pinned.DevDependencies["node"]; err != nil || got != want || !strings.HasPrefix(got, "v22.") {
		t.Errorf("it is %s, and package.json pins %s: %v", got, want, err)
	}
}

func TestAMissingNodeIsNeverReplacedByTheOneOnThePath(t *testing.T) {
	empty := t.TempDir()
	if err := os.WriteFile(filepath.Join(empty, "go.mod"), []byte("module empty\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(empty)
	if program, err := node.Find(); err == nil || !strings.Contains(err.Error(), "npm ci --prefix infra") {
		t.Errorf("%s, %v", program, err)
	}
	outside := t.TempDir()
	t.Chdir(outside)
	if program, err := node.Find(); err == nil {
		t.Errorf("outside of the module it is %s", program)
	}
}
