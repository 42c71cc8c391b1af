package trial

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"crashcart/lambda/aws/casebook"
	"crashcart/lambda/domain/cases"
)

// Case is what the casebook says of the guest's case when the follow-up has closed it.
type Case struct {
	Finding string
	Why     string
	Doubt   string
	Proofs  []cases.Proof
}

// Proof is what the case has for its strongest stage: the line, or else what shows it.
func (c Case) Proof() string {
	strongest := cases.Proof{}
	for _, p := range c.Proofs {
		if p.Stage == cases.StageSent || p.Stage == cases.StageReachable || p.Stage == cases.StageRebooted {
			continue // of no crash
		}
		strongest = p
	}
	if strongest.Line != "" {
		return strongest.Line
	}
	return strongest.By
}

// follow waits until the follow-up has closed the case.
func (r *run) follow(ctx context.Context) error {
	defer r.lab.Run(r.hang.speed())
	book := casebook.New(dynamodb.NewFromConfig(r.lab.Config()), r.lab.TableName)
	id := r.caseID()
	var now cases.Record
	var failed error
	speed := 0.0
	err := until(ctx, func() bool {
		if now, failed = book.CaseByID(ctx, id); failed != nil {
			return false
		}
		if s := r.pass(now); s != speed {
			speed = s
			r.lab.Run(s)
		}
		failed = r.arrives(id)
		return failed == nil && !now.ClosedAt.IsZero()
	})
	if err != nil {
		return fmt.Errorf("the case %s is %s, and not closed (%w): %w", id, now.State, failed, err)
	}
	f := now.Followup
	r.mu.Lock()
	r.record.Case = &Case{Finding: string(f.Finding), Why: f.Why, Doubt: f.Doubt, Proofs: f.Account.Proofs}
	r.mu.Unlock()
	r.notify(Event{Kind: EventFinding, Name: string(f.Finding), Text: f.Why, Proof: r.record.Case.Proof()})
	return nil
}

// pass is how fast AWS's time may pass, by what is still to come of the guest.
func (r *run) pass(c cases.Record) float64 {
	switch {
	case !r.record.Back || c.Followup.Concluded() || c.Followup.Collect.Ended():
		return endSpeed
	case c.Followup.Collect.Began() || r.options.RealTime:
		return r.crashSpeed()
	default:
		return r.hang.speed()
	}
}

// crashSpeed is how fast AWS's time passes while the guest does what takes it long.
func (r *run) crashSpeed() float64 {
	if r.options.RealTime {
		return 1
	}
	return min(crashSpeed, r.hang.speed())
}

// caseID is the case that the function's decision names.
func (r *run) caseID() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.verdict == nil {
		return ""
	}
	return r.verdict.CaseID
}

// followed takes a line of the follow-up's output. What is no step of its own is shown.
func (r *run) followed(line string) {
	var step struct {
		Msg   string `json:"msg"`
		Level string `json:"level"`
	}
	if json.Unmarshal([]byte(line), &step) != nil || step.Level != "INFO" {
		r.notify(Event{Kind: EventNote, Text: strings.TrimSpace(line)})
	}
}

// judgeCase says what of the case's end is not as it must be. The truth is the trial's
// own: its reading of the console, and what was on the disk.
func judgeCase(r *Record) string {
	switch {
	case r.Case == nil:
		return "its case was not followed to its end"
	case r.Case.Finding != r.Finding():
		return fmt.Sprintf("the case was closed as %q (%s), not as %q", r.Case.Finding, r.Case.Why, r.Finding())
	case r.Case.Finding != FindingIgnored && r.Case.Proof() == "":
		return fmt.Sprintf("the case was closed as %q without a proof", r.Case.Finding)
	}
	return ""
}
