package guest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"crashcart/lab/guest/guesttest"
)

// helper is the environment variable that makes this test's program one that starts
// something, says its process id, and waits to be killed.
const helper = "CRASHCART_GUEST_HELPER"

// TestHelper is not a test but that program.
func TestHelper(t *testing.T) {
	var pid int
	switch os.Getenv(helper) {
	case "":
		return // an ordinary run of the tests
	case "signal":
		p := &process{exited: make(chan struct{})}
		cmd := exec.Command("sleep", "1000")
		if err := p.run(cmd); err != nil {
			t.Fatal(err)
		}
		pid = cmd.Process.Pid
	case "pipe":
		theirs, ours, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = ours.Close() }() // never: the process is killed
		// SIGIO, the signal by default, would not reach QEMU, which blocks it.
		cmd := exec.Command("sh", "-c", "trap '' IO; echo deaf; exec sleep 1000")
		deaf, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd.ExtraFiles = []*os.File{theirs}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		pid = cmd.Process.Pid
		if _, err := deaf.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(tie(theirs, pid), theirs.Close()); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Println("started", pid)
	<-t.Context().Done()
}

// TestNothingOutlivesAProcessThatIsKilled kills a process with SIGKILL. Two things end
// its guest then, and either must do alone. Package kerneltest does the same to a process
// with a real guest.
func TestNothingOutlivesAProcessThatIsKilled(t *testing.T) {
	for _, reliesOn := range []string{"signal", "pipe"} {
		t.Run(reliesOn, func(t *testing.T) { guesttest.Ends(t, guesttest.Killed(t, helper+"="+reliesOn)) })
	}
}
