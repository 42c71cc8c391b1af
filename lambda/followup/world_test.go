package followup_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	sfntypes "github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"crashcart/lambda/aws/casebook"
	"crashcart/lambda/aws/collect"
	"crashcart/lambda/aws/evidence"
	"crashcart/lambda/aws/executions"
	"crashcart/lambda/aws/notify"
	"crashcart/lambda/aws/observe"
	snapshots "crashcart/lambda/aws/snapshot"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/followup"

	lab "crashcart/lab/dynamodb"
)

const (
	tableName = "crashcart"
	bucket    = "evidence"
	machine   = "arn:aws:states:eu-central-1:111122223333:stateMachine:crashcart-followup"
	group     = "asg/web"
)

var dawn = time.Date(2026, time.March, 2, 4, 5, 6, 0, time.UTC)

// world is a casebook in a table of the lab, one host, a clock that stands still, and the
// follow-up's function. What the function calls goes through the gate.
type world struct {
	t       *testing.T
	gate    gate
	handler *followup.Handler
	client  *dynamodb.Client
	book    *casebook.Book // of the test itself, past the gate
	due     func(string)   // hears which step is due before each call; mostly nil
	log     bytes.Buffer

	mu    sync.Mutex
	now   time.Time
	host  *host
	files map[string][]byte
	told  []notify.Update

	listed []cases.Record // of which the evidence was listed
	noList int            // how often it cannot be

	cloud      cloud
	disk       disk
	refuses    noStore
	noSnapshot error // what EC2 answers to a snapshot; nil for an answer
	opened     int   // uploads, ever
	polled     int   // how often a command was asked for

	deaf     bool             // the topic takes nothing
	blind    error            // what EC2 answers; nil for an answer
	noFiles  error            // what the bucket answers; nil for an answer
	steps    int              // single writes of the casebook that succeeded
	closings int              // transactions that have closed something
	runs     map[string]*run  // executions, by their name
	noStart  map[string]error // what starting an execution answers
}

// host is the one host of the world, as AWS shows it at this moment.
type host struct {
	console   []byte
	buffered  []byte
	posted    time.Time // of the buffered console
	state     ec2types.InstanceStateName
	reason    string
	launched  time.Time
	windows   bool
	check     ec2types.SummaryStatus
	ping      time.Time
	lifecycle string
	gone      bool
}

// run is an execution of the state machine.
type run struct {
	status   sfntypes.ExecutionStatus
	redriven int
	full     bool // it cannot be redriven any more
}

// direct serves a client of the SDK without a network.
type direct struct{ handler http.Handler }

func (d direct) Do(r *http.Request) (*http.Response, error) {
	answer := httptest.NewRecorder()
	d.handler.ServeHTTP(answer, r)
	return answer.Result(), r.Context().Err()
}

func newWorld(t *testing.T) *world {
	t.Helper()
	table, err := lab.New(tableName)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		t: t, now: dawn, files: map[string][]byte{}, runs: map[string]*run{}, noStart: map[string]error{},
		cloud: newCloud(), disk: disk{files: dumpFiles(2*partSize + 7), takes: 20 * time.Second},
		host: &host{state: ec2types.InstanceStateNameRunning, launched: dawn.Add(-24 * time.Hour), check: ec2types.SummaryStatusOk, lifecycle: "InService"},
	}
	client := dynamodb.New(dynamodb.Options{
		Region: "eu-central-1", BaseEndpoint: aws.String("http://lab"), HTTPClient: direct{table}, RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "lab", SecretAccessKey: "lab"}, nil
		}),
	})
	w.client, w.book = client, casebook.New(client, tableName)
	w.book.Now = w.clock
	own := casebook.New(shelf{client, w}, tableName)
	own.Now = w.clock
	w.handler = &followup.Handler{
		Region: "eu-central-1", Log: slog.New(slog.NewJSONHandler(&w.log, nil)), Now: w.clock,
		Book: own, Machine: executions.Machine{API: w, ARN: machine},
		Taker:    evidence.Taker{API: w, Now: w.clock, Bound: time.Second},
		After:    evidence.After{API: w, Bucket: bucket},
		Observer: observe.Observer{EC2: w, SSM: w, Groups: w}, Notify: w,
		Collect:   config.Collect{Dumps: config.On, LimitGiB: 64, RateMiB: 32, For: 2 * time.Hour, Snapshot: config.Off},
		Commands:  collect.Commands{API: w, Rate: 32 << 20},
		Store:     collect.Store{Uploads: store{w}, Objects: store{w}, Signer: store{w}, Bucket: bucket},
		Snapshots: snapshots.Taker{API: w}, Manifests: w,
	}
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// at moves the clock to that long after dawn.
func (w *world) at(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = dawn.Add(d)
}

const hostID = "i-0a1b2c3d4e5f60718"

// claim opens a case of the host at dawn, or later. No state leaves it claimed.
func (w *world) claim(state cases.State) string { return w.claimOf(hostID, state) }

func (w *world) claimOf(id string, state cases.State) string {
	w.t.Helper()
	c, err := w.book.Claim(w.t.Context(), cases.Request{
		InstanceID: id, Group: group, GroupLimit: 200, Cooldown: 6 * time.Hour, Budget: 200,
		Origin: cases.Origin{SourceKey: w.clock().String(), Kind: "alarm", Alarm: "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:web-hangs", Reason: "the agent fell silent"},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	if state != "" {
		err = w.book.Settle(w.t.Context(), c, state, "")
	}
	if err == nil && state != "" && state != cases.StateRejected {
		err = w.book.Note(w.t.Context(), c, cases.Notes{Evidence: "s3://evidence/cases/" + c.ID + "/before/"})
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return c.ID
}

func (w *world) record(id string) cases.Record {
	w.t.Helper()
	r, err := w.book.CaseByID(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// invoke gives an event to the function.
func (w *world) invoke(ctx context.Context, event string) (any, error) {
	return w.handler.Handle(ctx, json.RawMessage(event))
}

func advanceEvent(id string) string { return fmt.Sprintf(`{"advance":{"caseId":%q}}`, id) }

func (w *world) advance(id string) followup.Advanced {
	w.t.Helper()
	a, err := w.invoke(w.t.Context(), advanceEvent(id))
	if err != nil {
		w.t.Fatal(err)
	}
	return a.(followup.Advanced)
}

func finishEvent(id, failure string) string {
	return fmt.Sprintf(`{"finish":{"caseId":%q,"done":true,"waitSeconds":0%s}}`, id, failure)
}

// follow plays the state machine from now on, until the case's end. It moves the clock as
// the function says, and lets each see what the host is like then.
func (w *world) follow(id string, each func(since time.Duration)) cases.Record {
	w.t.Helper()
	for loops := 0; ; loops++ {
		if each != nil {
			each(w.clock().Sub(dawn))
		}
		a := w.advance(id)
		if a.Done {
			break
		}
		if loops > 1500 {
			w.t.Fatalf("%d loops: %+v", loops, w.record(id).Followup)
		}
		w.at(w.clock().Sub(dawn) + time.Duration(a.WaitSeconds)*time.Second)
	}
	w.finish(id)
	return w.record(id)
}

// finish plays the state machine's last state, with its retries.
func (w *world) finish(id string) {
	w.t.Helper()
	for tries := 0; ; tries++ {
		if _, err := w.invoke(w.t.Context(), finishEvent(id, "")); err == nil {
			return
		} else if tries == 8 {
			w.t.Fatal(err)
		}
		w.at(w.clock().Sub(dawn) + 5*time.Second)
	}
}

// news are the kinds of what people were notified of, in order.
func (w *world) news() (kinds []string) {
	for _, u := range w.told {
		kinds = append(kinds, string(u.Kind))
	}
	return kinds
}

// items is the whole table.
func (w *world) items() []map[string]types.AttributeValue {
	w.t.Helper()
	out, err := w.client.Scan(w.t.Context(), &dynamodb.ScanInput{TableName: aws.String(tableName), ConsistentRead: aws.Bool(true)})
	if err != nil {
		w.t.Fatal(err)
	}
	return out.Items
}

func (w *world) put(it map[string]types.AttributeValue) {
	w.t.Helper()
	if _, err := w.client.PutItem(w.t.Context(), &dynamodb.PutItemInput{TableName: aws.String(tableName), Item: it}); err != nil {
		w.t.Fatal(err)
	}
}

// wantEnded checks that the case has ended once, with everything given back.
func (w *world) wantEnded(id string, finding cases.Finding) cases.Record {
	w.t.Helper()
	r := w.record(id)
	if r.State != cases.StateClosed || r.Open || r.Lapsed || r.ClosedBy != casebook.ByFollowup || r.Followup.Finding != finding {
		w.t.Errorf("%s by %q with %q (%s), want it closed with %q", r.State, r.ClosedBy, r.Followup.Finding, r.Followup.Why, finding)
	}
	if !strings.HasPrefix(r.ClosedWhy, string(finding)+": ") {
		w.t.Errorf("closed because %q", r.ClosedWhy)
	}
	slots, err := w.book.GroupSlots(w.t.Context(), group)
	if err != nil || len(slots.Taken) != 0 {
		w.t.Errorf("slots of the group are taken: %v, %v", slots, err)
	}
	s := cases.Subject{InstanceID: r.InstanceID, SourceKey: "another"}
	views, err := w.book.Read(w.t.Context(), []cases.Subject{s})
	if v := views[s]; err != nil || v.OpenCase != "" || !v.LastClaim.Equal(r.ClaimedAt) {
		w.t.Errorf("the instance has the open case %q and the last claim %s: %v", v.OpenCase, v.LastClaim, err)
	}
	if open, err := w.book.Unclosed(w.t.Context()); err != nil || len(open) > 0 {
		w.t.Errorf("still open: %v, %v", open, err)
	}
	if w.closings != 1 {
		w.t.Errorf("it was closed %d times", w.closings)
	}
	return r
}
