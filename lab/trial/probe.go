package trial

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Answers are how long each part of a guest took to answer, on the wall; 0 for none.
type Answers struct {
	ARP    time.Duration // its network card, as EC2's instance status check asks
	Agent  time.Duration // as Systems Manager hears it
	Serial time.Duration // a command on the serial console that touches the disk
}

// probeWithin is how long an answer may take: a healthy guest gives each within a
// second, and a guest with a twentieth of its processor within ten.
const probeWithin = 12 * time.Second

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
	return word("ARP", a.ARP) + ", " + word("the agent", a.Agent) + ", " + word("the serial console", a.Serial)
}
