package stack_test

import (
	"flag"
	"os"
	"testing"

	"crashcart/infra/stack/stacktest"
)

var update = flag.Bool("update", false, "rewrite the snapshots in testdata")

func TestMain(m *testing.M) {
	code := m.Run()
	stacktest.Close()
	os.Exit(code)
}

// The configurations that the tests look at: as shipped, and with everything on.
const (
	shipped = `{}`
	live    = `{"mode": "auto"}`
	full    = `{
		"mode": "auto", "protect": "on", "alarmPrefixes": ["crashcart-", "hang-"], "settings": {"CRASHCART_BUDGET": "5", "CRASHCART_COOLDOWN": "12h"},
		"reservedConcurrency": 0, "logDays": 30, "evidenceDays": 90,
		"slack": {"workspace": "T0123ABCD", "channel": "C0123ABCD"},
		"watch": {
			"instances": ["i-0a1b2c3d4e5f60718"], "autoScalingGroups": ["web"],
			"targetGroups": [{"targetGroup": "targetgroup/web/0123456789abcdef", "loadBalancer": "app/web/0123456789abcdef"}]
		}
	}`
)

func template(t *testing.T, context string) stacktest.Template {
	t.Helper()
	return stacktest.Synth(t, context)
}
