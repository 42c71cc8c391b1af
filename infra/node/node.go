// Package node has the CDK run on the Node.js that infra/package.json pins and `npm ci
// --prefix infra` installs, and never on another one. So a synthesis does not depend on the
// machine, and no version is used whose support has ended.
//
// A program only has to import this package. jsii, which joins the CDK to Go, reads its
// environment before main begins, while packages are initialized. Go does that in the order
// of their import paths ("Package initialization", The Go Programming Language
// Specification), so crashcart/infra/node comes before github.com/aws/jsii-runtime-go. A test
// of infra/stack/synthtest sees that it does.
package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

const (
	// variable is where jsii looks for the program before it searches the PATH
	// (internal/kernel/process, jsii-runtime-go).
	variable = "JSII_NODE"
	// modules is where npm installs, below the module's root.
	modules = "infra/node_modules"
)

// init pins the program, where it is installed. Who needs it asks Find, and says what is
// missing.
func init() {
	program, err := Find()
	if err != nil {
		return
	}
	if err := os.Setenv(variable, program); err != nil {
		panic(err) // only for a name that no variable can have
	}
}

// Find gives the pinned program. The error says how to get it.
func Find() (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	program := filepath.Join(root, filepath.FromSlash(modules), ".bin", "node")
	if _, err := os.Stat(program); err != nil {
		return "", fmt.Errorf("the CDK needs its own Node.js, run `npm ci --prefix infra`: %w", err)
	}
	return program, nil
}

// Root gives the directory of go.mod, in or above the working directory. The CDK starts
// the app in it, and `go test` starts a test in its package.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("there is no working directory: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		above := filepath.Dir(dir)
		if above == dir {
			return "", errors.New("the working directory is not in the module")
		}
		dir = above
	}
}
