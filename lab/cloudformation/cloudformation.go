// Package cloudformation stands in for AWS CloudFormation: what a stack says of
// itself. Nothing is ever deployed; a stack is there because a test has put it there.
//
// A stack is found in its own Region only, and, once it is deleted, by its id only.
package cloudformation

import (
	"crypto/sha256"
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"crashcart/lab/clock"
)

const (
	namespace = "http://cloudformation.amazonaws.com/doc/2010-05-15/"
	requestID = "11112222-3333-4444-5555-666677778888"

	statusComplete = "CREATE_COMPLETE"
	statusDeleted  = "DELETE_COMPLETE"
)

// nameOrID is what a stack may be asked for by; the pattern is that of the answer to
// what may not.
var nameOrID = regexp.MustCompile(`^(?:[a-zA-Z][-a-zA-Z0-9]*|arn:[-a-zA-Z0-9:/._+]*)$`)

// Stack is one stack.
type Stack struct {
	Name    string
	Status  string            // default CREATE_COMPLETE; "DescribeStacks", AWS CloudFormation API Reference, has the others
	Outputs map[string]string // values by key
}

// Handler serves the stacks of one account and Region (AWS query protocol). Only
// DescribeStacks of one stack exists. It is safe for concurrent use.
type Handler struct {
	region, account string
	created         time.Time

	mu     sync.Mutex
	stacks map[string]Stack
}

// New serves an account and Region without stacks.
func New(c clock.Clock, region, account string) *Handler {
	return &Handler{region: region, account: account, created: c.Now(), stacks: map[string]Stack{}}
}

// Put adds a stack, or changes the one of that name.
func (h *Handler) Put(s Stack) {
	if s.Status == "" {
		s.Status = statusComplete
	}
	s.Outputs = maps.Clone(s.Outputs)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stacks[s.Name] = s
}

// ID is the id of the stack with that name, whether or not there is one: an ARN.
func (h *Handler) ID(name string) string {
	sum := sha256.Sum256([]byte(name))
	return fmt.Sprintf("arn:aws:cloudformation:%s:%s:stack/%s/%x-%x-%x-%x-%x", h.region, h.account, name, sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/xml")
	found, bad := h.find(r)
	if bad != nil {
		w.WriteHeader(http.StatusBadRequest)
		_ = xml.NewEncoder(w).Encode(bad) // an error is the client's hang-up
		return
	}
	_ = xml.NewEncoder(w).Encode(h.described(found)) // likewise
}

// find reads the request and gives the one stack that it asks for.
func (h *Handler) find(r *http.Request) (Stack, *refusal) {
	if err := r.ParseForm(); err != nil {
		return Stack{}, refuse("MalformedQueryString", "%v", err)
	}
	if action := r.PostForm.Get("Action"); action != "DescribeStacks" {
		return Stack{}, refuse("InvalidAction", "the lab's CloudFormation does not know %s", action)
	}
	asked := r.PostForm.Get("StackName")
	switch {
	case asked == "":
		return Stack{}, refuse("ValidationError", "the lab's CloudFormation describes one stack at a time: StackName is missing")
	case !nameOrID.MatchString(asked):
		return Stack{}, refuse("ValidationError", "1 validation error detected: Value '%s' at 'stackName' failed to satisfy constraint: "+
			"Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*|arn:[-a-zA-Z0-9:/._+]*", asked)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for name, s := range h.stacks {
		if h.here(r) && (asked == h.ID(name) || asked == name && s.Status != statusDeleted) {
			return s, nil
		}
	}
	return Stack{}, refuse("ValidationError", "Stack with id %s does not exist", asked)
}

// here says whether the request was signed for the Region that the stacks are in.
func (h *Handler) here(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Authorization"), "/"+h.region+"/cloudformation/aws4_request")
}

type refusal struct {
	XMLName   xml.Name `xml:"ErrorResponse"`
	Namespace string   `xml:"xmlns,attr"`
	Type      string   `xml:"Error>Type"`
	Code      string   `xml:"Error>Code"`
	Message   string   `xml:"Error>Message"`
	RequestID string   `xml:"RequestId"`
}

func refuse(code, format string, args ...any) *refusal {
	return &refusal{Namespace: namespace, Type: "Sender", Code: code, Message: fmt.Sprintf(format, args...), RequestID: requestID}
}

type description struct {
	XMLName   xml.Name `xml:"DescribeStacksResponse"`
	Namespace string   `xml:"xmlns,attr"`
	Stacks    []stack  `xml:"DescribeStacksResult>Stacks>member"`
	RequestID string   `xml:"ResponseMetadata>RequestId"`
}

type stack struct {
	ID      string   `xml:"StackId"`
	Name    string   `xml:"StackName"`
	Created string   `xml:"CreationTime"`
	Status  string   `xml:"StackStatus"`
	Outputs []output `xml:"Outputs>member"`
}

type output struct {
	Key   string `xml:"OutputKey"`
	Value string `xml:"OutputValue"`
}

func (h *Handler) described(s Stack) description {
	out := stack{ID: h.ID(s.Name), Name: s.Name, Created: h.created.UTC().Format(time.RFC3339), Status: s.Status}
	for _, key := range slices.Sorted(maps.Keys(s.Outputs)) {
		out.Outputs = append(out.Outputs, output{Key: key, Value: s.Outputs[key]})
	}
	return description{Namespace: namespace, Stacks: []stack{out}, RequestID: requestID}
}
