package cases

// Outcome is what became of one target.
type Outcome string

// The outcomes of a target.
const (
	OutcomeInterrupted Outcome = "interrupted" // EC2 accepted the interrupt
	OutcomeDryRun      Outcome = "dry-run"     // every rule permitted, and EC2 would have accepted it
	OutcomeRefused     Outcome = "refused"
	OutcomeHeld        Outcome = "held" // a person must ask
	OutcomeLater       Outcome = "later"
	OutcomeDuplicate   Outcome = "duplicate"
	OutcomeRejected    Outcome = "rejected" // EC2 refused, with its code
	OutcomeUnknown     Outcome = "unknown"  // sent, and no answer
	OutcomeFailed      Outcome = "failed"   // could not be decided
)
