package main

import (
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/vitals"
)

// jsonCase is the machine's view of a case.
type jsonCase struct {
	ID         string         `json:"id"`
	InstanceID string         `json:"instanceId"`
	State      cases.State    `json:"state"`
	Open       bool           `json:"open"`
	Overdue    bool           `json:"overdue"`
	DryRun     bool           `json:"dryRun"`
	Group      string         `json:"group,omitempty"`
	Trigger    jsonTrigger    `json:"trigger"`
	Code       string         `json:"code,omitempty"`
	Evidence   string         `json:"evidence,omitempty"`
	Protected  string         `json:"protected,omitempty"`
	Vitals     []vitals.Vital `json:"vitals,omitempty"` // what was seen when it was claimed
	ClaimedAt  time.Time      `json:"claimedAt"`
	SettledAt  time.Time      `json:"settledAt,omitzero"`
	NotedAt    time.Time      `json:"notedAt,omitzero"`
	ClosedAt   time.Time      `json:"closedAt,omitzero"`
	ClosedBy   string         `json:"closedBy,omitempty"`
	ClosedWhy  string         `json:"closedReason,omitempty"`
	ClosedFrom cases.State    `json:"closedFrom,omitempty"`
	Followup   *jsonFollowup  `json:"followup"` // null without one
	Timeline   []jsonMoment   `json:"timeline,omitempty"`
}

type jsonTrigger struct {
	Kind        string   `json:"kind,omitempty"`
	Source      string   `json:"source,omitempty"`
	SourceKey   string   `json:"sourceKey,omitempty"`
	Alarm       string   `json:"alarm,omitempty"`
	Reason      string   `json:"reason,omitempty"`
	RequestedBy string   `json:"requestedBy,omitempty"`
	Forced      []string `json:"forced,omitempty"`
}

type jsonMoment struct {
	At   time.Time `json:"at"`
	What string    `json:"what"`
}

func caseList(records []cases.Record) []jsonCase {
	out := make([]jsonCase, 0, len(records))
	for _, r := range records {
		out = append(out, asJSONCase(r))
	}
	return out
}

func asJSONCase(r cases.Record) jsonCase {
	o := r.Origin
	return jsonCase{
		ID: r.ID, InstanceID: r.InstanceID, State: r.State, Open: r.Open, Overdue: r.Overdue(), DryRun: r.DryRun, Group: r.Hold.Group,
		Trigger: jsonTrigger{
			Kind: o.Kind, Source: o.Source, SourceKey: o.SourceKey, Alarm: o.Alarm,
			Reason: o.Reason, RequestedBy: o.RequestedBy, Forced: o.Forced,
		},
		Code: r.Code, Evidence: r.Notes.Evidence, Protected: r.Notes.Protected, Vitals: r.Vitals,
		ClaimedAt: r.ClaimedAt, SettledAt: r.SettledAt, NotedAt: r.NotedAt,
		ClosedAt: r.ClosedAt, ClosedBy: r.ClosedBy, ClosedWhy: r.ClosedWhy, ClosedFrom: r.ClosedFrom,
		Followup: asJSONFollowup(r.Followup),
	}
}
