package stack_test

import (
	"testing"

	"crashcart/infra/stack/stacktest"
)

// The configurations that the tests read.
const (
	shipped = stacktest.Shipped
	live    = stacktest.Live
	full    = stacktest.Full
)

// template reads what is kept in testdata. After a change of the stack,
// `make test-cdk` says that these files are no longer what is synthesized.
func template(t *testing.T, name string) stacktest.Template {
	t.Helper()
	return stacktest.Read(t, stacktest.Golden(t, "testdata", name))
}
