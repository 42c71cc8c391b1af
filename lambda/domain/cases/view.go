package cases

import "time"

// Subject is one instance and the source key that names it.
type Subject struct {
	InstanceID string
	SourceKey  string
	DryRun     bool
}

// Lever is the kill switch as it was read.
type Lever struct {
	Pulled bool
	Reason string
	By     string
	Since  time.Time
}

// View is what the casebook knows of one subject. Whether the trigger is real
// or a dry run, OpenCase and LastClaim are the real ones: a dry run must
// not lie. ClaimedBy is the case that this source key has claimed already, for a
// dry run the real one or its own.
type View struct {
	Lever     Lever
	OpenCase  string    // id of the instance's open case, empty for none
	OpenedAt  time.Time // when it was claimed
	LastClaim time.Time // of this instance; zero for never
	ClaimedBy string
}
