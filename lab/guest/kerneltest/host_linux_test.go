package kerneltest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"crashcart/lab/guest"
	"crashcart/lab/guest/image"
)

// built gives the image, or skips the test where it cannot be built.
func built(t *testing.T) image.Image {
	t.Helper()
	if err := guest.Able(); err != nil {
		t.Skip(err)
	}
	img, err := image.Build(t.Context(), image.Options{Note: func(s string) { t.Log(s) }})
	if errors.Is(err, image.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// files are those of a directory, with when each was changed.
func files(t *testing.T, dir string) map[string]time.Time {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]time.Time{}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		found[e.Name()] = info.ModTime()
	}
	return found
}

// qemu gives the process id of the QEMU that this process has started.
func qemu(t *testing.T) int {
	t.Helper()
	processes, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range processes {
		stat, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended since
		}
		// proc_pid_stat(5): the process id, the name in parentheses, the state, and the
		// parent's process id. The kernel cuts the name at 15 bytes.
		before, after, _ := bytes.Cut(stat, []byte(" (qemu-system-x86) "))
		var pid, parent int
		var state string
		if _, err := fmt.Sscan(string(before), &pid); err != nil {
			continue
		}
		if _, err := fmt.Sscan(string(after), &state, &parent); err == nil && parent == os.Getpid() {
			return pid
		}
	}
	t.Fatal("this process has started no QEMU")
	return 0
}
