package sim

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"crashcart/lab/sim/mutant"
)

// command is the program that plays everything.
const command = "crashcart/lab/cmd/sim"

// Mutants plays the guard's mutants. A program that was not built with them builds one that
// is, and runs it. That must happen inside the repository.
func Mutants(ctx context.Context, o Options) error {
	if HasMutants() {
		c, err := rules()
		if err != nil {
			return err
		}
		return Examine(ctx, o.Seed, c, o.Out)
	}
	dir, err := os.MkdirTemp("", "crashcart-mutants-")
	if err != nil {
		return fmt.Errorf("a folder for the mutants: %w", err)
	}
	binary, err := BuildMutants(ctx, dir)
	if err == nil {
		play := exec.CommandContext(ctx, binary, "--mutants", fmt.Sprintf("--seed=%d", o.Seed))
		play.Stdout, play.Stderr = o.Out, os.Stderr
		if err = play.Run(); err != nil {
			err = fmt.Errorf("%w: %w", ErrSurvived, err)
		}
	}
	return errors.Join(err, os.RemoveAll(dir))
}

// BuildMutants builds the command with all mutants into a folder, and gives its name.
func BuildMutants(ctx context.Context, dir string) (string, error) {
	mod, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("looking for the repository, to build the mutants: %w", err)
	}
	root := filepath.Dir(strings.TrimSpace(string(mod)))
	overlay, err := mutant.Overlay(root, dir)
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "sim")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-overlay", overlay, "-o", binary, command)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the mutants (run this inside the repository): %w\n%s", err, out)
	}
	return binary, nil
}
