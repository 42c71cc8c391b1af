package intake

import (
	"crashcart/lambda/aws/send"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/vitals"
)

// Outcome is what is told back of one target: what became of it, the rule that
// decided, and why in one sentence.
type Outcome struct {
	InstanceID string        `json:"instanceId"`
	Target     string        `json:"target,omitempty"` // what the trigger named, if that came to no instance
	Outcome    cases.Outcome `json:"outcome"`
	Rule       string        `json:"rule"`
	Why        string        `json:"why"`
	Command    string        `json:"command,omitempty"` // what a person types to ask for a target that is held
	CaseID     string        `json:"caseId,omitempty"`
	Code       string        `json:"code,omitempty"`      // EC2's error code
	Evidence   string        `json:"evidence,omitempty"`  // where console and screenshot are, or that they are missing
	Protected  string        `json:"protected,omitempty"` // what was done to keep the instance until it has dumped, or why not
	Undo       []string      `json:"undo,omitempty"`      // the commands that undo that

	// Vitals is what every observer said of the instance, if it was looked at.
	Vitals []vitals.Vital `json:"vitals,omitempty"`

	again bool // the record must be delivered again
}

// outcomes are the outcomes of what became of a send. A send that never left is
// not among them: its claim is withdrawn.
var outcomes = map[send.Kind]cases.Outcome{
	send.Interrupted: cases.OutcomeInterrupted,
	send.DryRun:      cases.OutcomeDryRun,
	send.Rejected:    cases.OutcomeRejected,
	send.Unknown:     cases.OutcomeUnknown,
}
