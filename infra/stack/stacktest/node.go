package stacktest

import (
	"os"
	"testing"

	"crashcart/infra/node"
)

// NeedNode skips a test where the pinned Node.js is not installed. Where nothing may be
// left out, which CI=true says, it fails it.
func NeedNode(t testing.TB) {
	t.Helper()
	_, err := node.Find()
	if err == nil {
		return
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("the stack is not synthesized: %v", err)
	}
	t.Skipf("the stack is not synthesized: %v", err)
}
