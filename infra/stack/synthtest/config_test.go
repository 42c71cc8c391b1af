package synthtest

import (
	"bytes"
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
var configurations = []string{template.Shipped, template.Full, template.Slack, template.SlackJoined}

// context gives the context of a configuration of either stack.
func context(name string) string {
	if context, ok := template.SlackContexts()[name]; ok {
		return context
	}
	return template.Contexts()[name]
}

func synthesized(t *testing.T, name string) template.Template {
	t.Helper()
	if _, ok := template.SlackContexts()[name]; ok {
		return stacktest.SynthSlack(t, context(name))
	}
	return stacktest.Synth(t, context(name))
}

// So it can be deployed, fail and be taken away without the one that interrupts.
func TestSlackNeverChangesTheStackThatInterrupts(t *testing.T) {
	for name := range template.SlackContexts() {
		if !bytes.Equal(stacktest.Synth(t, context(name)).JSON, synthesized(t, template.Shipped).JSON) {
			t.Errorf("%s changes it", name)
		}
		for _, tie := range []string{"Fn::ImportValue", "Fn::GetStackOutput", "{{resolve:"} {
			if bytes.Contains(synthesized(t, name).JSON, []byte(tie)) {
				t.Errorf("%s is tied to it by %s", name, tie)
			}
		}
	}
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
