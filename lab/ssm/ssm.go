// Package ssm stands in for AWS Systems Manager: what its agents reported last, and
// Run Command, which hands them scripts.
//
// An instance whose agent never pinged is not in DescribeInstanceInformation, and no
// command can be sent to it; one whose agent fell silent stays, with its last ping,
// and a command for it waits.
//
// # Commands
//
// A command is delivered when the agent takes it: a machine's (fleet.Machine) when it
// runs the script, a simulated guest's when it is up. What a simulated guest makes of
// a script is said by fleet.Spec.Shell; nothing is ever run on this machine. From
// there on:
//
//   - a command that no agent took within TimeoutSeconds will never run, but is
//     Pending on: it becomes TimedOut, "Delivery Timed Out", only when the timeouts of
//     its steps have passed as well ("Understanding command timeout values" and
//     "Understanding command statuses", AWS Systems Manager User Guide). To know
//     soon, give AWS-RunShellScript a short executionTimeout;
//   - a script that takes longer than its step's timeout is killed by the agent and
//     TimedOut, "Execution Timed Out". A guest that hangs after it took the script has
//     no agent to do that: the command is InProgress until the same moment as above,
//     and then "Delivery Timed Out", too ("Command", ExpiresAfter, AWS Systems Manager
//     API Reference). Nor is a script heard of again that a restart ended;
//   - a command that is cancelled before it is taken is Cancelled; a script is
//     Cancelling until its agent has killed it;
//   - for a second after SendCommand an invocation does not exist yet, as long as AWS
//     may need to spread the word (how long is not published).
//
// All times are lab times. They pass whether anybody asks or not, and an answer
// is right as of its moment.
//
// The documents are AWS-RunShellScript and those that AddDocument brings in.
package ssm

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"

	"crashcart/lab/clock"
	"crashcart/lab/fleet"
)

// Handler serves the agents of a fleet. It is safe for concurrent use.
type Handler struct {
	fleet   *fleet.Fleet
	clock   clock.Clock
	account string

	life    context.Context // ends with Close
	end     context.CancelFunc
	running sync.WaitGroup

	mu        sync.Mutex
	closed    bool
	documents map[string]*Document
	commands  map[string]*command
	nodes     []string // outside EC2
}

// New serves the agents of f's guests, with their times as c reports them. Close must
// be called.
func New(f *fleet.Fleet, c clock.Clock, account string) *Handler {
	h := &Handler{fleet: f, clock: c, account: account, documents: map[string]*Document{}, commands: map[string]*command{}}
	h.life, h.end = context.WithCancel(context.Background())
	h.documents[runShellScript] = shellDocument()
	return h
}

// AddDocument registers a document of the account, or another version of it in place
// of the one there is. See ParseDocument for the content.
func (h *Handler) AddDocument(name string, content []byte) error {
	d, err := ParseDocument(content)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.documents[name] = d
	return nil
}

// Close gives up all commands and returns when nothing of them is left here. Scripts
// that machines run are theirs.
func (h *Handler) Close() {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	h.end()
	h.running.Wait()
}

// apiError is an error of the API Reference of AWS Systems Manager, by its name.
type apiError struct{ code, message string }

func (e *apiError) Error() string { return e.code + ": " + e.message }

// ServeHTTP answers one request (AWS JSON 1.1).
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	out, err := h.answer(r)
	if err != nil {
		refused, ok := errors.AsType[*apiError](err)
		if !ok {
			refused = &apiError{"InternalServerError", err.Error()}
		}
		w.WriteHeader(http.StatusBadRequest)
		out = map[string]string{"__type": refused.code, "message": refused.message}
	}
	_ = json.NewEncoder(w).Encode(out) // an error is the client's hang-up
}

func (h *Handler) answer(r *http.Request) (any, error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, 1<<20))
	if err != nil {
		return nil, &apiError{"SerializationException", err.Error()}
	}
	switch op := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AmazonSSM."); op {
	case "DescribeInstanceInformation":
		return call(body, h.describe)
	case "SendCommand":
		return call(body, h.send)
	case "GetCommandInvocation":
		return call(body, h.invocation)
	case "ListCommandInvocations":
		return call(body, h.invocations)
	case "CancelCommand":
		return call(body, h.cancel)
	default:
		return nil, &apiError{"InvalidAction", "the lab's SSM does not know " + op}
	}
}

// call reads an operation's input and carries it out.
func call[T any](body []byte, operation func(T) (any, error)) (any, error) {
	var in T
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, &apiError{"SerializationException", err.Error()}
	}
	return operation(in)
}
