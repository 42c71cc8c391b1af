package fleet

import (
	"context"
	"time"
)

// Machine is a guest that is not simulated: a kernel that really runs, whose state
// is found out by asking it. Times are lab times. It is safe for concurrent use.
//
// The fleet asks a machine without holding its lock, so that a slow one holds up
// neither the fleet nor another machine.
type Machine interface {
	// Interrupt raises a non-maskable interrupt. What the kernel makes of it is not
	// known here. An error says that none was raised, or that nobody knows.
	Interrupt() error
	// Reset presses the reset button: the kernel is asked nothing.
	Reset() error
	// Console gives the ring as it is if latest, else as it was posted after the last
	// transition, which may be nothing, and the time of what it gives.
	Console(latest bool) ([]byte, time.Time)
	// Screenshot gives the screen as a JPEG.
	Screenshot() ([]byte, error)
	// Vitals gives what was seen of the machine last, at once: it asks nothing.
	Vitals() Vitals
	// Start hands a shell script to the guest's agent and returns when it runs, or
	// with an error when ctx ends before the agent took it.
	Start(ctx context.Context, script string) (Process, error)
}

// Vitals is what is seen of a machine from outside.
type Vitals struct {
	Checked          time.Time // the last status check, zero before the first
	Reachable        bool      // that check was answered
	UnreachableSince time.Time // the first of the failed checks in a row, zero if the last was answered
	LastPing         time.Time // the last sign of the agent, zero if it gave none since launch
}

// Process is a script that an agent took.
type Process interface {
	// Wait gives what became of it when it has ended, or an error when ctx ends
	// before or the agent is gone.
	Wait(ctx context.Context) (ProcessResult, error)
	// Kill ends it.
	Kill(ctx context.Context) error
}

// ProcessResult is what became of a script.
type ProcessResult struct {
	ExitCode       int
	Stdout, Stderr []byte
	Signal         int // the signal that ended it, 0 if it ended itself
}
