// Package guest runs a real Linux kernel under QEMU, without KVM, and lets it be
// treated as an EC2 instance (fleet.Machine): what EC2 and Systems Manager would know
// of it is found out by asking it.
//
// How each question is asked:
//
//   - the diagnostic interrupt is QEMU's inject-nmi, which raises LINT1 of the first
//     CPU: to the kernel an unknown NMI, as on Nitro;
//   - the status check is an ARP request to its network card every lab minute
//     ("Status checks for Amazon EC2 instances", Amazon EC2 User Guide);
//   - the console is its serial port, of which EC2 keeps the last 64 KB;
//   - the screenshot is that of its VGA card;
//   - what CloudWatch counts of its disk is QEMU's own count, and of its network what
//     arrives at this end;
//   - a load balancer's checks are connections and requests to its application, see
//     package tcp;
//   - Systems Manager's agent is played by qemu-guest-agent, see package agent for what
//     a ping is;
//   - what it sends to S3 goes over a second network card, see Store.
//
// A guest leaves nothing behind. QEMU reaches everything by inherited descriptors, so
// that there is no socket, port or file to forget; its disk is an overlay in a file that
// never had a name. It dies with this process however that dies, see launch. So do the
// programs that carry its connections to S3, which end when QEMU's side of them does.
//
// Times in and out of this package are lab times, except in package serial.
package guest

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"sync"
	"time"

	"crashcart/lab/clock"
	"crashcart/lab/fleet"
	"crashcart/lab/guest/agent"
	"crashcart/lab/guest/arp"
	"crashcart/lab/guest/image"
	"crashcart/lab/guest/link"
	"crashcart/lab/guest/qmp"
	"crashcart/lab/guest/serial"
	"crashcart/lab/guest/tcp"
)

// Options describe a guest. Image and Clock are required.
type Options struct {
	Image       image.Image
	Clock       clock.Clock
	CPUs        int    // default 1: more boot faster, but are unsteady on a busy host
	MemoryMB    int    // default 512
	CrashKernel string // of the kernel's command line; default 128M, and none leaves it out
	KernelArgs  string // more of the kernel's command line
	Arch        string // x86_64 or amd64; default x86_64
	Store       Store  // the lab's S3; none if zero
}

const (
	program     = "qemu-system-x86_64"
	defaultCPUs = 1
	// The least memory that dumps was measured as 256 MB with 96M of it for the capture
	// kernel; twice that leaves room.
	defaultMemoryMB    = 512
	defaultCrashKernel = "128M"
	// NoCrashKernel is a CrashKernel that leaves the kernel without one.
	NoCrashKernel = "none"
)

var (
	// ErrMissing says that QEMU is not installed.
	ErrMissing = errors.New("there is no " + program + " on the PATH: apt-get install --no-install-recommends qemu-system-x86")
	// ErrArch says that a guest of that architecture could not be interrupted: EC2 sends
	// no diagnostic interrupts to Graviton instances ("Send a diagnostic interrupt",
	// Amazon EC2 User Guide), and inject-nmi is not supported on QEMU's virt machine.
	ErrArch = errors.New("only x86_64 guests: EC2 sends no diagnostic interrupt to Graviton instances, and QEMU's arm64 machine knows no NMI either")
	// ErrEnded says that QEMU has ended: Close was called, the guest powered off, or it
	// was killed.
	ErrEnded = errors.New("the guest has ended")
)

var _ fleet.Counter = (*Guest)(nil)

// Guest is a running QEMU. It is safe for concurrent use.
type Guest struct {
	arguments string // of the kernel
	store     Store

	clock   clock.Clock
	process *process
	monitor *qmp.Client
	agent   *agent.Agent
	link    *link.Link
	arp     *arp.Asker
	checks  *tcp.Client
	console *serial.Log
	shell   chan struct{} // holds a token while someone has a conversation with it
	typed   int           // conversations so far; guarded by the token of shell
	started chan struct{} // holds a token when a kernel has started
	reset   chan struct{} // holds a token when the machine was reset

	screen sync.Mutex // guards the file that a screenshot is written to

	stop context.CancelFunc // ends what runs in the background; nil if nothing does
	wg   sync.WaitGroup
	end  sync.Once
	left error // what Close met

	unheard error // why the console was not listened to until the end; once wg is done

	mu       sync.Mutex
	vitals   fleet.Vitals
	since    serial.Mark // where the newest start of the machine began
	posted   []byte      // the console as it was at postedAt
	postedAt time.Time
}

// Start boots a guest and returns when QEMU runs, long before the guest is Ready. The
// guest outlives ctx, which bounds the start alone; Close ends it. An error is
// ErrMissing, ErrArch, or says what QEMU said.
func Start(ctx context.Context, o Options) (*Guest, error) {
	if err := o.fill(); err != nil {
		return nil, err
	}
	path, err := exec.LookPath(program)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMissing, err)
	}
	p, err := launch(path, arguments(o), o.Image.Disk)
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", program, err)
	}
	g := assemble(o.Clock, p)
	g.arguments, g.store = kernelArguments(o), o.Store
	if err := g.monitor.Greet(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("starting %s: %w", program, err), g.Close(), p.failure())
	}
	g.attend()
	return g, nil
}

// Able says whether QEMU is there to start a guest with: nil, or ErrMissing. Ask before
// building an image.
func Able() error {
	if _, err := exec.LookPath(program); err != nil {
		return fmt.Errorf("%w: %w", ErrMissing, err)
	}
	return nil
}

// assemble makes a guest of a QEMU and listens to its serial port.
func assemble(c clock.Clock, p *process) *Guest {
	network := link.New(p.network)
	g := &Guest{
		clock: c, process: p, console: serial.New(), shell: make(chan struct{}, 1),
		monitor: qmp.New(p.monitor, nil), agent: agent.New(qmp.New(p.agent, nil)),
		link: network, arp: arp.NewAsker(network, hostMAC, hostIP),
		checks:  tcp.NewClient(network, tcp.Endpoint{MAC: hostMAC, IP: hostIP}, tcp.Endpoint{MAC: guestMAC, IP: guestIP}),
		started: make(chan struct{}, 1), reset: make(chan struct{}, 1),
	}
	g.wg.Go(g.listen)
	return g
}

// fill checks the options and sets what is not given.
func (o *Options) fill() error {
	switch o.Arch {
	case "", "x86_64", "amd64":
	default:
		return fmt.Errorf("a guest of architecture %q: %w", o.Arch, ErrArch)
	}
	if o.Clock == nil || o.Image.Kernel == "" || o.Image.Disk == "" {
		return errors.New("a guest needs a clock and an image")
	}
	if err := o.Store.check(); err != nil {
		return err
	}
	if o.CPUs == 0 {
		o.CPUs = defaultCPUs
	}
	if o.MemoryMB == 0 {
		o.MemoryMB = defaultMemoryMB
	}
	if o.CrashKernel == "" {
		o.CrashKernel = defaultCrashKernel
	}
	return nil
}

// readyLine is what the image says when a boot is complete (package image).
var readyLine = regexp.MustCompile(`CRASHCART-GUEST-READY `)

// kernelStart is the first line of any kernel, the capture kernel too. Its time is part of
// it, since a program may print the same words.
var kernelStart = regexp.MustCompile(`\[ *0\.0+\] Linux version \d`)

// Ready waits until the newest boot is complete: kdump-tools is done, network and
// agent are up. After Reset that is the boot that the reset began; what the kernel does
// of its own accord, such as the restart after a dump, is only known from its first
// line on. The error is ctx's, or ErrEnded.
func (g *Guest) Ready(ctx context.Context) error {
	if _, err := g.console.Wait(ctx, g.boot(), readyLine); err != nil {
		return g.ended(fmt.Errorf("waiting for the guest to be ready: %w", err))
	}
	return nil
}

// boot is where on the console the newest kernel started, or will.
func (g *Guest) boot() serial.Mark {
	g.mu.Lock()
	since := g.since
	g.mu.Unlock()
	if line, ok := g.console.Last(since, kernelStart); ok {
		return line.Mark
	}
	return since
}

// ended adds ErrEnded to an error that the end of QEMU explains. The serial port closes
// with QEMU, a moment before it is known how that has ended.
func (g *Guest) ended(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, serial.ErrClosed) {
		return errors.Join(ErrEnded, err)
	}
	select {
	case <-g.process.exited:
		return errors.Join(ErrEnded, err)
	default:
		return err
	}
}

// CommandLine is what the kernel was started with.
func (g *Guest) CommandLine() string { return g.arguments }

// Serial is everything that the guest said on its serial port.
func (g *Guest) Serial() *serial.Log { return g.console }

// Done is closed when QEMU has ended, of itself or by Close.
func (g *Guest) Done() <-chan struct{} { return g.process.exited }

// Usage is what QEMU took.
type Usage struct {
	CPU    time.Duration
	Memory int64 // at most, in bytes
}

// Usage is what QEMU took when it has ended, and zero before.
func (g *Guest) Usage() Usage {
	select {
	case <-g.process.exited:
		return g.process.used
	default:
		return Usage{}
	}
}

// Vitals implements fleet.Machine.
func (g *Guest) Vitals() fleet.Vitals {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.vitals
}

// Start implements fleet.Machine. The script is run by /bin/sh in a session of its own.
func (g *Guest) Start(ctx context.Context, script string) (fleet.Process, error) {
	p, err := g.agent.Run(ctx, script)
	if err != nil {
		return nil, g.ended(err)
	}
	return p, nil
}

// Ping makes the agent do what a health ping takes, until it has done so or ctx ends.
// Vitals do not show it.
func (g *Guest) Ping(ctx context.Context) error { return g.ended(g.agent.Ping(ctx)) }
