package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"crashcart/lab"
	"crashcart/lambda/domain/config"
)

// terminal opens a pseudo terminal ("pts(4)", Linux manual pages).
func terminal(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("there are no pseudo terminals here: ", err)
	}
	t.Cleanup(func() { _ = master.Close() })
	raw, err := master.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var number, unlock uint32
	err = raw.Control(func(fd uintptr) {
		for request, value := range map[uintptr]*uint32{syscall.TIOCSPTLCK: &unlock, syscall.TIOCGPTN: &number} {
			if _, _, no := syscall.Syscall(syscall.SYS_IOCTL, fd, request, uintptr(unsafe.Pointer(value))); no != 0 {
				t.Skip("there are no pseudo terminals here: ", no)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0); err != nil {
		t.Skip("there are no pseudo terminals here: ", err)
	}
	t.Cleanup(func() { _ = slave.Close() })
	return master, slave
}

// prompt gets what a command says and closes asked when it asks.
type prompt struct {
	mu    sync.Mutex
	text  bytes.Buffer
	asked chan struct{}
	once  sync.Once
}

func (p *prompt) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.text.Write(b)
	if strings.Contains(p.text.String(), "to go on: ") {
		p.once.Do(func() { close(p.asked) })
	}
	return len(b), nil
}

func TestNothingIsInterruptedThatWasNotTyped(t *testing.T) {
	w := newWorld(t, 8, lab.Options{}, lab.Function{Env: map[string]string{config.EnvBudget: "100"}})
	for name, c := range map[string]struct {
		ids       []int
		answer    string // what is typed; "^C" for a signal
		code      int
		says      string
		interrupt bool
	}{
		"yes":             {[]int{0}, "yes\n", 1, "not confirmed: nothing was sent", false},
		"nothing":         {[]int{0}, "\n", 1, "not confirmed", false},
		"half of it":      {[]int{0}, host(0)[:10] + "\n", 1, "not confirmed", false},
		"another":         {[]int{0}, host(1) + "\n", 1, "not confirmed", false},
		"the end":         {[]int{0}, "\x04", 1, "not confirmed", false},
		"Ctrl-C":          {[]int{0}, "^C", 130, "stopped", false},
		"one of two":      {[]int{0, 1}, host(0) + "\n", 1, "not confirmed", false},
		"the wrong count": {[]int{0, 1}, "1\n", 1, "not confirmed", false},
		"the instance":    {[]int{2}, "  " + host(2) + "\n", 0, "interrupted", true},
		"the count":       {[]int{3, 4}, "2\n", 0, "interrupted", true},
		"one, twice":      {[]int{5, 5}, host(5) + "\n", 0, "interrupted", true},
	} {
		t.Run(name, func(t *testing.T) {
			master, slave := terminal(t)
			args := []string{"interrupt", "--reason", "it hangs"}
			for _, n := range c.ids {
				args = append(args, host(n))
			}
			before := len(w.lab.Fleet.Interrupts())
			p := &prompt{asked: make(chan struct{})}
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second) // one that hangs is killed
			defer cancel()
			cmd := w.command(ctx, args...)
			var out bytes.Buffer
			cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, &out, p
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			select {
			case <-p.asked:
			case <-time.After(20 * time.Second):
				_ = cmd.Process.Kill()
				t.Error("it has not asked")
			}
			if c.answer == "^C" {
				_ = cmd.Process.Signal(os.Interrupt)
			} else if _, err := master.WriteString(c.answer); err != nil {
				t.Error(err)
			}
			wait(t, cmd)
			if said := p.text.String() + out.String(); cmd.ProcessState.ExitCode() != c.code || !strings.Contains(said, c.says) || !strings.Contains(said, host(c.ids[0])) {
				t.Errorf("exit %d, want %d and %q\n%s", cmd.ProcessState.ExitCode(), c.code, c.says, said)
			}
			if got := len(w.lab.Fleet.Interrupts()) > before; got != c.interrupt {
				t.Errorf("interrupted: %v, want %v", got, c.interrupt)
			}
		})
	}
}

func wait(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	err := cmd.Wait()
	if _, exited := err.(*exec.ExitError); err != nil && !exited { //nolint:errorlint // Wait does not wrap it
		t.Error(err)
	}
}
