package guesttest

import (
	"bufio"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// Killed runs TestHelper of the test's own program, with more in its environment. The
// helper must print "started" and the process id of what it has started. Killed then
// kills the helper with SIGKILL, and gives that process id.
func Killed(t testing.TB, environment ...string) int {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestHelper$")
	cmd.Env = append(os.Environ(), environment...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		word, number, _ := strings.Cut(lines.Text(), " ")
		if word != "started" {
			continue
		}
		pid, err := strconv.Atoi(number)
		if err != nil {
			t.Fatal(err)
		}
		if !Running(pid) {
			t.Error("it did not run in the first place")
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err == nil {
			t.Error("the helper ended by itself, and was not killed")
		}
		return pid
	}
	t.Fatal("the helper started nothing: ", cmd.Wait())
	return 0
}
