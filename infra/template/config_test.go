package template_test

import (
	"path/filepath"
	"testing"

	"crashcart/infra/template"
)

// The configurations that the tests read.
const (
	shipped = template.Shipped
	live    = template.Live
	full    = template.Full
)

// testdata has the templates.
var testdata = filepath.Join("..", "stack", "testdata")

// read reads what is kept in testdata. After a change of the stack,
// `make test-cdk` says that these files are no longer what is synthesized.
func read(t *testing.T, name string) template.Template {
	t.Helper()
	return template.Read(t, template.Golden(t, testdata, name))
}
