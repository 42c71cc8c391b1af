package guest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"crashcart/lab/guest/qmp"
)

// quitTakes is how long QEMU gets to end when it is asked to, before it is killed.
const quitTakes = 2 * time.Second

// Close ends the guest: its power is cut. Nothing of it is left when Close returns, and
// all that waits for it has got its error. Further calls give what the first one did.
func (g *Guest) Close() error {
	g.end.Do(func() { g.left = g.close() })
	return g.left
}

func (g *Guest) close() error {
	if g.stop != nil {
		g.stop()
	}
	ctx, cancel := context.WithTimeout(context.Background(), quitTakes)
	defer cancel()
	err := g.monitor.Execute(ctx, "quit", nil, nil)
	if errors.Is(err, qmp.ErrClosed) {
		err = nil // it was quicker than its answer, or is gone already
	}
	select {
	case <-g.process.exited:
	case <-ctx.Done():
		if killed := g.process.kill(); killed != nil && !errors.Is(killed, os.ErrProcessDone) {
			err = errors.Join(err, fmt.Errorf("killing QEMU: %w", killed))
		}
		<-g.process.exited
	}
	err = errors.Join(err, g.monitor.Close(), g.agent.Close(), g.link.Close())
	g.wg.Wait()
	if err = errors.Join(err, g.unheard, g.process.close()); err != nil {
		return fmt.Errorf("ending the guest: %w", err)
	}
	return nil
}

// listen takes what the serial port says until QEMU ends.
func (g *Guest) listen() {
	_, err := io.Copy(g.console, g.process.output)
	g.unheard = errors.Join(err, g.console.Close())
}
