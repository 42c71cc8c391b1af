package trial

import (
	"context"
	"fmt"
	"sync"
	"time"

	"crashcart/lab/guest"
)

// Answers are how long each part of a guest took to answer, on the wall; 0 for none.
type Answers struct {
	ARP    time.Duration // its network card, as EC2's instance status check asks
	Agent  time.Duration // as Systems Manager hears it
	Serial time.Duration // a command on the serial console that touches the disk
	TCP    time.Duration // a connection to the application's port
	Memory time.Duration // a page of the application that comes from memory
	Disk   time.Duration // a page that takes a write to the disk
}

// probeWithin is how long an answer may take: a healthy guest gives each within a
// second, and a guest with a twentieth of its processor within ten.
const probeWithin = 12 * time.Second

// settles is how long after a hang the guest is asked, on the wall: what it had begun
// is over by then.
const settles = 2 * time.Second

// probes asks the guest soon after it hung, and again until the function has decided. A
// guest that lives is asked once: more would hold up its pings.
func (r *run) probes(ctx context.Context) {
	select {
	case <-r.hung:
	case <-ctx.Done():
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r.beside.Go(func() {
		select {
		case <-r.final: // an answer after that may be another kernel's
			cancel()
		case <-ctx.Done():
		}
	})
	for _, keep := range []func(*Answers){func(a *Answers) { r.record.Hung = a }, func(a *Answers) { r.record.Late = a }} {
		select {
		case <-time.After(settles):
		case <-ctx.Done():
			return
		}
		a := r.probe(ctx)
		r.mu.Lock()
		keep(a)
		r.mu.Unlock()
		if r.hang.Lives {
			return
		}
	}
}

// probe asks the guest in every way at once.
func (r *run) probe(ctx context.Context) *Answers {
	bounded, cancel := context.WithTimeout(ctx, probeWithin)
	defer cancel()
	var a Answers
	var all sync.WaitGroup
	for answered, ask := range map[*time.Duration]func(context.Context) error{
		&a.ARP:   r.guest.Arping,
		&a.Agent: r.guest.Ping,
		&a.Serial: func(ctx context.Context) error {
			_, err := r.guest.Shell(ctx, "touch /var/tmp/probe")
			return err
		},
		&a.TCP:    r.guest.Connects,
		&a.Memory: func(ctx context.Context) error { return r.guest.Answers(ctx, guest.PageInMemory) },
		&a.Disk:   func(ctx context.Context) error { return r.guest.Answers(ctx, guest.PageOnDisk) },
	} {
		all.Go(func() {
			began := time.Now()
			if ask(bounded) == nil {
				*answered = time.Since(began)
			}
		})
	}
	all.Wait()
	r.notify(Event{Kind: EventProbe, Text: a.String()})
	return &a
}

// captureSettles is how long the capture kernel gets to start, on the wall, before it
// is asked.
const captureSettles = 5 * time.Second

// probeCapture asks the network card while the capture kernel works, if it does.
func (r *run) probeCapture(ctx context.Context) {
	select {
	case <-r.captured:
	case <-r.back: // without one
		return
	case <-ctx.Done():
		return
	}
	select {
	case <-time.After(captureSettles):
	case <-ctx.Done():
		return
	}
	bounded, cancel := context.WithTimeout(ctx, probeWithin)
	defer cancel()
	answers := r.guest.Arping(bounded) == nil
	r.record.Capture = &answers
}

// String says what answers.
func (a *Answers) String() string {
	word := func(name string, took time.Duration) string {
		if took == 0 {
			return name + " is silent"
		}
		return fmt.Sprintf("%s answers in %.1f s", name, took.Seconds())
	}
	return word("ARP", a.ARP) + ", " + word("the agent", a.Agent) + ", " + word("the serial console", a.Serial) + ", " +
		word("its port", a.TCP) + ", " + word("the page in memory", a.Memory) + ", " + word("the page on disk", a.Disk)
}
