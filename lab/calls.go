package lab

import (
	"bytes"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"crashcart/lab/fault"
	"crashcart/lab/pace"
)

// Call is one AWS call that reached the lab. It is recorded before the caller
// has the answer.
type Call struct {
	Service   string // signing name: ec2, ssm, autoscaling, monitoring, elasticloadbalancing, sqs, dynamodb, s3, cloudformation
	Operation string
	Caller    string   // access key id: which process it is from, see Lab.Kill
	Instances []string // the instance ids it names, by parameter or filter
	DryRun    bool
	Code      string // of the error, empty if it succeeded
	Status    int    // of HTTP
	Lost      bool   // a fault kept the answer from the caller
	Detail    string // of S3: the object's path
	Presigned bool   // made with a URL that Caller has signed, by whoever has the URL
	Start     time.Time
	End       time.Time
	Lab       time.Time // lab time of Start
}

// recorder keeps calls and notifies subscribers.
type recorder struct {
	mu    sync.Mutex
	calls []Call

	notifying   sync.Mutex // keeps what subscribers hear in order
	subscribers []func(Call)
}

// Calls are all calls so far, in the order of their answers.
func (l *Lab) Calls() []Call {
	l.calls.mu.Lock()
	defer l.calls.mu.Unlock()
	return slices.Clone(l.calls.calls)
}

// Subscribe calls fn with every call from now on, one at a time. fn must not
// call the lab's endpoint.
func (l *Lab) Subscribe(fn func(Call)) {
	l.calls.notifying.Lock()
	defer l.calls.notifying.Unlock()
	l.calls.subscribers = append(l.calls.subscribers, fn)
}

func (r *recorder) add(c Call) {
	r.notifying.Lock()
	defer r.notifying.Unlock()
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

// record serves a request past the faults, and keeps what was asked and answered.
func (l *Lab) record(name string, h http.Handler, w http.ResponseWriter, r *http.Request) {
	call := Call{Service: name, Caller: caller(r), Start: time.Now(), Lab: l.Clock.Now()}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	call.describe(r, body)
	call.Presigned = r.URL.Query().Has("X-Amz-Signature")
	time.Sleep(max(l.latency, pace.Least))
	asked := fault.Call{Service: name, Operation: call.Operation, Caller: call.Caller, Detail: call.Detail, Header: r.Header, Body: body}
	got := l.Faults.Serve(asked, func(c fault.Call) fault.Answer { return l.asSeen(c, carryOut(h, r, c)) })
	call.End, call.Status, call.Lost = time.Now(), got.Status, got.Lost
	if got.Status >= http.StatusBadRequest {
		call.Code = errorCode(got.Header, got.Body)
	}
	l.calls.add(call)
	if got.Lost {
		hangUp(w)
		return
	}
	maps.Copy(w.Header(), got.Header)
	w.WriteHeader(got.Status)
	_, _ = w.Write(got.Body) // an error is the client's hang-up
}

// asSeen is an answer as its caller sees it: to the follow-up, its cases age in lab time.
func (l *Lab) asSeen(c fault.Call, a fault.Answer) fault.Answer {
	if c.Service != fault.DynamoDB || !l.OfFollowup(c.Caller) {
		return a
	}
	return l.aging.aged(c.Caller, a)
}

// carryOut has a service answer a call, which a fault may have changed.
func carryOut(h http.Handler, r *http.Request, c fault.Call) fault.Answer {
	again := r.Clone(r.Context())
	again.Header, again.Body, again.ContentLength = c.Header, io.NopCloser(bytes.NewReader(c.Body)), int64(len(c.Body))
	a := &answer{header: http.Header{}, status: http.StatusOK}
	h.ServeHTTP(a, again)
	return fault.Answer{Status: a.status, Header: a.header, Body: a.body.Bytes()}
}

// hangUp resets the connection, so that the caller cannot take what it has got for
// a short answer.
func hangUp(w http.ResponseWriter) {
	if hijacker, ok := w.(http.Hijacker); ok {
		if conn, _, err := hijacker.Hijack(); err == nil {
			if tcp, ok := conn.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0) // or it is closed in order, which will do
			}
			_ = conn.Close() // it is to be gone
			return
		}
	}
	panic(http.ErrAbortHandler) // net/http closes the connection, and says nothing
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
