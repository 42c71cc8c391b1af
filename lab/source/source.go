// Package source lets go test see the source of a program that a test builds.
//
// go test repeats a result until the test's own packages change, or a file of this
// module that the test itself has opened ("go help test", on caching). It does not know
// which files a command opens that the test runs. So a test that builds a function with
// go build, and runs it, would stay "ok (cached)" after every change of the function.
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

// Heed opens everything of this module that the package pkg, an import path, is built
// from. It opens folders, so that a new file and a lost one count, too, and go.mod, for
// the versions of the modules. It must run inside the module, and in a test after
// testing.M.Run has begun: what TestMain opens before that does not count. Outside a test
// it is of no use, and takes a fifth of a second. A package that is not of this module is
// an error.
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
		if err := touch(place); err != nil {
			return fmt.Errorf("opening what %s is built from: %w", pkg, err)
		}
	}
	if len(places) == 0 {
		return fmt.Errorf("%s is not of this module", pkg)
	}
	return nil
}

// touch opens a file or folder, which is all that go test asks for. It then compares the
// file's size and time, or those of every file in the folder.
func touch(name string) error {
	f, err := os.Open(name) //nolint:gosec // a file of this module, by the go command
	if err != nil {
		return err
	}
	return f.Close()
}
