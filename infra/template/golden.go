package template

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// The configurations whose templates are kept in infra/stack/testdata, by name.
const (
	Shipped = "shipped" // what a deployment without any setting is
	Live    = "live"    // the same in the mode auto
	Full    = "full"    // with everything on

	Slack       = "slack"        // the stack for Slack, with a channel of its own
	SlackJoined = "slack-joined" // the stack for Slack, for a channel that has a configuration
)

// SlackContexts is Contexts for the stack for Slack.
func SlackContexts() map[string]string {
	return map[string]string{
		Slack:       `{"slack": {"workspace": "T0123ABCD", "channel": "C0123ABCD"}}`,
		SlackJoined: `{"slack": {"configuration": "ops"}}`,
	}
}

// Contexts gives the value of the context's key crashcart for each of those of the stack
// that interrupts, in JSON.
func Contexts() map[string]string {
	return map[string]string{
		Shipped: `{}`,
		Live:    `{"mode": "auto"}`,
		Full: `{
			"mode": "auto", "protect": "on", "alarmPrefixes": ["crashcart-", "hang-"], "settings": {"CRASHCART_BUDGET": "5", "CRASHCART_COOLDOWN": "12h"},
			"reservedConcurrency": 0, "logDays": 30, "evidenceDays": 90,
			"collectLimitGiB": 200, "collectRateMiB": 8, "collectFor": "90m", "snapshot": "on",
			"watch": {
				"instances": ["i-0a1b2c3d4e5f60718"], "autoScalingGroups": ["web"],
				"targetGroups": [{"targetGroup": "targetgroup/web/0123456789abcdef", "loadBalancer": "app/web/0123456789abcdef"}]
			}
		}`,
	}
}

// Golden gives the template of a configuration as it is kept in a directory. Nothing is
// synthesized, so that neither Node.js nor time is needed; package synthtest compares
// what is kept with what is synthesized.
//
// Live has no file of its own: it differs from Shipped in one line.
func Golden(t testing.TB, dir, name string) []byte {
	t.Helper()
	file := name
	if name == Live {
		file = Shipped
	}
	raw, err := os.ReadFile(filepath.Join(dir, file+".template.json")) //nolint:gosec // a file of the repository
	if err != nil {
		t.Fatal(err)
	}
	if name == Live {
		raw = bytes.Replace(raw, []byte(`"CRASHCART_MODE": "dry-run"`), []byte(`"CRASHCART_MODE": "auto"`), 1)
	}
	return raw
}
