// Package source lets go test see what a program that a test builds is made of.
//
// go test repeats a result until the test's own packages change, or a file of this
// module that the test itself has looked at ("go help test", on caching). What a
// command looks at that a test runs, it does not know: a test that builds a function
// with go build, and runs it, stays "ok (cached)" whatever becomes of the function.
package source

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// listing prints go.mod and every file of this module that a package is built from,
// those that are embedded as well, one a line ("go help list").
const listing = `{{with .Module}}{{if .Main}}{{.GoMod}}
{{range $.GoFiles}}{{$.Dir}}/{{.}}
{{end}}{{range $.EmbedFiles}}{{$.Dir}}/{{.}}
{{end}}{{end}}{{end}}`

// Heed looks at everything of this module that the package pkg, an import path, is
// built from: at the folders, so that a file that is new or gone counts, too, and at
// the versions of the modules. It must run inside the module, and in a test after
// testing.M.Run has begun: what TestMain looks at before that does not count. Outside
// a test it is of no use, and takes a fifth of a second. The error is for a package
// that is not of this module.
func Heed(ctx context.Context, pkg string) error {
	out, err := exec.CommandContext(ctx, "go", "list", "-deps", "-f", listing, pkg).Output()
	if err != nil {
		return fmt.Errorf("listing what %s is built from: %w", pkg, err)
	}
	var places []string
	for name := range strings.Lines(string(out)) {
		name = strings.TrimSuffix(name, "\n")
		if filepath.Base(name) != "go.mod" { // whose folder has much that nothing is built from
			name = filepath.Dir(name)
		}
		places = append(places, name)
	}
	slices.Sort(places)
	for _, place := range slices.Compact(places) {
		if err := look(place); err != nil {
			return fmt.Errorf("looking at what %s is built from: %w", pkg, err)
		}
	}
	if len(places) == 0 {
		return fmt.Errorf("%s is not of this module", pkg)
	}
	return nil
}

// look is all that go test asks for: of a file that was opened it compares size and
// time, of a folder those of every file in it.
func look(name string) error {
	f, err := os.Open(name) //nolint:gosec // a file of this module, by the go command
	if err != nil {
		return err
	}
	return f.Close()
}
