package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// tools are the programs of a build and the Debian packages that have them.
var tools = []struct{ program, pkg string }{
	{"mmdebstrap", "mmdebstrap"},
	{"mke2fs", "e2fsprogs"},
	{"debugfs", "e2fsprogs"},
	{"dpkg-query", "dpkg"},
}

// able says what there is to do before anything can be built here.
func able() error {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return fmt.Errorf("%w: it is built on Linux on amd64 only", ErrMissing)
	}
	var programs, packages []string
	for _, tool := range tools {
		if _, err := exec.LookPath(tool.program); err != nil {
			programs = append(programs, tool.program)
			if len(packages) == 0 || packages[len(packages)-1] != tool.pkg {
				packages = append(packages, tool.pkg)
			}
		}
	}
	if len(programs) > 0 {
		return fmt.Errorf("%w: there is no %s. Get it with: apt-get install %s",
			ErrMissing, strings.Join(programs, ", no "), strings.Join(packages, " "))
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("%w: the chroot that it is installed in and the owners of its files need root. "+
			"Build it once as root with the same cache directory; to use it no rights are needed", ErrMissing)
	}
	return nil
}

// patience is how long a program may take to end after SIGTERM.
const patience = 10 * time.Second

// site is where a build works. The lock goes to each of its processes: it is held
// until the last of them is gone, even when the process that started them was killed.
type site struct {
	dir  string
	lock *os.File
}

// run gives what a program prints. When ctx ends, the program and all that it started
// are ended before run returns.
func (at site) run(ctx context.Context, program string, args ...string) (string, error) {
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = at.dir, &out, &errs
	cmd.Env = append(os.Environ(), "LC_ALL=C", "TZ=UTC",
		"SOURCE_DATE_EPOCH="+strconv.FormatInt(epoch.Unix(), 10),
		"E2FSPROGS_FAKE_TIME="+strconv.FormatInt(epoch.Unix(), 10)) // of mke2fs and debugfs
	cmd.ExtraFiles = []*os.File{at.lock}
	cmd.SysProcAttr = own()
	cmd.WaitDelay = patience
	cmd.Cancel = func() error { return signal(cmd.Process.Pid, syscall.SIGTERM) }

	// The death signal of own is that of a thread.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := cmd.Run()
	if cmd.Process != nil {
		err = errors.Join(err, signal(cmd.Process.Pid, syscall.SIGKILL))
	}
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", program, err, tail(errs.String()))
	}
	return out.String(), nil
}

// tail is the end of what a program complained of: its reason, not its history.
func tail(text string) string {
	const most = 1000
	text = strings.TrimSpace(text)
	if len(text) > most {
		text = "... " + text[len(text)-most:]
	}
	return text
}
