// Package cmdtest runs the real bootstrap of a function, as it is deployed, for the tests of
// lambda/cmd.
package cmdtest

import (
	"context"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"crashcart/lab"
	"crashcart/lab/runtime"
)

// Function is a bootstrap under Lambda's Runtime API.
type Function struct {
	function *runtime.Function

	mu   sync.Mutex
	said strings.Builder
}

// Deploy builds the bootstrap of a package, and starts it with this name and these
// settings. It is closed when the test ends.
func Deploy(t *testing.T, pkg, name string, env map[string]string) *Function {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bootstrap")
	if err := lab.Build(t.Context(), pkg, path); err != nil {
		t.Fatal(err)
	}
	f := &Function{}
	var err error
	f.function, err = runtime.New(runtime.Config{Path: path, Name: name, Env: env, Log: f.hear})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.function.Close)
	return f
}

func (f *Function) hear(line string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.said.WriteString(line)
}

// Invoke gives an event to the function, and waits for its answer.
func (f *Function) Invoke(t *testing.T, event string) runtime.Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	result, err := f.function.Invoke(ctx, []byte(event))
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// Log ends the function, so that everything it has said is there, and gives that.
func (f *Function) Log() string {
	f.function.Close()
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.said.String()
}
