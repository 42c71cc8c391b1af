package cases

import (
	"fmt"
	"time"
)

// Cause is why a claim was lost.
type Cause string

// The causes of a lost claim. Where several hold, the first counts.
const (
	CauseDuplicate Cause = "duplicate" // this source key has claimed before
	CauseOpen      Cause = "open"      // the instance has an open case
	CauseLever     Cause = RuleLever
	CauseCooldown  Cause = RuleCooldown
	CauseGroup     Cause = RuleGroup
	CauseBudget    Cause = RuleBudget
	CauseConflict  Cause = "conflict" // others kept claiming at the same moment: try again later
)

// LostError says why a claim was lost. It proves that no case was opened.
type LostError struct {
	Cause  Cause
	CaseID string    // of CauseDuplicate and CauseOpen
	Since  time.Time // the open case's claim, or the last claim, where there is one
}

// Error says the cause in one sentence.
func (e *LostError) Error() string {
	if e.CaseID != "" {
		return fmt.Sprintf("the claim was lost: %s (case %s)", e.Cause, e.CaseID)
	}
	return fmt.Sprintf("the claim was lost: %s", e.Cause)
}
