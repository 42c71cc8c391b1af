// Package guesttest has what the tests of guests share.
package guesttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"
)

// soon bounds what a busy machine may take for a moment's work.
const soon = 20 * time.Second

// Running says whether a process runs. A zombie does not: it has ended, and its parent
// has not yet asked how.
func Running(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, state, _ := bytes.Cut(stat, []byte(") ")) // proc_pid_stat(5): the field after the name
	return len(state) > 0 && state[0] != 'Z' && state[0] != 'X'
}

// Ends fails the test unless a process ends soon, and then kills it. A kill returns as
// soon as the signal is sent. The process ends when it next gets a CPU, which takes a
// while on a busy machine.
func Ends(t testing.TB, pid int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for Running(pid) {
		select {
		case <-poll.C:
		case <-ctx.Done():
			t.Errorf("process %d runs on", pid)
			if err := kill(pid); err != nil {
				t.Error(err)
			}
			return
		}
	}
}

// kill ends a process. That it has ended by itself is no failure.
func kill(pid int) error {
	p, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	if err := p.Kill(); !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}
