package cases

import "time"

// Subject is one instance, and the source key of the trigger that names it.
type Subject struct {
	InstanceID string
	SourceKey  string
	DryRun     bool
}

// Lever is the kill switch, as the casebook has it.
type Lever struct {
	Pulled bool
	Reason string
	By     string
	Since  time.Time
}

// View is what the casebook knows of one subject. OpenCase and LastClaim are about real
// interrupts, for a dry run too: it must answer as the real one would. ClaimedBy is the
// case that this source key has claimed already. For a dry run it is the real case or
// that of an earlier dry run. DumpSeen is the real mark, for a dry run too.
type View struct {
	Lever     Lever
	OpenCase  string    // id of the instance's open case; empty when it has none
	OpenedAt  time.Time // when it was claimed
	LastClaim time.Time // of this instance; zero for never
	ClaimedBy string
	DumpSeen  time.Time // when a dump was last seen on its console; zero for never
}

// MarkFor is how long a dump that was seen counts, unless a finished boot ends it before.
// Dumps of the largest machines take hours. A machine that came back and shows no boot on
// its console must not be refused for ever.
const MarkFor = 6 * time.Hour
