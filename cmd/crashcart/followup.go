package main

import (
	"strings"
	"time"

	"crashcart/cmd/crashcart/screen"
	"crashcart/lambda/domain/cases"
)

// jsonFollowup is the machine's view of a case's follow-up.
type jsonFollowup struct {
	Steps       int           `json:"steps"`
	Stages      []cases.Proof `json:"stages"`
	Progress    string        `json:"progress,omitempty"` // of the dump, as it was last seen
	Left        string        `json:"left,omitempty"`     // what the dump takes from there
	Finding     cases.Finding `json:"finding,omitempty"`
	Why         string        `json:"why,omitempty"`
	Doubt       string        `json:"doubt,omitempty"`
	ConcludedAt time.Time     `json:"concludedAt,omitzero"`
}

// asJSONFollowup is nil for a case without a follow-up.
func asJSONFollowup(f cases.Followup) *jsonFollowup {
	if f.Steps == 0 {
		return nil
	}
	return &jsonFollowup{
		Steps: f.Steps, Stages: append([]cases.Proof{}, f.Account.Proofs...), Progress: f.Account.Percent, Left: f.Account.Left,
		Finding: f.Finding, Why: f.Why, Doubt: f.Doubt, ConcludedAt: f.ConcludedAt,
	}
}

// followed says how far the follow-up of an open case is. It is empty for a case that has
// none, or that has come to its finding.
func followed(p *screen.Page, r cases.Record) string {
	switch {
	case !r.Follows() || r.Followup.Concluded():
		return ""
	case r.Followup.Steps == 0:
		return "not yet"
	}
	return plural(r.Followup.Steps, "step") + ", the last " + p.Ago(r.Followup.SteppedAt)
}

// progress says how far the dump was when it was last seen. It is empty once the dump is
// complete, or the case has come to its finding.
func progress(f cases.Followup) string {
	if _, complete := f.Account.Reached(cases.StageDumpComplete); complete || f.Concluded() {
		return ""
	}
	var parts []string
	if f.Account.Percent != "" {
		parts = append(parts, f.Account.Percent)
	}
	if f.Account.Left != "" {
		parts = append(parts, f.Account.Left+" to go")
	}
	return strings.Join(parts, ", ")
}
