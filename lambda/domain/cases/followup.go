package cases

import "time"

// Followup is what the follow-up has written of a case. It is zero until its first step.
type Followup struct {
	Steps     int       // that were written; by it a step knows whether another was faster
	SteppedAt time.Time // when the last of them was written
	Account   Account

	// What the case came to. They are set before the case is closed, so that everybody who
	// is told is told the same.
	Finding     Finding
	Why         string // one sentence, with the figure
	Doubt       string // why it may not be so; mostly empty
	ConcludedAt time.Time
}

// Account is what is known of a crash so far. It is kept from step to step, as JSON.
type Account struct {
	SentAt  time.Time `json:"sentAt"`
	Proofs  []Proof   `json:"proofs,omitempty"`  // one for each stage that was reached, in the stages' order
	Percent string    `json:"percent,omitempty"` // of the dump: "41 %"
	Left    string    `json:"left,omitempty"`    // what the dump takes from here, by its writer: "9m1s"
	MovedAt time.Time `json:"movedAt,omitzero"`  // when the console last showed anything new
}

// Reached gives the proof of a stage.
func (a Account) Reached(s Stage) (Proof, bool) {
	for _, p := range a.Proofs {
		if p.Stage == s {
			return p, true
		}
	}
	return Proof{}, false
}
