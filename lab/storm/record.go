package storm

import (
	"encoding/json"
	"slices"
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
	closings  map[string]int // of cases, by their ids
	after     map[string]int // lines of the follow-up, by their message
}

func newRecord() *record {
	return &record{said: map[string]int{}, closings: map[string]int{}, after: map[string]int{}}
}

// followed takes a line of the follow-up's output.
func (r *record) followed(line string) {
	d := Decision{Msg: line}
	if json.Unmarshal([]byte(line), &d) != nil {
		d.Msg = line
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.after[d.Msg]++
}

// unclosed is how many cases were claimed and not closed yet.
func (r *record) unclosed() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, c := range r.claims {
		switch {
		case c.Withdrawn:
			n--
		case r.closings[c.Case] == 0:
			n++
		}
	}
	return n
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

// changed takes a write to the table: a claim is a case that was not there before, and a
// closing is a case that gets a time of its closing.
func (r *record) changed(c dynamodb.Change) {
	id, isCase := strings.CutPrefix(c.Partition, "case#")
	if !isCase {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if slices.Contains(c.Written, "closedAt") {
		r.closings[id]++
	}
	if !c.Created && !c.Deleted {
		return
	}
	r.claims = append(r.claims, Claim{Case: id, At: c.At, Withdrawn: c.Deleted})
}
