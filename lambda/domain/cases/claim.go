package cases

import (
	"time"

	"crashcart/lambda/domain/vitals"
)

// Request asks for the one interrupt of an episode.
type Request struct {
	InstanceID string
	DryRun     bool
	Origin     Origin
	Cooldown   time.Duration // since the instance's last claim
	Budget     int           // slots of the Region's budget
	Group      string        // empty for an instance in no group
	GroupLimit int           // slots of the group

	Vitals []vitals.Vital // what was seen of the host

	// Seen are the slots as the guard's rules have just read them. They save the claim a
	// read. Without them, and for every dry run, the claim reads its own.
	Seen *Seen
}

// Seen is the occupancy that the guard decided on.
type Seen struct {
	Budget Slots
	Group  Slots
}
