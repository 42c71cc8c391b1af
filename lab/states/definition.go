package states

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Definition is a state machine in the Amazon States Language: the part of it that the
// lab knows. Parse makes it.
type Definition struct {
	Comment        string
	StartAt        string
	TimeoutSeconds int
	QueryLanguage  string // JSONPath, which is also the default
	Version        string
	States         map[string]*State
}

// State is one state. Which fields it may have depends on its type.
type State struct {
	Type    string
	Comment string
	Next    string
	End     bool

	// Of a Task.
	Resource       string
	Parameters     map[string]any
	ResultPath     *string
	OutputPath     *string
	TimeoutSeconds int
	Retry          []Retrier
	Catch          []Catcher

	// Of a Choice.
	Choices []Choice
	Default string

	// Of a Wait.
	Seconds     *int
	SecondsPath string

	// Of a Fail.
	Error string
	Cause string
}

// Retrier says how often, and after what delay, a Task is tried again.
type Retrier struct {
	ErrorEquals     []string
	IntervalSeconds int
	BackoffRate     float64
	MaxAttempts     *int
	MaxDelaySeconds int
	JitterStrategy  string // NONE, which is the default, or FULL
}

// Catcher says where a Task that has failed for good leads.
type Catcher struct {
	ErrorEquals []string
	ResultPath  string
	Next        string
}

// Choice is one rule of a Choice state.
type Choice struct {
	Variable      string
	BooleanEquals *bool
	Next          string
}

// fields are the members that a state of each type may have ("State types", AWS Step
// Functions Developer Guide). What the interpreter does not carry out is not among them.
var fields = map[string][]string{
	"Task": {
		"Resource", "Parameters", "ResultPath", "OutputPath", "TimeoutSeconds", "Retry", "Catch", "Next", "End",
	},
	"Choice":  {"Choices", "Default"},
	"Wait":    {"Seconds", "SecondsPath", "Next", "End"},
	"Succeed": {},
	"Fail":    {"Error", "Cause"},
}

// Parse reads a definition in which ${Name} stands for each of the values. Whatever the
// interpreter does not know is an error, so that nothing runs otherwise than at AWS. All
// problems are given at once.
func Parse(text []byte, values map[string]string) (*Definition, error) {
	filled := string(text)
	for name, value := range values {
		filled = strings.ReplaceAll(filled, "${"+name+"}", value)
	}
	if _, after, ok := strings.Cut(filled, "${"); ok {
		name, _, _ := strings.Cut(after, "}")
		return nil, fmt.Errorf("the definition wants ${%s}, which nobody has given", name)
	}
	var d Definition
	if err := strictly([]byte(filled), &d); err != nil {
		return nil, err
	}
	if err := onlyKnownFields([]byte(filled)); err != nil {
		return nil, err
	}
	return &d, d.check()
}

// strictly decodes one JSON value without unknown members.
func strictly(text []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("reading the definition: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("reading the definition: there is more after its end")
	}
	return nil
}

// onlyKnownFields refuses a member that is spelt otherwise than in AWS's guide, or that
// is not one of its state's type. Package json does not tell upper case from lower.
func onlyKnownFields(text []byte) error {
	var raw map[string]json.RawMessage
	var states map[string]map[string]json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		return err
	}
	if err := json.Unmarshal(raw["States"], &states); err != nil {
		return fmt.Errorf("reading the states: %w", err)
	}
	var problems []error
	problems = append(problems, unknown("the machine", raw, "Comment", "StartAt", "TimeoutSeconds", "QueryLanguage", "Version", "States")...)
	for _, name := range slices.Sorted(maps.Keys(states)) {
		var kind string
		if json.Unmarshal(states[name]["Type"], &kind) != nil || fields[kind] == nil {
			problems = append(problems, fmt.Errorf("state %s: the lab has no type %s", name, states[name]["Type"]))
			continue
		}
		problems = append(problems, unknown("state "+name, states[name], append([]string{"Type", "Comment"}, fields[kind]...)...)...)
	}
	return errors.Join(problems...)
}

func unknown(where string, members map[string]json.RawMessage, known ...string) (problems []error) {
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if !slices.Contains(known, name) || string(members[name]) == "null" {
			problems = append(problems, fmt.Errorf("%s: the lab does not know %s there, or not as null", where, name))
		}
	}
	return problems
}
