package lab

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"crashcart/lab/pace"
)

// Call is one AWS call that reached the lab. It is recorded before the caller
// has the answer.
type Call struct {
	Service   string // signing name: ec2, ssm, autoscaling, monitoring, elasticloadbalancing, sqs, dynamodb, s3
	Operation string
	Instances []string // the instance ids it names, by parameter or filter
	DryRun    bool
	Code      string // of the error, empty if it succeeded
	Status    int    // of HTTP
	Detail    string // of S3: the object's path
	Start     time.Time
	End       time.Time
	Lab       time.Time // lab time of Start
}

// recorder keeps calls and tells subscribers.
type recorder struct {
	mu    sync.Mutex
	calls []Call

	telling     sync.Mutex // keeps what subscribers hear in order
	subscribers []func(Call)
}

// Calls are all calls so far, in the order of their answers.
func (l *Lab) Calls() []Call {
	l.calls.mu.Lock()
	defer l.calls.mu.Unlock()
	return slices.Clone(l.calls.calls)
}

// Subscribe has fn told of every call from now on, one at a time. fn must not
// call the lab's endpoint.
func (l *Lab) Subscribe(fn func(Call)) {
	l.calls.telling.Lock()
	defer l.calls.telling.Unlock()
	l.calls.subscribers = append(l.calls.subscribers, fn)
}

func (r *recorder) add(c Call) {
	r.telling.Lock()
	defer r.telling.Unlock()
	r.mu.Lock()
	r.calls = append(r.calls, c)
	r.mu.Unlock()
	for _, fn := range r.subscribers {
		fn(c)
	}
}

// Rounds is how many of the calls were made one after the other: the length of
// the longest chain in which each call starts after the one before it was
// answered. Calls side by side are one round. See Options.Latency.
func Rounds(calls []Call) int {
	sorted := slices.SortedFunc(slices.Values(calls), func(a, b Call) int { return a.End.Compare(b.End) })
	n, last := 0, time.Time{}
	for _, c := range sorted {
		if n == 0 || !c.Start.Before(last) {
			n, last = n+1, c.End
		}
	}
	return n
}

// record serves a request and keeps what was asked and answered.
func (l *Lab) record(name string, h http.Handler, w http.ResponseWriter, r *http.Request) {
	call := Call{Service: name, Start: time.Now(), Lab: l.Clock.Now()}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	call.describe(r, body)
	time.Sleep(max(l.latency, pace.Least))
	answer := &answer{header: http.Header{}, status: http.StatusOK}
	h.ServeHTTP(answer, r)
	call.End, call.Status = time.Now(), answer.status
	if answer.status >= http.StatusBadRequest {
		call.Code = errorCode(answer.header, answer.body.Bytes())
	}
	l.calls.add(call)
	maps.Copy(w.Header(), answer.header)
	w.WriteHeader(answer.status)
	_, _ = w.Write(answer.body.Bytes()) // an error is the client's hang-up
}

// answer holds a response back until it is recorded.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }
