package world

import (
	"fmt"
	"slices"
)

const (
	// stillScreens is the share of hosts whose screen shows one picture, such as a logo,
	// while they shut down and boot (systemd.show_status=no, Plymouth). Behind a serial
	// console that shows nothing, such a host looks hung to every observer: nobody can see
	// that its shutdown waits. That is the coincidence which the rule cannot find. One host
	// in ten is a guess at what is usual; it is 0 here until the figures say what it costs.
	stillScreens = 0.0
	// blinkingCursors is the share of hosts whose cursor blinks. It is a guess.
	blinkingCursors = 0.5
)

// Screen is the picture on a host's screen, as GetConsoleScreenshot has it. Equal bytes are
// equal pictures. It is empty for a host that does not run.
//
// A living host shows a login prompt that never changes by itself. A shutdown and a boot
// show another picture every second: init counts for how long it has waited, even where the
// kernel was told to be quiet (systemd's show_status=auto switches itself on when a job is
// slow), and Windows shows how far it is. See stillScreens for those that do not. What
// the kernel complains of stands on the screen, too.
func (v *View) Screen(host int) []byte { return v.w.hosts[host].screen(v.now) }

func (h *host) screen(at int64) []byte {
	switch e := h.life.at(at); {
	case e&off != 0:
		return nil
	case e&dumpWrites != 0:
		return h.dumpScreen(at)
	}
	boot, complaint := h.written(at)
	if i := h.restarting(at); i != nil {
		return fmt.Appendf(nil, "%s: %s, complaint of %d", h.id, h.progress(i, at), complaint)
	}
	return fmt.Appendf(nil, "%s: login prompt after the boot of %d, complaint of %d, cursor %d", h.id, boot, complaint, h.cursor(at))
}

// dumpScreen is the screen of a host that dumps. It changes now and then. A capture kernel
// that does not write on the serial console leaves the panic on the screen.
func (h *host) dumpScreen(at int64) []byte {
	i := h.life.find(at, dumpWrites)
	if i.talk != saysDump {
		return fmt.Appendf(nil, "%s: panic of %d", h.id, i.from)
	}
	every := between(mix(i.seed, 90), minute, 10*minute)
	return fmt.Appendf(nil, "%s: dump of %d, part %d", h.id, i.from, (at-i.from)/every)
}

// restarts are the intervals in which a host shuts down or boots.
var restarts = []speech{saysBoot, saysSlowBoot, saysStop, saysSlowStop}

// restarting gives the newest interval in which a host shuts down or boots at a moment. It
// is nil for none.
func (h *host) restarting(at int64) *interval {
	l := &h.life
	for n := l.last(at + 1); n >= 0 && l.reach[n] > at; n-- {
		if i := &l.all[n]; i.to > at && slices.Contains(restarts, i.talk) {
			return i
		}
	}
	return nil
}

// progress is what a shutdown or a boot shows at a moment. Once the user space of the host
// hangs, it draws nothing more.
func (h *host) progress(i *interval, at int64) string {
	if part(mix(h.seed, 14)) < stillScreens {
		return "logo"
	}
	if hang := h.life.find(at, hung); hang != nil && hang.from > i.from {
		at = hang.from
	}
	return fmt.Sprintf("restart of %d, after %d s", i.from, at-i.from)
}

// written is what stands on a screen besides the prompt: when the newest boot began, and
// when the kernel's newest complaint since then came. That is 0 for none.
func (h *host) written(at int64) (boot, complaint int64) {
	l := &h.life
	for n := l.last(at + 1); n >= 0; n-- {
		i := &l.all[n]
		if i.talk == saysBoot || i.talk == saysSlowBoot {
			return i.from, complaint
		}
		if !h.kind.windows || i.talk == saysPanic { // Windows shows its stop code, and complains of nothing else
			if first, every, count := i.complaints(at); count > 0 {
				complaint = max(complaint, first+(count-1)*every)
			}
		}
	}
	return h.launched, complaint
}

// cursor is which of its two states the cursor has. It blinks as long as the kernel runs
// timers.
func (h *host) cursor(at int64) uint64 {
	if part(mix(h.seed, 15)) >= blinkingCursors {
		return 0
	}
	if i := h.life.find(at, noTimers); i != nil {
		at = i.from
	}
	return mixAt(h.seed^0xc5, at) % 2
}
