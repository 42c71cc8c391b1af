package world_test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestTheWorldNeverKnowsWhatDecides looks at all that is linked: a world that shares a line
// with the guard could share its mistake.
func TestTheWorldNeverKnowsWhatDecides(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := false
	for path := range strings.FieldsSeq(string(out)) {
		seen = seen || path == "crashcart/lab/sim/world"
		if strings.HasPrefix(path, "crashcart/") && path != "crashcart/lab/sim/world" && path != "crashcart/lambda/domain/config" {
			t.Errorf("the world imports %s", path)
		}
	}
	if !seen {
		t.Error("the list of imports is not that of the world")
	}
}
