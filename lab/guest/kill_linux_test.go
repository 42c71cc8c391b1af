package guest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"crashcart/lab/clock"
	"crashcart/lab/guest/image"
)

// built gives the image, or skips the test where it cannot be built.
func built(t *testing.T) image.Image {
	t.Helper()
	if testing.Short() {
		t.Skip("a real kernel takes a while")
	}
	if _, err := exec.LookPath(program); err != nil {
		t.Skip(ErrMissing)
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

// helper is the environment variable that makes this test's program one that starts
// something, says its process id, and waits to be killed.
const helper = "CRASHCART_GUEST_HELPER"

// TestHelper is no test but that program.
func TestHelper(t *testing.T) {
	var pid int
	switch what := strings.Split(os.Getenv(helper), ","); what[0] {
	case "":
		return // an ordinary run of the tests
	case "guest":
		g, err := Start(t.Context(), Options{Image: image.Image{Kernel: what[1], Disk: what[2]}, Clock: clock.NewScaled(1)})
		if err != nil {
			t.Fatal(err)
		}
		pid = g.process.pid
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

// killed runs the helper, kills it when it has started something, and gives the process
// id of that.
func killed(t *testing.T, what ...string) int {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestHelper$")
	cmd.Env = append(os.Environ(), helper+"="+strings.Join(what, ","))
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
		if !running(pid) {
			t.Error("it did not run in the first place")
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // it was killed
		return pid
	}
	t.Fatal("the helper started nothing: ", cmd.Wait())
	return 0
}

// TestNothingOutlivesAProcessThatIsKilled kills one with SIGKILL that has a guest, and
// ones that rely on only one of the two things that end a guest then.
func TestNothingOutlivesAProcessThatIsKilled(t *testing.T) {
	t.Run("signal", func(t *testing.T) { ends(t, killed(t, "signal")) })
	t.Run("pipe", func(t *testing.T) { ends(t, killed(t, "pipe")) })
	t.Run("guest", func(t *testing.T) {
		img := built(t)
		dir := filepath.Dir(img.Disk)
		before := files(t, dir)
		ends(t, killed(t, "guest", img.Kernel, img.Disk))
		if after := files(t, dir); !maps.Equal(after, before) {
			t.Errorf("it left %v of %v", after, before)
		}
	})
}

// ends fails unless a process is gone within seconds.
func ends(t *testing.T, pid int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	for running(pid) {
		select {
		case <-ctx.Done():
			t.Errorf("process %d runs on", pid)
			p, err := os.FindProcess(pid)
			if err = errors.Join(err, p.Kill()); err != nil {
				t.Error(err)
			}
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}
