package trial

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// reader of dumps: the program that has written them, of this machine's own package.
const dumpReader = "makedumpfile"

// errNoReader says that this machine cannot read a dump.
var errNoReader = errors.New("there is no " + dumpReader + " on the PATH: apt-get install --no-install-recommends " + dumpReader)

// AbleToRead says whether dumps can be read here. A trial can do without, and then nobody
// has read what was brought home.
func AbleToRead() error {
	if _, err := exec.LookPath(dumpReader); err != nil {
		return errNoReader
	}
	return nil
}

// panicLine is what the kernel's log has of a panic.
const panicLine = "Kernel panic - not syncing"

// panicOf reads a dump, and gives the line of its log that says why the kernel panicked. It
// is empty if the log has none. kdump-tools writes a dump as a stream, in pieces that have
// to be put into their places first (makedumpfile(8), -R).
func panicOf(ctx context.Context, object []byte) (line string, err error) {
	if err := AbleToRead(); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "crashcart-dump-")
	if err != nil {
		return "", fmt.Errorf("making a place to read the dump in: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	whole, log := filepath.Join(dir, "dump"), filepath.Join(dir, "dmesg")
	for _, args := range [][]string{{"-R", whole}, {"--dump-dmesg", whole, log}} {
		cmd := exec.CommandContext(ctx, dumpReader, args...)
		cmd.Stdin = strings.NewReader(string(object))
		if said, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("%s %s: %w: %q", dumpReader, args[0], err, said[max(0, len(said)-500):])
		}
	}
	text, err := os.ReadFile(log) //nolint:gosec // in our own directory
	if err != nil {
		return "", fmt.Errorf("reading the dump's log: %w", err)
	}
	for l := range strings.Lines(string(text)) {
		if strings.Contains(l, panicLine) {
			return strings.TrimSpace(l), nil
		}
	}
	return "", nil
}
