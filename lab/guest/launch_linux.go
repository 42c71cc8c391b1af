package guest

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// pipeSize is what the pipe of the serial port holds while nobody reads it: the most
// that an unprivileged process may ask for (/proc/sys/fs/pipe-max-size), fifteen times
// the console that EC2 keeps.
const pipeSize = 1 << 20

// launch starts QEMU with an overlay of a disk. It does not outlive this process, which
// may be killed at any time, for two reasons of which either would do: a parent-death
// signal, and a pipe that raises a signal when its other end goes.
func launch(path string, args []string, disk string) (p *process, err error) {
	p = &process{exited: make(chan struct{})}
	var far []*os.File
	defer func() {
		for _, f := range far {
			err = errors.Join(err, f.Close())
		}
	}()
	if far, err = p.wire(disk); err != nil {
		return nil, errors.Join(err, p.close())
	}
	cmd := exec.Command(path, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = far[0], far[1], &p.errors
	cmd.ExtraFiles = far[2:]
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	if err := p.run(cmd); err != nil {
		return nil, errors.Join(err, p.close())
	}
	p.pid, p.kill = cmd.Process.Pid, cmd.Process.Kill
	if err := tie(far[lifeFD-1], p.pid); err != nil {
		return nil, errors.Join(err, p.kill(), p.close())
	}
	return p, nil
}

// run starts the process and has it waited for. The parent-death signal comes when the
// parent's *thread* ends, so that one is kept for as long as QEMU lives.
func (p *process) run(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Pdeathsig: syscall.SIGKILL,
		Setpgid:   true, // a Ctrl-C at the terminal is ours to answer, with Close
	}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with this
		err := cmd.Start()
		started <- err
		if err == nil {
			p.status = cmd.Wait()
			p.used = used(cmd.ProcessState)
			close(p.exited)
		}
	}()
	return <-started
}

// used is what a process that has ended took. Linux counts memory in KiB (getrusage(2)).
func used(state *os.ProcessState) Usage {
	u := Usage{CPU: state.UserTime() + state.SystemTime()}
	if r, ok := state.SysUsage().(*syscall.Rusage); ok {
		u.Memory = r.Maxrss << 10
	}
	return u
}

// tie makes the kernel kill a process when the other end of a pipe is closed, however
// that comes about. The process must have inherited the pipe, which keeps the tie.
func tie(pipe *os.File, pid int) error {
	fd := pipe.Fd()
	for _, set := range [][2]int{{unix.F_SETOWN, pid}, {unix.F_SETSIG, int(unix.SIGKILL)}, {unix.F_SETFL, unix.O_ASYNC}} {
		if _, err := unix.FcntlInt(fd, set[0], set[1]); err != nil {
			return fmt.Errorf("tying QEMU's life to ours: %w", err)
		}
	}
	return nil
}

// wire makes all the ways between this process and QEMU, and gives QEMU's ends:
// standard input and output, and the others in the order of their descriptors.
//
// The serial port is a pair of pipes because the guest's UART drops characters, and
// QEMU repeats others, when a socket is full, which some two hundred single bytes
// suffice for; a pipe packs them.
func (p *process) wire(disk string) (far []*os.File, err error) {
	add := func(near io.Closer, f *os.File) {
		p.near, far = append(p.near, near), append(far, f)
	}
	input, typing, err := os.Pipe()
	if err != nil {
		return far, fmt.Errorf("making a pipe: %w", err)
	}
	add(typing, input)
	said, output, err := os.Pipe()
	if err != nil {
		return far, fmt.Errorf("making a pipe: %w", err)
	}
	add(said, output)
	// A user who has too many is left with a smaller one, which is read all the time.
	if _, err := unix.FcntlInt(output.Fd(), unix.F_SETPIPE_SZ, pipeSize); err != nil && !errors.Is(err, unix.EPERM) {
		return far, fmt.Errorf("making a pipe larger: %w", err)
	}
	p.input, p.output = typing, said
	for _, s := range []struct {
		near *net.Conn
		kind int
	}{{&p.monitor, unix.SOCK_STREAM}, {&p.agent, unix.SOCK_STREAM}, {&p.network, unix.SOCK_DGRAM}} {
		f, err := connect(s.near, s.kind)
		if err != nil {
			return far, err
		}
		add(*s.near, f)
	}
	fd, err := unix.MemfdCreate("screen", unix.MFD_CLOEXEC)
	if err != nil {
		return far, fmt.Errorf("making a file in memory: %w", err)
	}
	p.screen = os.NewFile(uintptr(fd), "screen")
	p.near = append(p.near, p.screen)
	again, err := unix.FcntlInt(p.screen.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return far, fmt.Errorf("making a file in memory: %w", err)
	}
	far = append(far, os.NewFile(uintptr(again), "screen"))
	root, err := overlay(disk)
	if err != nil {
		return far, err
	}
	far = append(far, root)
	tied, life, err := os.Pipe()
	if err != nil {
		return far, fmt.Errorf("making a pipe: %w", err)
	}
	add(life, tied)
	return far, nil
}

// connect makes a pair of sockets, and gives the far end.
func connect(near *net.Conn, kind int) (*os.File, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, kind|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("making a pair of sockets: %w", err)
	}
	ours, far := os.NewFile(uintptr(fds[0]), "near"), os.NewFile(uintptr(fds[1]), "far")
	*near, err = net.FileConn(ours) // with a descriptor of its own
	if err = errors.Join(err, ours.Close()); err != nil {
		return nil, errors.Join(err, far.Close())
	}
	return far, nil
}
