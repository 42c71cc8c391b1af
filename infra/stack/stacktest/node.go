package stacktest

import (
	"os"
	"os/exec"
	"testing"
)

// NeedNode skips a test where there is no Node.js, on which the CDK runs. Where
// nothing may be left out, which CI=true says, it fails it.
func NeedNode(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("node"); err == nil {
		return
	}
	const how = "the stack is not synthesized: that needs Node.js 20 or newer"
	if os.Getenv("CI") != "" {
		t.Fatal(how)
	}
	t.Skip(how)
}
