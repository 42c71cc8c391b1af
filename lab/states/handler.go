package states

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// Error codes of the AWS Step Functions API Reference.
const (
	codeExists        = "ExecutionAlreadyExists"
	codeNoExecution   = "ExecutionDoesNotExist"
	codeNoMachine     = "StateMachineDoesNotExist"
	codeInput         = "InvalidExecutionInput"
	codeName          = "InvalidName"
	codeNotRedrivable = "ExecutionNotRedrivable"
	codeUnknown       = "UnknownOperationException"
	codeSerialization = "SerializationException"
)

// executionName is what the lab takes as a name ("StartExecution", AWS Step Functions API
// Reference). AWS also takes other characters, with which logging to CloudWatch fails.
var executionName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)

// maxRequest bounds a request: the input is the longest of its parts.
const maxRequest = 1 << 20

// apiError is an error of the API.
type apiError struct{ code, message string }

func (e *apiError) Error() string { return e.code + ": " + e.message }

// ServeHTTP answers one request (AWS JSON 1.0, operation in X-Amz-Target).
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	var out any
	if err == nil {
		_, op, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		out, err = s.dispatch(op, body)
	}
	if err != nil {
		failed, ok := errors.AsType[*apiError](err)
		if !ok {
			failed = &apiError{codeSerialization, err.Error()}
		}
		w.WriteHeader(http.StatusBadRequest)
		out = map[string]string{"__type": "com.amazonaws.swf.service.v2.model#" + failed.code, "message": failed.message}
	}
	_ = json.NewEncoder(w).Encode(out) // an error is the client's hang-up
}

func (s *Service) dispatch(op string, body []byte) (any, error) {
	switch op {
	case "StartExecution":
		return decoded(body, s.start)
	case "DescribeExecution":
		return decoded(body, s.describe)
	case "StopExecution":
		return decoded(body, s.stop)
	case "RedriveExecution":
		return decoded(body, s.redrive)
	}
	return nil, &apiError{codeUnknown, "the lab's Step Functions does not know " + op}
}

func decoded[In any](body []byte, do func(In) (any, error)) (any, error) {
	var in In
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, &apiError{codeSerialization, err.Error()}
	}
	return do(in)
}

type startInput struct {
	Machine string `json:"stateMachineArn"`
	Name    string `json:"name"`
	Input   string `json:"input"`
}

// start makes an execution. The same name with the same input is the same execution for
// as long as it runs; for 90 days after that the name is taken.
func (s *Service) start(in startInput) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if in.Machine != s.ARN() || s.definition == nil {
		return nil, &apiError{codeNoMachine, "State Machine Does Not Exist: '" + in.Machine + "'"}
	}
	if !executionName.MatchString(in.Name) {
		return nil, &apiError{codeName, "Invalid Name: '" + in.Name + "'"}
	}
	if in.Input == "" {
		in.Input = "{}"
	}
	data, err := decode([]byte(in.Input))
	if err != nil || len(in.Input) > maxData {
		return nil, &apiError{codeInput, fmt.Sprintf("Invalid State Machine Execution Input: '%v'", err)}
	}
	e := s.executions[in.Name]
	switch {
	case e == nil:
		e = &execution{
			name: in.Name, arn: s.arn("execution", s.cfg.Name, in.Name), input: in.Input, started: s.cfg.Clock.Now(),
			state: s.definition.StartAt, data: data, events: 1,
		}
		s.executions[in.Name] = e
		s.order = append(s.order, in.Name)
		s.launch(e)
	case e.status != Running || e.input != in.Input:
		return nil, &apiError{codeExists, "Execution Already Exists: '" + e.arn + "'"}
	}
	return map[string]any{"executionArn": e.arn, "startDate": s.seconds(e.started)}, nil
}

type executionInput struct {
	Execution string `json:"executionArn"`
	Error     string `json:"error"`
	Cause     string `json:"cause"`
}

// found gives an execution by its ARN. The caller holds s.mu.
func (s *Service) found(arn string) (*execution, error) {
	name := arn[strings.LastIndex(arn, ":")+1:]
	e := s.executions[name]
	if e == nil || e.arn != arn {
		return nil, &apiError{codeNoExecution, "Execution Does Not Exist: '" + arn + "'"}
	}
	return e, nil
}

func (s *Service) describe(in executionInput) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, err := s.found(in.Execution)
	if err != nil {
		return nil, err
	}
	out := map[string]any{
		"executionArn": e.arn, "stateMachineArn": s.ARN(), "name": e.name, "status": e.status, "input": e.input,
		"startDate": s.seconds(e.started), "redriveCount": e.redrives, "redriveStatus": "REDRIVABLE",
	}
	if why := s.notRedrivable(e); why != "" {
		out["redriveStatus"], out["redriveStatusReason"] = "NOT_REDRIVABLE", why
	}
	if e.redrives > 0 {
		out["redriveDate"] = s.seconds(e.lastRedriven)
	}
	if e.status != Running {
		out["stopDate"] = s.seconds(e.stopped)
	}
	for name, v := range map[string]string{"output": e.output, "error": e.err, "cause": e.cause} {
		if v != "" {
			out[name] = v
		}
	}
	return out, nil
}

func (s *Service) stop(in executionInput) (any, error) {
	s.mu.Lock()
	e, err := s.found(in.Execution)
	if err != nil {
		s.mu.Unlock()
		return nil, err
	}
	ended := e.ended
	if e.status == Running {
		e.stopErr, e.stopCause = in.Error, in.Cause
		e.interrupt(errAborted)
	}
	s.mu.Unlock()
	<-ended
	s.mu.Lock()
	defer s.mu.Unlock()
	return map[string]any{"stopDate": s.seconds(e.stopped)}, nil
}

// notRedrivable says why an execution cannot be started again. The caller holds s.mu.
func (s *Service) notRedrivable(e *execution) string {
	switch {
	case e.status == Running:
		return "Execution is RUNNING and cannot be redriven"
	case e.status == Succeeded:
		return "Execution is SUCCEEDED and cannot be redriven"
	case s.cfg.Clock.Now().Sub(e.started) > redrivable:
		return "Execution exceeds the redrivable period"
	case e.events >= maxEvents-1:
		return "Execution history event limit exceeded"
	}
	return ""
}

// redrive lets an execution go on with the state in which it ended. Its Retry counts anew,
// and so does the machine's timeout.
func (s *Service) redrive(in executionInput) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, err := s.found(in.Execution)
	if err != nil {
		return nil, err
	}
	if why := s.notRedrivable(e); why != "" {
		return nil, &apiError{codeNotRedrivable, why}
	}
	e.redrives++
	e.events++
	e.err, e.cause, e.stopErr, e.stopCause, e.lastRedriven = "", "", "", "", s.cfg.Clock.Now()
	s.launch(e)
	return map[string]any{"redriveDate": s.seconds(e.lastRedriven)}, nil
}

// seconds is a time of the lab as the API writes it.
func (s *Service) seconds(t time.Time) json.Number {
	return json.Number(fmt.Sprintf("%.3f", float64(s.cfg.Clock.Report(t).UnixMilli())/1000))
}
