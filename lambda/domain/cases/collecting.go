package cases

import (
	"slices"
	"time"

	"crashcart/lambda/domain/dump"
)

// Collecting is how far the files of a crash have come on their way home. It is zero until
// the host is asked for the first time, and is kept from step to step, as JSON.
type Collecting struct {
	BeganAt  time.Time `json:"beganAt,omitzero"`
	Command  string    `json:"command,omitempty"`  // the SSM command that is under way
	AskedAt  time.Time `json:"askedAt,omitzero"`   // when a command was last sent, or refused
	Tries    int       `json:"tries,omitempty"`    // commands that were sent, or refused
	Refused  time.Time `json:"refused,omitzero"`   // since when no command was taken; zero when the last one was
	Fails    int       `json:"fails,omitempty"`    // commands in a row that brought nothing
	Problem  string    `json:"problem,omitempty"`  // what was last in the way, as a part of a sentence
	NextAt   time.Time `json:"nextAt,omitzero"`    // no command is sent before
	MovedAt  time.Time `json:"movedAt,omitzero"`   // when a part was last seen to have arrived
	Surveyed bool      `json:"surveyed,omitempty"` // what the host has is known: Files and Skipped

	Files   dump.Collection `json:"files,omitzero"`
	Skipped []dump.Skipped  `json:"skipped,omitempty"`
	Sealed  Telling         `json:"sealed,omitzero"` // the manifest with its URLs is taken out of the bucket

	Snapshots   []string  `json:"snapshots,omitempty"`  // of the root volume, where the host could not give it
	Snapshotted Telling   `json:"snapshotted,omitzero"` // EC2 was asked for them
	Missing     []Missing `json:"missing,omitempty"`    // what will not come home, besides what Files and Skipped have
	EndedAt     time.Time `json:"endedAt,omitzero"`     // when nothing more was to come
}

// What evidence may be missing, besides a file.
const (
	MissingDump     = "dump"
	MissingSnapshot = "snapshot"
)

// Missing is evidence that a case does not have.
type Missing struct {
	What string `json:"what"` // MissingDump, MissingSnapshot, or a file's path
	Why  string `json:"why"`  // as a part of a sentence
}

// Began says that the host was asked at least once.
func (c Collecting) Began() bool { return !c.BeganAt.IsZero() }

// Ended says that nothing more comes home.
func (c Collecting) Ended() bool { return !c.EndedAt.IsZero() }

// HasDump says that the memory of the crash is home: all of it, or what Windows keeps of
// it in a minidump.
func (c Collecting) HasDump() bool {
	return slices.ContainsFunc(c.Files.Uploads, func(u dump.Upload) bool { return u.Done && u.File.Kind != dump.KindDmesg })
}

// SawDump says that the host has a dump, by its survey. Its files may be home or not.
func (c Collecting) SawDump() bool {
	isDump := func(f dump.File) bool { return f.Kind != dump.KindDmesg }
	return slices.ContainsFunc(c.Files.Uploads, func(u dump.Upload) bool { return isDump(u.File) }) ||
		slices.ContainsFunc(c.Files.Left, func(l dump.Left) bool { return isDump(l.File) })
}

// HasAllDumps says that every dump is home that the host has.
func (c Collecting) HasAllDumps() bool {
	out := func(u dump.Upload) bool { return u.File.Kind != dump.KindDmesg && !u.Done }
	left := func(l dump.Left) bool { return l.File.Kind != dump.KindDmesg }
	return c.HasDump() && !slices.ContainsFunc(c.Files.Uploads, out) && !slices.ContainsFunc(c.Files.Left, left)
}

// HasPart says that the host has a part of a dump, by its survey.
func (c Collecting) HasPart() bool {
	return slices.ContainsFunc(c.Skipped, func(s dump.Skipped) bool { return s.Why == dump.WhyIncomplete })
}

// Miss gives the list of what is missing with one more. It leaves the old one as it is.
func (c Collecting) Miss(what, why string) []Missing {
	return append(slices.Clip(c.Missing), Missing{What: what, Why: why})
}
