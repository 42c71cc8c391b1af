package notify

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/instance"
)

// UpdateKind is what there is to say of a case after its interrupt.
type UpdateKind string

// The kinds of updates.
const (
	UpdateDumping UpdateKind = "dumping" // a dump is being written
	UpdateStalled UpdateKind = "stalled" // the dump has not moved for long
	UpdateLost    UpdateKind = "lost"    // nobody knows whether the interrupt was sent
	UpdateCollect UpdateKind = "collect" // the dump is on its way into the bucket, which takes long
	UpdateEnded   UpdateKind = "ended"   // the case has a finding
)

// Update is what the follow-up has to say of one case. All its text may be hostile, and
// any of it may be missing.
type Update struct {
	Kind       UpdateKind
	CaseID     string
	InstanceID string
	Finding    cases.Finding // of an ended case
	Why        string        // one sentence, with the figure
	Doubt      string        // why it may not be so, as a part of a sentence
	Proofs     []cases.Proof // one for each stage that was reached
	SentAt     time.Time     // when the interrupt was sent, for the times since then
	At         time.Time     // when it was found; the same update has the same time
	Percent    string        // of the dump: "41 %"
	Left       string        // what the dump takes from here: "9m1s"

	// What comes home of the crash, or has come.
	Bucket  string           // of the evidence
	Collect cases.Collecting // as the case's record has it

	Evidence    string   // where console and screenshot from before are
	Undo        []string // commands that end Standby
	Windows     bool
	Group       string // the casebook's key of its group, such as asg/web
	Source      string // what asked: the alarm's name, or the way it came
	Reason      string // that the asker gave
	RequestedBy string // who the asker says it is
}

// Update notifies people of what became of a case, on the thread of its interrupt. No
// hour limits it: a case has few updates, and the caller sends each only once. It returns
// within Bound. The error is for the caller, who may try again with the same update.
func (nt *Notifier) Update(ctx context.Context, u Update) error {
	u = u.checked()
	ctx, cancel := context.WithTimeout(ctx, Bound)
	defer cancel()
	if err := nt.send(ctx, nt.update(u)); err != nil {
		return fmt.Errorf("notifying of %s/%s: %w", u.Kind, u.CaseID, err)
	}
	return nil
}

// checked drops what has not the form that it must have to become part of commands, and
// of what custom actions read.
func (u Update) checked() Update {
	if !instance.IsID(u.InstanceID) {
		u.InstanceID = ""
	}
	if !word(u.CaseID) {
		u.CaseID = ""
	}
	u.Bucket = wellFormed(u.Bucket)
	switch u.Kind {
	case UpdateDumping, UpdateStalled, UpdateLost, UpdateCollect:
		u.Finding = ""
	default: // whatever is said of it, nothing more comes
		u.Kind = UpdateEnded
		if !slices.Contains(cases.Findings(), u.Finding) {
			u.Finding = cases.FindingUnproven
		}
	}
	return u
}

// update is the message of an update.
func (nt *Notifier) update(u Update) message {
	about := cmp.Or(u.CaseID, u.InstanceID, "nothing")
	var resources []string
	if u.InstanceID != "" {
		resources = []string{u.InstanceID}
	}
	return message{
		id:     string(u.Kind) + "/" + about + "/" + u.when(nt.Now).UTC().Format(time.RFC3339),
		thread: about, event: string(u.Kind),
		title: u.title(), description: nt.updateDescription(u), steps: nt.updateSteps(u),
		keywords:  keywords(string(u.Kind), string(u.Finding), u.InstanceID),
		resources: resources,
		context: map[string]string{
			"outcome": string(u.Kind), "finding": string(u.Finding), "dryRun": "false",
			"instanceId": u.InstanceID, "caseId": u.CaseID, "region": nt.region(),
		},
		attributes: map[string]string{"outcome": string(u.Kind), "finding": string(u.Finding), "dryRun": "false"},
	}
}

// when is the update's own time, or now where it has none.
func (u Update) when(now func() time.Time) time.Time {
	if u.At.IsZero() {
		return now()
	}
	return u.At
}

// proof is the first of the stages that was reached.
func (u Update) proof(stages ...cases.Stage) (cases.Proof, bool) {
	for _, s := range stages {
		if p, ok := (cases.Account{Proofs: u.Proofs}).Reached(s); ok {
			return p, true
		}
	}
	return cases.Proof{}, false
}

// after is how long after the interrupt something was seen. It is empty if that is not
// known.
func (u Update) after(t time.Time) string {
	if u.SentAt.IsZero() || t.Before(u.SentAt) {
		return ""
	}
	return t.Sub(u.SentAt).Round(time.Second).String()
}
