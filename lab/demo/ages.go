package demo

import (
	"regexp"
	"strings"
	"sync"
	"time"

	"crashcart/lab/dynamodb"
	"crashcart/lambda/domain/printable"
)

// openings are the moments at which cases were opened, in the story's time. The
// function counts the age of a case in the wall's time, from a stamp of its own in
// the table: it has no clock knob, and while it counts one second, a minute passes in
// the lab. So the lab sees for itself when a case gets into the table.
type openings struct {
	mu sync.Mutex
	at map[string]time.Duration // by case id
}

// changed takes a change of the table at a moment of the story.
func (o *openings) changed(c dynamodb.Change, now time.Duration) {
	_, id, isCase := strings.Cut(c.Partition, "case#")
	if !isCase || !c.Created {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.at == nil {
		o.at = map[string]time.Duration{}
	}
	o.at[id] = now
}

// inLabTime is a decision's sentence with the age that the case has at a moment of the
// story, in place of the one that the function counted. Where the lab does not know
// the age, the sentence has none.
func (o *openings) inLabTime(why, caseID string, now time.Duration) string {
	if caseID == "" {
		return why
	}
	o.mu.Lock()
	at, known := o.at[caseID]
	o.mu.Unlock()
	age := "before"
	if known {
		age = printable.Duration(now-at) + " ago"
	}
	clause := regexp.MustCompile(`(\bcase ` + regexp.QuoteMeta(caseID) + `(?: of this instance)? was opened )(?:\S+ ago|at an unknown time)`)
	return clause.ReplaceAllString(why, "${1}"+age)
}
