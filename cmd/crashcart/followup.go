package main

import (
	"slices"
	"strings"
	"time"

	"crashcart/cmd/crashcart/screen"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/dump"
	"crashcart/lambda/domain/manifest"
	"crashcart/lambda/domain/printable"
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

	// What came home of the crash, and what did not.
	Files     []jsonBrought   `json:"files,omitempty"`
	Missing   []cases.Missing `json:"missing,omitempty"`
	Snapshots []string        `json:"snapshots,omitempty"`
}

// jsonBrought is a file of a crash that is in the bucket, or on its way there.
type jsonBrought struct {
	Path    string    `json:"path"` // on the host
	Kind    dump.Kind `json:"kind"`
	Size    int64     `json:"size"`
	Key     string    `json:"key"`
	SHA256  string    `json:"sha256,omitempty"`
	Done    bool      `json:"done"` // it is there, whole
	Parts   int       `json:"parts"`
	Arrived int       `json:"arrived"` // parts, when S3 was last asked
}

// asJSONFollowup is nil for a case without a follow-up.
func asJSONFollowup(f cases.Followup) *jsonFollowup {
	if f.Steps == 0 {
		return nil
	}
	return &jsonFollowup{
		Steps: f.Steps, Stages: append([]cases.Proof{}, f.Account.Proofs...), Progress: f.Account.Percent, Left: f.Account.Left,
		Finding: f.Finding, Why: f.Why, Doubt: f.Doubt, ConcludedAt: f.ConcludedAt,
		Files: brought(f.Collect), Missing: notHome(f.Collect), Snapshots: f.Collect.Snapshots,
	}
}

func brought(c cases.Collecting) []jsonBrought {
	var files []jsonBrought
	for _, u := range c.Files.Uploads {
		if u.Done || u.Open() {
			files = append(files, jsonBrought{
				Path: u.File.Path, Kind: u.File.Kind, Size: u.File.Size, Key: u.Key, SHA256: u.SHA256, Done: u.Done, Parts: len(u.Parts()), Arrived: u.Arrived,
			})
		}
	}
	return files
}

// notHome is what is missing so far: not what is still on its way.
func notHome(c cases.Collecting) []cases.Missing {
	c.Files.Uploads = slices.DeleteFunc(slices.Clone(c.Files.Uploads), dump.Upload.Open)
	return manifest.Missing(c)
}

// showHome prints what is in the bucket of the crash, what is not, and how to fetch it.
func showHome(p *screen.Page, r cases.Record) {
	c := r.Followup.Collect
	for _, u := range c.Files.Uploads {
		if u.Done {
			p.Field("in bucket", string(u.File.Kind)+", "+printable.Bytes(u.File.Size)+", from "+u.File.Path)
		}
	}
	for _, m := range notHome(c) {
		p.Field("missing", m.What+": "+m.Why)
	}
	for _, id := range c.Snapshots {
		p.Field("snapshot", id)
	}
	if r.Followup.Concluded() && len(brought(c)) > 0 {
		p.Field("fetch it", "crashcart dump "+r.ID)
	}
}

// dumpOf says how far the dump is: being written, or on its way into the bucket.
func dumpOf(f cases.Followup) string {
	if on := onItsWay(f.Collect); on != "" && f.Collect.Files.Open() && !f.Concluded() {
		return on
	}
	return progress(f)
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
