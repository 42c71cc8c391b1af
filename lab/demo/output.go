package demo

import (
	"encoding/json"
	"io"
	"sync"
)

// Kind is what an event of the story is.
type Kind string

// The events of a story.
const (
	KindInstance Kind = "instance" // one of the fleet, and its plight
	KindAlarm    Kind = "alarm"    // an alarm's event is delivered
	KindMessage  Kind = "message"  // somebody or something else asks
	KindDecision Kind = "decision" // the function has decided
	KindIgnored  Kind = "ignored"  // the function took no notice of a message, and says why
	KindCall     Kind = "call"     // an interrupt, or its dry run, reaches EC2
	KindGuest    Kind = "guest"    // something happens to the machine; Phase says what
	KindFinding  Kind = "finding"  // the follow-up has closed a case; Text says what it came to, and Detail has the proof
	KindConsole  Kind = "console"  // what a serial console shows
	// KindNotification is one message to the notification topic.
	KindNotification Kind = "notification"
	KindPromise      Kind = "promise" // what the guard promises, and whether it held
	KindSummary      Kind = "summary" // how much there was of everything
	KindNote         Kind = "note"    // a line that the function wrote besides its decisions
)

// Phase is what becomes of a machine.
type Phase string

// The phases of a machine that the story tells: three of the lab's own (fleet.View),
// and what its Auto Scaling group does.
const (
	PhaseDumping    Phase = "dumping"
	PhaseBooting    Phase = "booting"
	PhaseUp         Phase = "up"
	PhaseStandby    Phase = "standby"
	PhaseTerminated Phase = "terminated"
)

// Event is one thing that happens in the story. At is the story's time in
// seconds; which other fields are set depends on Kind.
type Event struct {
	At       float64  `json:"at"`
	Kind     Kind     `json:"event"`
	Names    []string `json:"names,omitempty"`
	Instance string   `json:"instanceId,omitempty"`
	Type     string   `json:"instanceType,omitempty"`
	Tag      string   `json:"tag,omitempty"`
	Alarm    string   `json:"trigger,omitempty"`
	Outcome  string   `json:"outcome,omitempty"`
	Rule     string   `json:"rule,omitempty"`
	Finding  string   `json:"finding,omitempty"`
	Phase    Phase    `json:"phase,omitempty"`
	Text     string   `json:"text,omitempty"`
	Command  string   `json:"command,omitempty"` // what a person types to ask for a host that is held
	CaseID   string   `json:"caseId,omitempty"`
	Pass     int      `json:"pass,omitempty"`
	Lines    []string `json:"lines,omitempty"`
	Kept     *bool    `json:"kept,omitempty"`
	Detail   string   `json:"detail,omitempty"`
}

// Output takes the events of a story as they happen. Err is the first failure to
// write one, if any.
type Output interface {
	Event(e Event)
	Err() error
}

// JSON writes each event as one JSON object on a line of its own.
func JSON(w io.Writer) Output { return &jsonOutput{enc: json.NewEncoder(w)} }

type jsonOutput struct {
	mu  sync.Mutex
	enc *json.Encoder
	err error
}

func (j *jsonOutput) Event(e Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err == nil {
		j.err = j.enc.Encode(e)
	}
}

func (j *jsonOutput) Err() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.err
}
