package bench

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"crashcart/lab"
)

// candidate is a function to measure.
type candidate struct {
	name string
	path string
	args []string
}

//go:embed bare.py
var python []byte

// build makes the interrupt function, the bare handler, and if wanted, where Python
// has boto3, the same in Python, in this order.
func build(ctx context.Context, dir string, inPython bool) ([]candidate, error) {
	all := []candidate{{name: "crashcart", path: in(dir, "crashcart")}, {name: "bare handler in Go", path: in(dir, "bare")}}
	for i, pkg := range []string{lab.Bootstrap, "crashcart/lab/bench/bare"} {
		if err := lab.Build(ctx, pkg, all[i].path); err != nil {
			return nil, err
		}
	}
	interpreter, err := exec.LookPath("python3")
	if !inPython || errors.Is(err, exec.ErrNotFound) {
		return all, nil
	}
	if err != nil {
		return nil, fmt.Errorf("finding Python: %w", err)
	}
	if !imports(ctx, interpreter, "boto3") {
		return all, nil
	}
	script := in(dir, "bare.py")
	if err := os.WriteFile(script, python, 0o600); err != nil {
		return nil, fmt.Errorf("writing the handler in Python: %w", err)
	}
	return append(all, candidate{name: "bare handler in Python", path: interpreter, args: []string{script}}), nil
}

func imports(ctx context.Context, interpreter, module string) bool {
	return exec.CommandContext(ctx, interpreter, "-c", "import "+module).Run() == nil
}
