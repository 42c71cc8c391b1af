package casebook

import (
	"encoding/json"

	"crashcart/lambda/domain/cases"
)

// What a case remembers of its follow-up.
const (
	attrSteps       = "followSteps"
	attrSteppedAt   = "followedAt"
	attrLostAt      = "lostAt"
	attrFollowed    = "followed" // a JSON object: what is known, and what was told
	attrFinding     = "finding"
	attrFindingWhy  = "findingWhy"
	attrFindingNot  = "findingDoubt"
	attrConcludedAt = "concludedAt"
)

// followed is what an item has of the follow-up as JSON.
type followed struct {
	Account cases.Account                `json:"account"`
	Host    cases.Host                   `json:"host"`
	Blind   bool                         `json:"blind,omitempty"`
	Kept    int                          `json:"kept,omitempty"`
	Told    map[cases.News]cases.Telling `json:"told,omitempty"`
	Collect cases.Collecting             `json:"collect,omitzero"`

	Manifest cases.Telling `json:"manifest,omitzero"`
}

func followedOf(f cases.Followup) followed {
	return followed{Account: f.Account, Host: f.Host, Blind: f.Blind, Kept: f.Kept, Told: f.Told, Collect: f.Collect, Manifest: f.Manifest}
}

// followupOf reads the follow-up out of a case's item. A text that no step wrote is one
// of which nothing is known: the follow-up then begins anew with what it can see.
func followupOf(it item) cases.Followup {
	f := cases.Followup{
		Steps: number(it, attrSteps, 0), SteppedAt: parseStamp(get(it, attrSteppedAt)), LostAt: parseStamp(get(it, attrLostAt)),
		Finding: cases.Finding(get(it, attrFinding)), Why: get(it, attrFindingWhy), Doubt: get(it, attrFindingNot),
		ConcludedAt: parseStamp(get(it, attrConcludedAt)),
	}
	var known followed
	if text := get(it, attrFollowed); text == "" || json.Unmarshal([]byte(text), &known) != nil {
		return f
	}
	f.Account, f.Host, f.Blind, f.Kept, f.Told, f.Collect = known.Account, known.Host, known.Blind, known.Kept, known.Told, known.Collect
	f.Manifest = known.Manifest
	return f
}
