package storm

import (
	"encoding/json"
	"strings"
	"sync"
	"time"

	"crashcart/lab/dynamodb"
)

// Decision is a line of the function's log that says what was decided of one
// target.
type Decision struct {
	Time       time.Time `json:"time"`
	Msg        string    `json:"msg"`
	Level      string    `json:"level"`
	InstanceID string    `json:"instanceId"`
	Outcome    string    `json:"Outcome"`
	Rule       string    `json:"Rule"`
	Why        string    `json:"why"`
	CaseID     string    `json:"caseId"`
	MessageID  string    `json:"messageId"`
	Pass       int       `json:"pass"`
}

// final says whether nothing more is to come of the target from this message.
func (d Decision) final() bool { return d.Outcome != "later" && d.Outcome != "failed" }

// Claim is a claim that was committed to the table, or one that was withdrawn from
// it again.
type Claim struct {
	Case      string
	At        time.Time
	Withdrawn bool
}

// record is what a storm says while it goes on.
type record struct {
	mu        sync.Mutex
	decisions []Decision
	said      map[string]int // lines that are no decisions, by their message
	claims    []Claim
}

// heard takes a line of the function's output.
func (r *record) heard(line string) {
	var d Decision
	if json.Unmarshal([]byte(line), &d) != nil {
		d = Decision{Msg: line}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if d.Msg == "decision" {
		r.decisions = append(r.decisions, d)
		return
	}
	r.said[d.Msg]++
}

// changed takes a write to the table: a claim is a case that was not there before.
func (r *record) changed(c dynamodb.Change) {
	id, isCase := strings.CutPrefix(c.Partition, "case#")
	if !isCase || !c.Created && !c.Deleted {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.claims = append(r.claims, Claim{Case: id, At: c.At, Withdrawn: c.Deleted})
}
