package fleet

import (
	"fmt"
	"time"
)

// hardResetAfter is how long a guest that was asked to reboot may take until it is
// reset: "within four minutes" in the older Amazon EC2 API Reference (2012 to 2019,
// "RebootInstances"), "within a few minutes" in the present one.
const hardResetAfter = 4 * time.Minute

// Reboot is what RebootInstances does to a guest: it is asked to restart. One that is
// up does so in order. One that is not, or that hangs on the way, is reset
// hardResetAfter the request, unless it has restarted by itself by then; a dump that
// it is still writing at that time is lost. A guest that does not run is left as it is.
//
// A machine is reset at once, unasked: nothing in the lab presses its power button.
func (f *Fleet) Reboot(id string) error {
	if m, ok := f.Machine(id); ok {
		if err := m.Reset(); err != nil {
			return fmt.Errorf("resetting %s: %w", id, err)
		}
		return nil
	}
	return f.change(id, 0, func(g *guest, at time.Time) {
		g.reboot = at
		if p, _ := g.phaseAt(at); p.name == phaseUp {
			text := g.shutdownText(at)
			if len(text) > 0 {
				text = text[1:] // the line that says which program wants it
			}
			g.restart(at, text, text.length()+firmwareTakes)
		}
	})
}

// enforceReboot plans the hard reset of a guest that was asked to reboot and, as
// things stand, will not have restarted in time.
func (g *guest) enforceReboot() {
	if g.reboot.IsZero() || g.state != stateRunning {
		return
	}
	due := g.reboot.Add(hardResetAfter)
	for _, p := range g.phases {
		if p.name == phaseBooting && p.at.After(g.reboot) && !p.at.After(due.Add(firmwareTakes)) && g.booted(p.at).After(g.reboot) {
			return // by itself, or by the reset that is planned
		}
	}
	g.enter(due, phaseStopping, false)
	g.boot(due.Add(firmwareTakes), g.bootText(true), g.BootTakes)
}

// restart shuts a guest down in order at a time, and boots it when it has been away
// for so long.
func (g *guest) restart(at time.Time, text transcript, away time.Duration) {
	g.enter(at, phaseStopping, true)
	g.print(at, text)
	g.then(at.Add(text.length()), phaseStopping, false, false)
	g.boot(at.Add(away), g.bootText(true), g.BootTakes)
}

// shutdownText is the console of an orderly shutdown that begins at a time.
func (g *guest) shutdownText(at time.Time) transcript {
	if g.Platform == "windows" {
		return transcript{}
	}
	return shutdown.live(at.Sub(g.booted(at)))
}

// booted is when the kernel that runs at a time was started.
func (g *guest) booted(t time.Time) time.Time {
	_, i := g.phaseAt(t)
	for i > 0 && (g.phases[i].name != phaseBooting || g.phases[i-1].name == phaseBooting) {
		i--
	}
	return g.phases[i].at
}
