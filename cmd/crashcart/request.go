package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/spf13/cobra"

	"crashcart/lambda/domain/printable"
	"crashcart/lambda/domain/trigger"
	"crashcart/lambda/intake"
)

// directRequest is the payload of a direct invoke, as package trigger reads it.
type directRequest struct {
	InstanceIDs []string `json:"instanceIds"`
	Reason      string   `json:"reason"`
	RequestedBy string   `json:"requestedBy"`
	RequestID   string   `json:"requestId"`
	At          string   `json:"at,omitempty"`
	DryRun      bool     `json:"dryRun,omitempty"`
	Force       []string `json:"force,omitempty"`
}

// payload is the request as it is sent now. Where it forces a rule it says its time. The
// function's own decoder judges it first, so that what it would refuse is refused here,
// with its words.
func (r directRequest) payload() ([]byte, error) {
	if len(r.InstanceIDs) == 0 {
		return nil, usageError{errors.New("crashcart interrupt needs at least one instance id")}
	}
	if len(r.Force) > 0 {
		r.At = time.Now().UTC().Format(time.RFC3339)
	}
	payload, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("writing the request: %w", err)
	}
	for _, rec := range trigger.Decode(payload, trigger.Invocation{RequestID: "check", At: time.Now()}).Records {
		if rec.Ignored != nil {
			return nil, usageError{errors.New(rec.Ignored.Detail)}
		}
	}
	return payload, nil
}

// invoke calls the function and waits for its answer. An error after the request has
// left proves nothing of what the function did.
func (s *stack) invoke(c *cobra.Command, client *lambda.Client, payload []byte, requestID string) (intake.Answer, error) {
	out, err := client.Invoke(c.Context(), &lambda.InvokeInput{FunctionName: aws.String(s.function), Payload: payload})
	if err != nil {
		if advised := s.advise(err); advised != err { //nolint:errorlint // the very same: there was nothing to advise
			return intake.Answer{}, advised
		}
		return intake.Answer{}, fmt.Errorf("the function gave no answer, so it is not known what it did; "+
			"the same again with --request-id %s interrupts nothing twice: %w", requestID, err)
	}
	body := printable.Line(string(out.Payload), maxReason)
	if out.FunctionError != nil {
		return intake.Answer{}, fmt.Errorf("the function failed (%s), so it is not known what it did; `crashcart cases --open` shows it: %s",
			printable.Line(*out.FunctionError, maxReason), body)
	}
	var answer intake.Answer
	if err := json.Unmarshal(out.Payload, &answer); err != nil || len(answer.Outcomes)+len(answer.Ignored) == 0 {
		return intake.Answer{}, fmt.Errorf("this is not an answer of Crashcart; is %s the right function? %s", s.function, body)
	}
	return answer, nil
}
