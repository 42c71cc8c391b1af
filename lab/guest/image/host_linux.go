package image

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// lock waits until no other build works in the cache, or ctx ends. Closing the file
// gives the lock back.
func (c cache) lock(ctx context.Context, note func(string)) (*os.File, error) {
	if err := os.MkdirAll(c.dir, 0o755); err != nil { //nolint:gosec // everybody may read an image
		return nil, fmt.Errorf("making the cache of guest images: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(c.dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("locking the cache of guest images: %w", err)
	}
	flag := syscall.LOCK_EX | syscall.LOCK_NB
	for noted := false; ; noted = true {
		err = syscall.Flock(int(file.Fd()), flag)
		if err == nil {
			return file, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			break
		}
		if !noted {
			note("Waiting for another build of a guest's image.")
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), file.Close())
		case <-time.After(100 * time.Millisecond):
		}
	}
	return nil, fmt.Errorf("locking the cache of guest images: %w", errors.Join(err, file.Close()))
}

// own makes a command the head of a process group, so that all of it can be ended at
// once, and has the kernel end it when the thread that started it dies.
func own() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}

// signal sends to a whole process group. That none is left is no failure.
func signal(group int, s syscall.Signal) error {
	if err := syscall.Kill(-group, s); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return nil
}

// mountedBelow gives a mount point in dir, if there is one.
func mountedBelow(dir string) (string, bool) {
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return "/proc, perhaps, which cannot be asked,", true
	}
	for line := range strings.Lines(string(table)) {
		if words := strings.Fields(line); len(words) > 4 && strings.HasPrefix(words[4], dir+"/") {
			return words[4], true // man 5 proc_pid_mountinfo: the fifth field
		}
	}
	return "", false
}
