package fleet

import (
	"fmt"
	"slices"
	"time"
)

// What an interrupt did.
const (
	// EffectDumps is a crash into the capture kernel, which writes the dump.
	EffectDumps = "dumps"
	// EffectPanics is a panic without a dump.
	EffectPanics = "panics"
	// EffectIgnored is a kernel that took no notice beyond two lines.
	EffectIgnored = "ignored"
	// EffectKilledDump is a capture kernel that was interrupted while it was writing.
	EffectKilledDump = "killed the dump"
	// EffectSent is a machine's: it was interrupted. What that did must be asked of the
	// machine.
	EffectSent = "sent"
)

// Interrupt is one non-maskable interrupt that reached a guest.
type Interrupt struct {
	Instance string
	At       time.Time // lab time
	Wall     time.Time
	Phase    string // what the guest was doing
	Effect   string
	Harm     string // what was destroyed that should not have been, or empty; of a machine the fleet cannot know
}

// Interrupt sends a guest a non-maskable interrupt. It is the guest's side of
// SendDiagnosticInterrupt: whether the caller may, and whether the type can, is
// the EC2 API's business. As there, the error says nothing of what the guest
// made of it. The interrupt of a machine that gave an error is not on record, though
// it may have reached it if the answer was late.
func (f *Fleet) Interrupt(id string) error {
	if m, ok := f.Machine(id); ok {
		return f.interruptMachine(id, m)
	}
	f.lock()
	defer f.mu.Unlock()
	g := f.find(id)
	if g == nil {
		return fmt.Errorf("%s: %w", id, ErrUnknown)
	}
	now := f.clock.Now()
	p, _ := g.phaseAt(now)
	i := Interrupt{Instance: id, At: now, Wall: time.Now(), Phase: p.name}
	i.Effect, i.Harm = g.interrupt(now, p)
	f.interrupts = append(f.interrupts, i)
	g.enforceReboot()
	return nil
}

// interrupt is what the kernel makes of it, and what that destroys.
func (g *guest) interrupt(now time.Time, p phase) (effect, harm string) {
	switch p.name {
	case phaseOff, phasePanicked:
		return EffectIgnored, "" // no kernel is running
	case phaseDumping:
		return g.interruptCapture(now, p)
	case phaseBooting:
		return g.interruptBoot(now)
	}
	kernel := g.Kernel
	if g.Platform == "windows" {
		kernel = Prepared // any Windows of these years stops and dumps
	}
	if kernel == IgnoresNMI {
		g.print(now, ignoredText.live(now.Sub(g.booted(now))))
		return EffectIgnored, ""
	}
	g.crash(now)
	switch p.name {
	case phaseUp:
		harm = "the guest was healthy"
	case phaseStopping:
		harm = "the guest was shutting down"
	}
	if kernel == NoKdump {
		return EffectPanics, harm
	}
	return EffectDumps, harm
}

// interruptCapture is an interrupt of a capture kernel. It panics of one as any kernel
// does, and nothing stands ready for it; what it had written of the dump and of the
// log is not on disk yet (measured). For a few seconds it ignores an
// interrupt. That is luck, and no excuse for sending it.
func (g *guest) interruptCapture(now time.Time, p phase) (effect, harm string) {
	uptime := now.Sub(p.at) - kexecTakes
	switch {
	case g.Platform == "windows":
		g.panics(now, uptime)
	case uptime < 0:
		return EffectIgnored, "it came between a kernel and its capture kernel"
	case uptime < prepared:
		g.print(now, ignoredText.live(uptime))
		return EffectIgnored, "a dump was about to be written"
	default:
		g.panics(now, uptime)
	}
	return EffectKilledDump, "a dump was being written and is lost"
}

// interruptBoot is an interrupt of a kernel that starts: once it knows that an NMI is
// a panic it does so, and kdump is not loaded yet (measured).
func (g *guest) interruptBoot(now time.Time) (effect, harm string) {
	uptime := now.Sub(g.booted(now))
	if g.Platform != "windows" && (g.Kernel == IgnoresNMI || uptime < prepared) {
		g.print(now, ignoredText.live(uptime))
		return EffectIgnored, ""
	}
	g.panics(now, uptime)
	return EffectPanics, "the guest was booting"
}

// Interrupts are all interrupts that reached guests, in the order in which they were recorded.
func (f *Fleet) Interrupts() []Interrupt {
	f.lock()
	defer f.mu.Unlock()
	return slices.Clone(f.interrupts)
}

// Harms are the interrupts that destroyed something, as far as the fleet knows: those
// of machines are in Interrupts alone.
func (f *Fleet) Harms() []Interrupt {
	return slices.DeleteFunc(f.Interrupts(), func(i Interrupt) bool { return i.Harm == "" })
}
