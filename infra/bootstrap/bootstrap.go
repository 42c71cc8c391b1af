// Package bootstrap builds the functions as Lambda runs them, from this module's
// source and with the Go that runs the app: no Docker, no shell. The same source
// and the same Go give the same bytes on every machine, and with them the same
// asset hash, so that `cdk diff` shows a function only when its code has changed.
package bootstrap

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// name is what Lambda starts on an OS-only runtime ("Building Lambda functions
// with Go", AWS Lambda Developer Guide).
const name = "bootstrap"

// flags leave out of the binary whatever differs between two machines (paths,
// version control, build id), what nobody reads on Lambda (symbol table, DWARF),
// and the RPC server of the retired go1.x runtime ("lambda.norpc", README of
// aws-lambda-go). `make bootstrap` has the same.
var flags = []string{"-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=", "-tags=lambda.norpc"}

// environment replaces what a build would take over from the shell that it is started
// in: flags, workspaces, and another instruction set.
var environment = []string{
	"CGO_ENABLED=0", "GOOS=linux", "GOARCH=arm64", "GOARM64=v8.0", "GOFLAGS=-mod=readonly", "GOWORK=off", "GOEXPERIMENT=", "GOFIPS140=off",
}

// Command is a command of a module.
type Command struct {
	Root    string // the module's directory
	Package string // such as ./lambda/cmd/interrupt
}

// Build compiles a command into the directory out, which it makes, and gives that
// directory. A function's asset is made of it: one file, called bootstrap.
func Build(ctx context.Context, of Command, out string) (dir string, err error) {
	dir, err = filepath.Abs(out)
	if err != nil {
		return "", fmt.Errorf("finding %s: %w", out, err)
	}
	if err := os.RemoveAll(dir); err != nil { // a file that is left over would become part of the asset
		return "", fmt.Errorf("emptying %s: %w", out, err)
	}
	args := slices.Concat([]string{"build"}, flags, []string{"-o", filepath.Join(dir, name), of.Package})
	cmd := exec.CommandContext(ctx, "go", args...) //nolint:gosec // what to build is written in this module
	cmd.Dir = of.Root
	cmd.Env = append(os.Environ(), environment...)
	if said, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", of.Package, err, strings.TrimSpace(string(said)))
	}
	return dir, nil
}
