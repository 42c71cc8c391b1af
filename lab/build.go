package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
)

// Bootstrap is the interrupt function's package.
const Bootstrap = "crashcart/lambda/cmd/interrupt"

// Build compiles a function for this machine into a file, with the flags that it
// is deployed with. It must run inside the repository.
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
	return nil
}
