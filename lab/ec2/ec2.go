// Package ec2 stands in for the Amazon EC2 API: the calls that find an instance,
// say whether it lives, interrupt and reboot it, over the EC2 query protocol.
//
// Instances are those of a fleet. What IAM and the service refuse is refused
// here with the same codes:
//
//   - SendDiagnosticInterrupt, GetConsoleOutput and GetConsoleScreenshot are
//     authorized by the tag crashcart, auto or manual, as the function's role is;
//     everything else is UnauthorizedOperation, with DryRun as well;
//   - RebootInstances is for people: the function's role, recognized by its
//     temporary access key, is UnauthorizedOperation;
//   - whether the type takes an interrupt at all is checked before that: Graviton
//     and Xen are UnsupportedOperation;
//   - a DryRun that would have been allowed is DryRunOperation, and touches
//     nothing; there is no success answer to one;
//   - one unknown id in InstanceIds fails the whole call, one in a filter does not;
//   - instances managed by another service are hidden unless asked for.
//
// Every instance that is not terminated has one network interface.
package ec2

import (
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"crashcart/lab/clock"
	"crashcart/lab/fleet"
)

// tagKey is the tag that the function's role is scoped to, with its two values.
const tagKey = "crashcart"

// Handler serves the EC2 API of one account and Region.
type Handler struct {
	fleet   *fleet.Fleet
	clock   clock.Clock
	account string
}

// New serves the instances of f, with their times as c reports them.
func New(f *fleet.Fleet, c clock.Clock, account string) *Handler {
	return &Handler{fleet: f, clock: c, account: account}
}

// Error is an EC2 error: a code of "Error codes for the Amazon EC2 API" (Amazon
// EC2 Developer Guide) and its HTTP status.
type Error struct {
	Code    string
	Message string
	Status  int
}

// Error gives the code and the message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

func refuse(status int, code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), Status: status}
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out, err := h.dispatch(r)
	w.Header().Set("Content-Type", "text/xml;charset=UTF-8")
	if err != nil {
		e, ok := errors.AsType[*Error](err)
		if !ok {
			e = refuse(http.StatusInternalServerError, "InternalError", "%v", err)
		}
		w.WriteHeader(e.Status)
		out = errorAnswer{Code: e.Code, Message: e.Message, RequestID: requestID}
	}
	_ = xml.NewEncoder(w).Encode(out) // an error is the client's hang-up
}

func (h *Handler) dispatch(r *http.Request) (any, error) {
	if err := r.ParseForm(); err != nil {
		return nil, refuse(http.StatusBadRequest, "MalformedQueryString", "%v", err)
	}
	in := request{Values: r.PostForm, byRole: byRole(r)}
	action := in.Get("Action")
	answer, ok := h.actions()[action]
	if !ok {
		return nil, refuse(http.StatusBadRequest, "InvalidAction", "The action %s is not valid for this web service.", action)
	}
	return answer(in)
}

// actions are what EC2 is asked for here.
func (h *Handler) actions() map[string]func(request) (any, error) {
	return map[string]func(request) (any, error){
		"DescribeInstances":         h.describeInstances,
		"DescribeInstanceStatus":    h.describeStatus,
		"DescribeInstanceTypes":     h.describeTypes,
		"DescribeInstanceAttribute": h.describeAttribute,
		"DescribeNetworkInterfaces": h.describeInterfaces,
		"DescribeVolumes":           h.describeVolumes,
		"SendDiagnosticInterrupt":   h.interrupt,
		"RebootInstances":           h.reboot,
		"GetConsoleOutput":          h.consoleOutput,
		"GetConsoleScreenshot":      h.consoleScreenshot,
	}
}

// request is a form of the query protocol, with whether a role's credentials signed it.
type request struct {
	url.Values
	byRole bool
}

// list reads name.1, name.2, ...
func (r request) list(name string) []string {
	var out []string
	for i := 1; ; i++ {
		v, ok := r.Values[name+"."+strconv.Itoa(i)]
		if !ok {
			return out
		}
		out = append(out, v...)
	}
}

func (r request) flag(name string) bool { return r.Get(name) == "true" }

// filters reads Filter.n.Name and Filter.n.Value.m.
func (r request) filters() (map[string][]string, error) {
	out := map[string][]string{}
	for i := 1; ; i++ {
		prefix := "Filter." + strconv.Itoa(i)
		name := r.Get(prefix + ".Name")
		if name == "" {
			return out, nil
		}
		values := r.list(prefix + ".Value")
		if len(values) > maxFilterValues {
			return nil, refuse(http.StatusBadRequest, "FilterLimitExceeded", "The maximum number of filter values specified on a single call is %d.", maxFilterValues)
		}
		out[name] = values
	}
}

// maxFilterValues is the limit of one filter ("DescribeInstances", Amazon EC2 API Reference).
const maxFilterValues = 200

// page cuts one page out of all, by MaxResults within [least, most] and NextToken.
func page[T any](in request, all []T, least, most int) ([]T, string, error) {
	start, size := 0, len(all)
	if s := in.Get("MaxResults"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < least || n > most {
			return nil, "", refuse(http.StatusBadRequest, "InvalidParameterValue", "Value ( %s ) for parameter maxResults is invalid. Expecting a value between %d and %d.", s, least, most)
		}
		size = n
	}
	if t := in.Get("NextToken"); t != "" {
		n, err := strconv.Atoi(strings.TrimPrefix(t, "lab-page-"))
		if err != nil || n < 0 || n > len(all) {
			return nil, "", refuse(http.StatusBadRequest, "InvalidNextToken", "The token '%s' is invalid", t)
		}
		start = n
	}
	end := min(start+size, len(all))
	if end < len(all) {
		return all[start:end], "lab-page-" + strconv.Itoa(end), nil
	}
	return all[start:end], "", nil
}

var instanceID = regexp.MustCompile(`^i-([0-9a-f]{8}|[0-9a-f]{17})$`)

// find gives the instance of one id.
func (h *Handler) find(id string) (fleet.View, error) {
	if !instanceID.MatchString(id) {
		return fleet.View{}, refuse(http.StatusBadRequest, "InvalidInstanceID.Malformed", "Invalid id: %q", id)
	}
	v, err := h.fleet.Get(id)
	if err != nil {
		return v, refuse(http.StatusBadRequest, "InvalidInstanceID.NotFound", "The instance ID '%s' does not exist", id)
	}
	return v, nil
}

// stamp is a time in EC2's XML, as old to a reader on the wall as t is in the lab.
func (h *Handler) stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return h.clock.Report(t).UTC().Format("2006-01-02T15:04:05.000Z")
}
