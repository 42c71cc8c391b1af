package guest

import (
	"bytes"
	"context"
	"fmt"
	"image/jpeg"
	"image/png"
	"strconv"
	"time"
)

const (
	// ring is the size of EC2's console buffer ("Instance console output", Amazon EC2
	// User Guide).
	ring = 64 << 10
	// postAfter is how long after a launch or a reboot the console is posted for good,
	// which is what GetConsoleOutput gives without Latest: as for simulated guests.
	postAfter = 4 * time.Minute
	// monitorTakes bounds a command to QEMU, which answers at once unless its host is
	// very busy.
	monitorTakes = 15 * time.Second
	// mostJPEG is the largest screenshot that EC2 gives ("Troubleshoot an unreachable
	// instance", Amazon EC2 User Guide).
	mostJPEG = 100_000
)

// qualities are those that a screenshot is tried in, until it is small enough.
var qualities = []int{75, 50, 25, 10, 1}

// command sends QEMU a command.
func (g *Guest) command(name string, arguments any) error {
	ctx, cancel := context.WithTimeout(context.Background(), monitorTakes)
	defer cancel()
	return g.ended(g.monitor.Execute(ctx, name, arguments, nil))
}

// Interrupt implements fleet.Machine.
func (g *Guest) Interrupt() error { return g.command("inject-nmi", nil) }

// Reset implements fleet.Machine.
func (g *Guest) Reset() error {
	g.mu.Lock()
	before := g.since
	g.since = g.console.Mark()
	g.mu.Unlock()
	if err := g.command("system_reset", nil); err != nil {
		g.mu.Lock()
		g.since = before
		g.mu.Unlock()
		return err
	}
	select {
	case g.reset <- struct{}{}:
	default: // the one before has not been seen yet
	}
	return nil
}

// Console implements fleet.Machine.
func (g *Guest) Console(latest bool) ([]byte, time.Time) {
	if latest {
		return g.console.Tail(ring), g.clock.Now()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.postedAt.IsZero() {
		return nil, g.clock.Now()
	}
	return bytes.Clone(g.posted), g.postedAt
}

// post keeps the console as it is some time after each transition that EC2 knows of:
// the launch, and a reset. EC2 does not know of a kernel that restarts by itself.
func (g *Guest) post(ctx context.Context) {
	for due := g.clock.After(postAfter); ; {
		select {
		case <-ctx.Done():
			return
		case <-g.reset:
			due = g.clock.After(postAfter)
		case <-due:
			g.mu.Lock()
			g.posted, g.postedAt = g.console.Tail(ring), g.clock.Now()
			g.mu.Unlock()
		}
	}
}

// Screenshot implements fleet.Machine. QEMU writes to a file in memory that it has
// inherited.
func (g *Guest) Screenshot() ([]byte, error) {
	g.screen.Lock()
	defer g.screen.Unlock()
	picture, err := g.capture()
	if err != nil {
		return nil, fmt.Errorf("taking a screenshot: %w", err)
	}
	return picture, nil
}

func (g *Guest) capture() ([]byte, error) {
	err := g.command("screendump", map[string]string{
		"filename": "/proc/self/fd/" + strconv.Itoa(screenFD), "format": "png",
	})
	if err != nil {
		return nil, err
	}
	if _, err := g.process.screen.Seek(0, 0); err != nil {
		return nil, err
	}
	screen, err := png.Decode(g.process.screen)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for _, q := range qualities {
		b.Reset()
		if err := jpeg.Encode(&b, screen, &jpeg.Options{Quality: q}); err != nil {
			return nil, err
		}
		if b.Len() <= mostJPEG {
			break
		}
	}
	return b.Bytes(), nil
}
