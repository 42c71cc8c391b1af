package lab

import (
	"bytes"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"crashcart/lab/clock"
	"crashcart/lab/dynamodb"
	"crashcart/lab/fault"
)

// aging is the second place where the lab rewrites anything, after package sqs, and for
// the same reason. The follow-up keeps times in its case from step to step, and reads the
// wall clock. On a fast lab clock the minute between two steps takes a second of it. So
// what the follow-up reads of a case's item has every time moved back by what lab time
// has run ahead of the wall clock since that attribute was written. Their ages are then
// right, as every time's that the lab reports.
//
// Only the follow-up reads its cases so. The table itself, and what everybody else reads
// of it, stays as it was written.
type aging struct {
	clock clock.Clock

	mu      sync.Mutex
	written map[string]map[string]moment // by partition key and attribute
	read    map[string]moment            // when a process last read some, by its access key
}

// moment is one moment on both clocks.
type moment struct{ wall, lab time.Time }

// casePrefix is what the partition key of a case begins with.
const casePrefix = "case#"

// changed takes a write to the table. What the follow-up writes was right when it read the
// case: it writes the times that it has read, and the time of its step.
func (a *aging) changed(c dynamodb.Change) {
	if !strings.HasPrefix(c.Partition, casePrefix) {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.written[c.Partition] == nil {
		a.written[c.Partition] = map[string]moment{}
	}
	at, ok := a.read[c.Caller]
	if !ok {
		at = moment{c.At, a.clock.Now()}
	}
	for _, name := range c.Written {
		a.written[c.Partition][name] = at
	}
}

// ahead is how far lab time has run ahead of the wall clock since an attribute was written.
func (a *aging) ahead(partition, attribute string) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	m, ok := a.written[partition][attribute]
	if !ok {
		return 0
	}
	return a.clock.Now().Sub(m.lab) - time.Since(m.wall)
}

// meant is the lab time that a process means by a time. It reckons from what it read last.
func (a *aging) meant(caller string, t time.Time) time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	m, ok := a.read[caller]
	if !ok {
		m = moment{time.Now(), a.clock.Now()}
	}
	return m.lab.Add(t.Sub(m.wall))
}

// aged gives an answer of DynamoDB to a process with its cases' times moved.
func (a *aging) aged(caller string, answer fault.Answer) fault.Answer {
	dec := json.NewDecoder(bytes.NewReader(answer.Body))
	dec.UseNumber()
	var body map[string]any
	if dec.Decode(&body) != nil {
		return answer
	}
	// A page's last key leads to the next page, which begins where the table says.
	last, paged := body["LastEvaluatedKey"]
	delete(body, "LastEvaluatedKey")
	if a.items(body) {
		a.mu.Lock()
		a.read[caller] = moment{time.Now(), a.clock.Now()}
		a.mu.Unlock()
	}
	if paged {
		body["LastEvaluatedKey"] = last
	}
	if out, err := json.Marshal(body); err == nil {
		answer.Body = out
	}
	return answer
}

// items finds the items in an answer, wherever they are, and says whether one is a case.
func (a *aging) items(v any) (found bool) {
	switch v := v.(type) {
	case map[string]any:
		if key := textOf(v[dynamodb.HashKey]); strings.HasPrefix(key, casePrefix) {
			a.item(key, v)
			return true
		}
		for _, member := range v {
			found = a.items(member) || found
		}
	case []any:
		for _, member := range v {
			found = a.items(member) || found
		}
	}
	return found
}

// item moves the times of one case. A text may be a time, or JSON that has some.
func (a *aging) item(partition string, attributes map[string]any) {
	for name, v := range attributes {
		text := textOf(v)
		if text == "" {
			continue
		}
		if moved := movedText(text, a.ahead(partition, name)); moved != text {
			attributes[name] = map[string]any{"S": moved}
		}
	}
}

// textOf is the text of an attribute value on the wire, empty if it is no text.
func textOf(attribute any) string {
	if v, isObject := attribute.(map[string]any); isObject {
		if text, isText := v["S"].(string); isText {
			return text
		}
	}
	return ""
}

// movedText moves a time, or all times in a JSON object or list, back by d.
func movedText(text string, d time.Duration) string {
	if !strings.HasPrefix(text, "{") && !strings.HasPrefix(text, "[") {
		return movedTime(text, d)
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil {
		return text
	}
	out, err := json.Marshal(movedTimes(v, d))
	if err != nil {
		return text
	}
	return string(out)
}

func movedTimes(v any, d time.Duration) any {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			v[name] = movedTimes(member, d)
		}
	case []any:
		for i, member := range v {
			v[i] = movedTimes(member, d)
		}
	case string:
		return movedTime(v, d)
	}
	return v
}

// casebookTime is how the casebook writes times: its reader takes no other form.
const casebookTime = "2006-01-02T15:04:05.000Z"

func movedTime(text string, d time.Duration) string {
	if t, err := time.Parse(casebookTime, text); err == nil && len(text) == len(casebookTime) {
		return t.Add(-d).Format(casebookTime)
	}
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil && !t.IsZero() {
		return t.Add(-d).Format(time.RFC3339Nano)
	}
	return text
}
