package image_test

import (
	"context"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// number reads a process id from a file.
func number(t *testing.T, file string) int {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// soon bounds what a busy machine may take for a thing that is a moment's work.
const soon = 20 * time.Second

// ends fails unless a process is gone soon. A signal is only sent when kill returns: the
// kernel ends the process when it next gets a CPU, which takes a while on a busy machine.
func ends(t *testing.T, pid int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for alive(pid) {
		select {
		case <-ctx.Done():
			t.Fatalf("process %d outlived the build that started it", pid)
		case <-poll.C:
		}
	}
}

// alive says whether a process runs. A zombie does not: it has ended, and its parent has
// not yet asked how.
func alive(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(state, "Z") && !strings.HasPrefix(state, "X")
}
