package synthtest

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crashcart/infra/stack/stacktest"
	"crashcart/infra/template"
)

var update = flag.Bool("update", false, "rewrite the templates in infra/stack/testdata")

func TestMain(m *testing.M) {
	code := m.Run()
	stacktest.Close()
	os.Exit(code)
}

// testdata has the templates that are kept.
var testdata = filepath.Join("..", "testdata")

// configurations are those that the tests here look at most closely.
var configurations = []string{template.Shipped, template.Full}

func synthesized(t *testing.T, name string) template.Template {
	t.Helper()
	return stacktest.Synth(t, template.Contexts()[name])
}

func TestGoingLiveIsOneLine(t *testing.T) {
	before := strings.Split(string(synthesized(t, template.Shipped).JSON), "\n")
	after := strings.Split(string(synthesized(t, template.Live).JSON), "\n")
	var changed []string
	for i := range min(len(before), len(after)) {
		if before[i] != after[i] {
			changed = append(changed, strings.TrimSpace(after[i]))
		}
	}
	if len(before) != len(after) || len(changed) != 1 || !strings.HasPrefix(changed[0], `"CRASHCART_MODE": "auto"`) {
		t.Errorf("%q", changed)
	}
}
