package guest

import (
	"context"
	"time"
)

const (
	// checkEvery is the pace of the status checks ("Status checks for Amazon EC2
	// instances", Amazon EC2 User Guide).
	checkEvery = time.Minute
	// checkTakes is how long a check waits for an answer, and askEvery how often it asks
	// in the meantime, so that it does not fail for one lost frame.
	checkTakes = 45 * time.Second
	askEvery   = 5 * time.Second
	// checkLeast is how long a check waits on the wall, however fast the lab's clock
	// is: a busy host gives QEMU no processor for hundreds of milliseconds.
	checkLeast = time.Second
	// pingEvery is how often the SSM agent reports, "about every five minutes"
	// ("Checking SSM Agent status", AWS Systems Manager User Guide).
	pingEvery = 5 * time.Minute
	// pingLeast is how long a ping waits on the wall, however fast the lab's clock is.
	pingLeast = 10 * time.Second
	// listenTakes is how long, on the wall, an agent that may not be there yet is given
	// to answer before it is asked again.
	listenTakes = time.Second
)

// attend begins what goes on in the background for as long as the guest runs.
func (g *Guest) attend() {
	ctx, stop := context.WithCancel(context.Background())
	g.stop = stop
	g.wg.Go(func() { g.watchStarts(ctx) })
	g.wg.Go(func() { g.check(ctx) })
	g.wg.Go(func() { g.ping(ctx) })
	g.wg.Go(func() { g.post(ctx) })
}

// watchStarts notices every start of a kernel: the agent's processes are gone with the
// one before, and an agent comes up that has not pinged yet.
func (g *Guest) watchStarts(ctx context.Context) {
	for line := range g.console.Follow(ctx, 0) {
		if !kernelStart.MatchString(line.Text) {
			continue
		}
		g.agent.Restarted()
		select {
		case g.started <- struct{}{}:
		default: // the one before has not been seen yet
		}
	}
}

// check is the status check, for as long as ctx lasts. The first is due a minute after
// the launch.
func (g *Guest) check(ctx context.Context) {
	for due := g.clock.After(checkEvery); ; {
		select {
		case <-ctx.Done():
			return
		case <-due:
		}
		due = g.clock.After(checkEvery)
		at := g.clock.Now()
		answered := g.reachable(ctx)
		if ctx.Err() != nil {
			return
		}
		g.checked(at, answered)
	}
}

// reachable is one check.
func (g *Guest) reachable(ctx context.Context) bool {
	ctx, cancel := g.bound(ctx, checkTakes, checkLeast)
	defer cancel()
	return g.arp.Ask(ctx, guestIP, func() <-chan time.Time { return g.clock.After(askEvery) }) == nil
}

// checked notes a check by the time at which it began.
func (g *Guest) checked(at time.Time, answered bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	v := &g.vitals
	v.Checked, v.Reachable = at, answered
	switch {
	case answered:
		v.UnreachableSince = time.Time{}
	case v.UnreachableSince.IsZero():
		v.UnreachableSince = at
	}
}

// bound gives a context that ends when both a time in the lab and one on the wall have
// passed.
func (g *Guest) bound(ctx context.Context, lab, wall time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	inLab, onWall := g.clock.After(lab), time.After(wall)
	g.wg.Go(func() {
		defer cancel()
		for range 2 {
			select {
			case <-ctx.Done():
				return
			case <-inLab:
				inLab = nil
			case <-onWall:
				onWall = nil
			}
		}
	})
	return ctx, cancel
}

// Arping asks the guest's network card for an answer, as a status check does, until
// there is one or ctx ends.
func (g *Guest) Arping(ctx context.Context) error {
	return g.ended(g.arp.Ask(ctx, guestIP, func() <-chan time.Time { return time.After(checkLeast / 10) }))
}

// ping is the agent's ping, for as long as ctx lasts: the first when the agent answers
// after a start of the kernel, further ones at its pace. A ping
// without an answer when the next is due does not count. A late answer counts when it
// comes.
func (g *Guest) ping(ctx context.Context) {
	for ctx.Err() == nil {
		life, over := g.life(ctx)
		if g.agentListens(life) {
			g.pingWhile(life)
		}
		<-life.Done()
		over()
	}
}

// life is a context that lasts until the next kernel starts.
func (g *Guest) life(ctx context.Context) (context.Context, context.CancelFunc) {
	life, over := context.WithCancel(ctx)
	g.wg.Go(func() {
		defer over()
		select {
		case <-life.Done():
		case <-g.started:
		}
	})
	return life, over
}

// agentListens waits for the agent to come up. What is sent to it while it is not there
// may be lost with the kernel's buffers, so it is asked again and again.
func (g *Guest) agentListens(ctx context.Context) bool {
	for ctx.Err() == nil {
		one, cancel := context.WithTimeout(ctx, listenTakes)
		again := time.After(listenTakes) // on the wall; an error may come at once
		err := g.agent.Listens(one)
		cancel()
		if err == nil {
			return true
		}
		select {
		case <-ctx.Done():
		case <-again:
		}
	}
	return false
}

// pingWhile pings at the agent's pace.
func (g *Guest) pingWhile(ctx context.Context) {
	for ctx.Err() == nil {
		due := g.clock.After(pingEvery)
		one, cancel := g.bound(ctx, pingEvery, pingLeast)
		if g.agent.Ping(one) == nil {
			g.pinged()
		}
		cancel()
		select {
		case <-ctx.Done():
		case <-due:
		}
	}
}

// pinged notes a ping at its answer.
func (g *Guest) pinged() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.vitals.LastPing = g.clock.Now()
}
