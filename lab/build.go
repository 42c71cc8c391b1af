package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"crashcart/lab/source"
)

// Bootstrap is the interrupt function's package.
const Bootstrap = "crashcart/lambda/cmd/interrupt"

// Build compiles a function for this machine into a file, with the flags that it
// is deployed with. It must run inside the repository. A test that builds one runs
// again when the function has changed (see package source), unless it builds it in
// TestMain before m.Run.
func Build(ctx context.Context, pkg, file string) error {
	if _, err := exec.LookPath("go"); err != nil {
		return errors.New("there is no go on the PATH to build the function with; give its binary with --bootstrap")
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=",
		"-tags=lambda.norpc", "-o", file, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s: %w (run this inside the repository)\n%s", pkg, err, out)
	}
	return source.Heed(ctx, pkg)
}
