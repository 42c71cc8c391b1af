package cases

import (
	"time"

	"crashcart/lambda/domain/dump"
)

// Collecting is how far the files of a crash have come on their way home. It is zero until
// the host is asked for the first time, and is kept from step to step, as JSON.
type Collecting struct {
	BeganAt  time.Time `json:"beganAt,omitzero"`
	Command  string    `json:"command,omitempty"`  // the SSM command that is under way
	AskedAt  time.Time `json:"askedAt,omitzero"`   // when it was sent
	Tries    int       `json:"tries,omitempty"`    // commands that were sent, or refused
	Surveyed bool      `json:"surveyed,omitempty"` // what the host has is known: Files and Skipped

	Files   dump.Collection `json:"files,omitzero"`
	Skipped []dump.Skipped  `json:"skipped,omitempty"`

	Snapshots []string  `json:"snapshots,omitempty"` // of the root volume, where the host could not give it
	Missing   []Missing `json:"missing,omitempty"`   // what will not come home
	EndedAt   time.Time `json:"endedAt,omitzero"`    // when nothing more was to come
}

// Missing is evidence that a case does not have.
type Missing struct {
	What string `json:"what"` // "dump", "dmesg", "snapshot", or a file's path
	Why  string `json:"why"`  // as a part of a sentence
}

// Ended says that nothing more comes home.
func (c Collecting) Ended() bool { return !c.EndedAt.IsZero() }
