package followup

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"crashcart/lambda/domain/instance"
	"crashcart/lambda/domain/printable"
)

// kind is what an event asks for.
type kind string

const (
	kindAdvance kind = "advance" // of the state machine: one step
	kindFinish  kind = "finish"  // of the state machine: the end
	kindSweep   kind = "sweep"   // of the schedule
	kindQueue   kind = "Records" // of the follow-up's queue
)

// event is what was asked for.
type event struct {
	kind     kind
	caseID   string    // of advance and finish
	failure  *failure  // of finish: why Advance failed for good
	messages []message // of the queue
}

// failure is what a state machine catches ("Handling errors in Step Functions workflows",
// AWS Step Functions Developer Guide).
type failure struct{ code, cause string }

// message is one message of the queue. Its case is empty when it could not be read.
type message struct {
	id, caseID string
	err        error
}

// ErrEvent says that an event asks for nothing that the function knows.
var ErrEvent = errors.New("the follow-up does not know this event")

// shown is how much of what is refused goes into an error, in bytes.
const shown = 200

// decode reads an event by its one key. Nothing but the listed events is taken, and of
// those nothing but the listed keys.
func decode(payload []byte) (event, error) {
	e, err := read(payload)
	if err != nil {
		return event{}, fmt.Errorf("%w: %w: %q", ErrEvent, err, printable.Line(string(payload), shown))
	}
	return e, nil
}

func read(payload []byte) (event, error) {
	o, err := fields(payload)
	if err != nil {
		return event{}, err
	}
	if len(o) != 1 {
		return event{}, fmt.Errorf("%d keys, want one", len(o))
	}
	for key, value := range o {
		switch kind(key) {
		case kindAdvance:
			id, err := caseOf(value)
			return event{kind: kindAdvance, caseID: id}, err
		case kindFinish:
			return readFinish(value)
		case kindSweep:
			if string(value) != "true" {
				return event{}, errors.New("sweep is not true")
			}
			return event{kind: kindSweep}, nil
		case kindQueue:
			return readQueue(value)
		}
	}
	return event{}, errors.New("an unknown key")
}

// caseOf reads an object with a case's id and nothing else.
func caseOf(raw []byte) (string, error) {
	o, err := fields(raw, "caseId")
	if err != nil {
		return "", err
	}
	return caseID(o["caseId"])
}

// readFinish reads the state that an execution ends with: what the last Advance answered,
// or what the execution began with, and the failure of Advance if there was one.
func readFinish(raw []byte) (event, error) {
	o, err := fields(raw, "caseId", "done", "waitSeconds", "failure")
	if err != nil {
		return event{}, err
	}
	e := event{kind: kindFinish}
	if e.caseID, err = caseID(o["caseId"]); err != nil || o["failure"] == nil {
		return e, err
	}
	f, err := fields(o["failure"], "Error", "Cause")
	if err != nil {
		return event{}, fmt.Errorf("failure: %w", err)
	}
	e.failure = &failure{}
	for key, to := range map[string]*string{"Error": &e.failure.code, "Cause": &e.failure.cause} {
		if f[key] != nil && json.Unmarshal(f[key], to) != nil {
			return event{}, fmt.Errorf("failure: %s is not a string", key)
		}
	}
	return e, nil
}

// readQueue reads a batch. A message that cannot be read is one of the batch all the same.
func readQueue(raw []byte) (event, error) {
	var records []json.RawMessage
	if err := json.Unmarshal(raw, &records); err != nil || len(records) == 0 {
		return event{}, errors.New("no list of records")
	}
	e := event{kind: kindQueue}
	for _, record := range records {
		m, err := readRecord(record)
		if err != nil {
			return event{}, err
		}
		e.messages = append(e.messages, m)
	}
	return e, nil
}

// readRecord reads one record. Lambda writes all of it but the body ("Using Lambda with
// Amazon SQS", AWS Lambda Developer Guide), so only the body may be wrong.
func readRecord(raw []byte) (message, error) {
	o, err := fields(raw)
	if err != nil {
		return message{}, err
	}
	var id, source, body string
	for key, to := range map[string]*string{"messageId": &id, "eventSource": &source, "body": &body} {
		if o[key] == nil || json.Unmarshal(o[key], to) != nil {
			return message{}, fmt.Errorf("a record without %s", key)
		}
	}
	if source != "aws:sqs" || id == "" {
		return message{}, errors.New("a record that is not of a queue")
	}
	m := message{id: id}
	if m.caseID, err = caseOf([]byte(body)); err != nil {
		m.err = fmt.Errorf("%w: %q", err, printable.Line(body, shown))
	}
	return m, nil
}

// caseID reads a case's id. What has not its form can be no case, and must not become the
// name of an execution or of an object.
func caseID(raw json.RawMessage) (string, error) {
	var id string
	if raw == nil || json.Unmarshal(raw, &id) != nil {
		return "", errors.New("caseId is not a string")
	}
	cut := strings.LastIndexByte(id, '-')
	if cut < 0 || !instance.IsID(id[:cut]) || len(id[cut+1:]) != 16 || strings.Trim(id[cut+1:], "0123456789abcdef") != "" {
		return "", errors.New("caseId is not the id of a case")
	}
	return id, nil
}

// fields opens one JSON object by its tokens, so that each key counts as it is spelt, and
// is there once. With known keys, it refuses all others.
func fields(raw []byte, known ...string) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, errors.New("not an object")
	}
	o := map[string]json.RawMessage{}
	for d.More() {
		key, value, err := pair(d)
		if err != nil {
			return nil, err
		}
		if _, twice := o[key]; twice || len(known) > 0 && !slices.Contains(known, key) {
			return nil, fmt.Errorf("the key %q is there twice, or unknown", printable.Line(key, shown))
		}
		o[key] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, errors.New("an object without its end")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something comes after the object")
	}
	return o, nil
}

// pair reads the next key of an object, and its value.
func pair(d *json.Decoder) (key string, value json.RawMessage, err error) {
	token, err := d.Token()
	key, ok := token.(string)
	if err != nil || !ok || d.Decode(&value) != nil {
		return "", nil, errors.New("not JSON")
	}
	return key, value, nil
}
