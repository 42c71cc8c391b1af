package states

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// File is the definition that is deployed, by its name in the repository.
const File = "infra/followup.asl.json"

// Read reads and parses the definition that is deployed. It must run inside the
// repository.
func Read(values map[string]string) (*Definition, error) {
	root, err := repository()
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(File))) //nolint:gosec // a file of this repository
	if err != nil {
		return nil, fmt.Errorf("reading the state machine: %w", err)
	}
	d, err := Parse(text, values)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", File, err)
	}
	return d, nil
}

// repository is the folder around the working directory that has this module's go.mod.
func repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		text, err := os.ReadFile(filepath.Join(dir, "go.mod")) //nolint:gosec // of this repository, or it is looked for further up
		if err == nil && strings.HasPrefix(string(text), "module crashcart\n") {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("the state machine is read from the repository: run this inside it")
		}
		dir = filepath.Dir(dir)
	}
}
