package dump

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Version is that of what is said between Crashcart and the script, in every answer and
// in every manifest.
const Version = 1

// The script's steps.
const (
	StepSurvey = "survey" // list what there is
	StepSend   = "send"   // send what the manifest asks for
)

// ErrNoAnswer says that there is no answer in what a script has written. It was killed,
// or it never ran.
var ErrNoAnswer = errors.New("the script gave no answer")

// answerStart is how the line of an answer begins. Whatever else is on the output is for
// people.
const answerStart = `{"crashcart":`

// answerLine is the last line of an output that is an answer.
func answerLine(output string) (string, error) {
	var found string
	for line := range strings.Lines(output) {
		if strings.HasPrefix(line, answerStart) {
			found = line
		}
	}
	if found == "" {
		return "", ErrNoAnswer
	}
	return found, nil
}

// head is what every answer begins with.
type head struct {
	Version int    `json:"crashcart"`
	Step    string `json:"step"`
}

func (h head) check(step string) error {
	if h.Version != Version || h.Step != step {
		return fmt.Errorf("an answer of version %d to the step %q, not of version %d to %q", h.Version, cut(h.Step), Version, step)
	}
	return nil
}

// strictly reads one JSON value, in which nothing is unknown and which nothing follows.
func strictly(text []byte, into any) error {
	in := json.NewDecoder(bytes.NewReader(text))
	in.DisallowUnknownFields()
	if err := in.Decode(into); err != nil {
		return err
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows it")
	}
	return nil
}
