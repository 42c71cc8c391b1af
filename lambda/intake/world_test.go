package intake_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	labdynamodb "crashcart/lab/dynamodb"
	"crashcart/lambda/aws/casebook"
	"crashcart/lambda/aws/evidence"
	"crashcart/lambda/aws/notify"
	"crashcart/lambda/aws/resolve"
	"crashcart/lambda/aws/send"
	"crashcart/lambda/aws/standby"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/guard"
	"crashcart/lambda/intake"
)

// machine is one instance of the world. It is healthy unless a field says otherwise: its
// agent pings on every fifth minute since the launch, and it writes and sends all the time.
// One whose agent falls silent does neither from then on.
type machine struct {
	launched      time.Time
	tag           string
	group         string // its Auto Scaling group
	groupTag      string
	windows       bool
	architecture  types.ArchitectureValues
	silentSince   time.Time // no ping at or after this; zero for never silent
	backAt        time.Time // pings again from here on
	noAgent       bool
	pingAt        time.Time // this very ping, whatever else is set
	failsFrom     time.Time // the reachability check fails from here ...
	failsUntil    time.Time // ... to here; zero for ever
	console       string
	screen        string // the picture on its screen
	shutdown      string
	scheduled     []types.InstanceStatusEvent
	subnet        string // subnet-1 unless set
	profile       string // its instance profile; none unless set
	works         bool   // it goes on writing and sending, whatever its agent does
	sends         bool   // it goes on sending
	idle          bool   // nothing is ever written
	mute          bool   // it has no NetworkOut
	heartbeat     bool   // it sends its own metric while it lives
	interruptedAt []time.Time
}

func (m *machine) fails(now time.Time) bool {
	return !m.failsFrom.IsZero() && !now.Before(m.failsFrom) && (m.failsUntil.IsZero() || now.Before(m.failsUntil))
}

func (m *machine) ping(now time.Time) time.Time {
	if !m.pingAt.IsZero() {
		return m.pingAt
	}
	last := m.launched.Add(now.Sub(m.launched) / (5 * time.Minute) * (5 * time.Minute))
	for !m.silentSince.IsZero() && !last.Before(m.silentSince) && (m.backAt.IsZero() || last.Before(m.backAt)) {
		last = last.Add(-5 * time.Minute)
	}
	return last
}

// world stands in for AWS at one moment of its own clock. The casebook is a real
// one on the lab's DynamoDB.
type world struct {
	t        *testing.T
	mu       sync.Mutex
	now      time.Time
	machines map[string]*machine
	queue    []queued
	objects  map[string][]byte
	fail     map[string]error        // by operation
	alter    map[string]func(any)    // by operation: what AWS says differently
	throttle func(ids []string) bool // the agents' pings
	late     time.Duration           // how late AWS's own metrics are
	ways                             // what leads to the machines
	event    string                  // what the walks of the rules deliver, if it is not their heartbeat
	request  string                  // what they invoke the function with instead
	calls    []string
	logs     logs
	handler  *intake.Handler
	notified []notify.Decision // in order
	early    []string          // what was notified before it was logged
	onQueue  func(context.Context)
	onFollow func(ctx context.Context, body string)
	followed []string // what was put into the follow-up's queue, in order
	standby  []string // what was put into Standby, in order
	nextID   int
	seen     int           // decision lines read so far
	deadline time.Duration // of an invocation; zero for none
}

type queued struct {
	id   string
	body string
	due  time.Time
}

// noon is a quiet hour long after every launch.
var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// fellSilent is since when a machine hangs that an alarm may have interrupted at noon: its
// disk has been still for 17 published minutes then, of which 16 are required, and its last
// ping is less than half an hour old.
var fellSilent = noon.Add(-18 * time.Minute)

const (
	webA = "i-0a1b2c3d4e5f60718"
	webB = "i-0b1b2c3d4e5f60719"
)

func newWorld(t *testing.T, mode config.Mode) *world {
	t.Helper()
	w := &world{t: t, now: noon, late: publishedAfter, machines: map[string]*machine{}, objects: map[string][]byte{}, fail: map[string]error{}, alter: map[string]func(any){}}
	table, err := labdynamodb.New("casebook")
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(table)
	t.Cleanup(srv.Close)
	cfg, err := config.FromEnv([]string{
		"AWS_REGION=eu-central-1", "AWS_LAMBDA_FUNCTION_NAME=crashcart-interrupt",
		"CRASHCART_TABLE=casebook", "CRASHCART_BUCKET=evidence", "CRASHCART_QUEUE_URL=https://sqs.example/intake", "CRASHCART_FOLLOWUP_QUEUE_URL=https://sqs.example/followup",
		"CRASHCART_TOPIC=arn:aws:sns:eu-central-1:111122223333:crashcart-notifications",
		"CRASHCART_MODE=" + string(mode),
	})
	if err != nil {
		t.Fatal(err)
	}
	db := dynamodb.New(dynamodb.Options{
		Region: "eu-central-1", BaseEndpoint: &srv.URL, Retryer: aws.NopRetryer{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "lab", SecretAccessKey: "lab"}, nil
		}),
	})
	book := casebook.New(failing{w, db}, cfg.Table)
	book.Now = w.clock
	g := guard.New(cfg, book)
	g.Now = w.clock
	targets := resolve.Targets{Balancers: w, Interfaces: w}
	w.handler = &intake.Handler{
		Config: cfg, Log: slog.New(slog.NewJSONHandler(&w.logs, nil)), Now: w.clock,
		Router: &resolve.Router{AutoScaling: w, Targets: targets, Alarms: w},
		Resolver: &resolve.Resolver{
			EC2: w, Volumes: w, SSM: w, CloudWatch: w, AutoScaling: w, Targets: targets, Now: w.clock,
			Heartbeat: cfg.Heartbeat, RegionLimit: cfg.Rules.RegionLimit,
		},
		Book: book, Guard: g,
		Taker: evidence.Taker{API: w, Now: w.clock, Bound: evidence.Bound},
		Live:  &send.Live{API: w, Now: w.clock}, Dry: &send.Dry{API: w, Now: w.clock},
		Store:   evidence.Store{API: w, Bucket: cfg.Bucket},
		Standby: standby.Keeper{API: w, On: cfg.Protects(), Region: cfg.Region}, Notify: w,
		Queue: w,
	}
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// add puts an instance into the world, launched two days ago. Its console shows a login
// prompt.
func (w *world) add(id string, m machine) *machine {
	if m.launched.IsZero() {
		m.launched = noon.Add(-48 * time.Hour)
	}
	if m.console == "" {
		m.console = consoleUp
	}
	if m.screen == "" {
		m.screen = "the picture of " + id
	}
	if m.subnet == "" {
		m.subnet = "subnet-1"
	}
	if m.shutdown == "" {
		m.shutdown = "stop"
	}
	if m.architecture == "" {
		m.architecture = types.ArchitectureValuesX8664
	}
	w.machines[id] = &m
	return &m
}

// bystanders adds n healthy machines: silence counts only while others are heard.
func (w *world) bystanders(n int) {
	for i := range n {
		w.add(fmt.Sprintf("i-0d0000000000000%02x", i), machine{tag: "auto"})
	}
}

// sent is how many interrupts really went out.
func (w *world) sent() int {
	n := 0
	for _, m := range w.machines {
		n += len(m.interruptedAt)
	}
	return n
}

// call notes an operation and returns the failure that is set for it.
func (w *world) call(op string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, op)
	return w.fail[op]
}

// altered is what AWS answers, with what the world says differently.
func altered[T any](w *world, op string, out *T) *T {
	if change, ok := w.alter[op]; ok {
		change(out)
	}
	return out
}

func (w *world) called(op string) int {
	n := 0
	for _, c := range w.calls {
		if c == op {
			n++
		}
	}
	return n
}

// deliver hands bodies to the function as one batch of the queue and returns the
// ids of the records that must come again.
func (w *world) deliver(bodies ...string) []string {
	w.t.Helper()
	var messages []events.SQSMessage
	for _, body := range bodies {
		w.nextID++
		messages = append(messages, events.SQSMessage{MessageId: fmt.Sprintf("message-%d", w.nextID), Body: body, EventSource: "aws:sqs"})
	}
	return w.redeliver(messages...)
}

func (w *world) redeliver(messages ...events.SQSMessage) []string {
	w.t.Helper()
	payload, err := json.Marshal(events.SQSEvent{Records: messages})
	if err != nil {
		w.t.Fatal(err)
	}
	out, err := w.invoke(string(payload))
	if err != nil {
		w.t.Fatalf("a batch must never fail as a whole: %v", err)
	}
	var failed []string
	for _, f := range out.(events.SQSEventResponse).BatchItemFailures {
		failed = append(failed, f.ItemIdentifier)
	}
	return failed
}

// invoke runs the handler as Lambda would.
func (w *world) invoke(payload string) (any, error) {
	w.nextID++
	// A request with force must say when it was made.
	payload = strings.Replace(payload, `"force":`, `"at":"`+w.now.Format(time.RFC3339Nano)+`","force":`, 1)
	return w.invokeAs(fmt.Sprintf("invocation-%d", w.nextID), payload)
}

// invokeAs is invoke with a request id of its own: Lambda's retries keep it.
func (w *world) invokeAs(requestID, payload string) (any, error) {
	ctx := lambdacontext.NewContext(w.t.Context(), &lambdacontext.LambdaContext{
		AwsRequestID:       requestID,
		InvokedFunctionArn: "arn:aws:lambda:eu-central-1:111122223333:function:crashcart-interrupt",
	})
	if w.deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, w.deadline)
		defer cancel()
	}
	return w.handler.Handle(ctx, json.RawMessage(payload))
}

// advance moves the clock and delivers what the queue has due on the way.
func (w *world) advance(d time.Duration) {
	w.t.Helper()
	until := w.now.Add(d)
	for {
		slices.SortFunc(w.queue, func(a, b queued) int { return a.due.Compare(b.due) })
		if len(w.queue) == 0 || w.queue[0].due.After(until) {
			break
		}
		next := w.queue[0]
		w.queue = w.queue[1:]
		w.now = next.due
		if failed := w.redeliver(events.SQSMessage{MessageId: next.id, Body: next.body, EventSource: "aws:sqs"}); len(failed) > 0 {
			next.due = w.now.Add(time.Minute)
			w.queue = append(w.queue, next)
		}
	}
	w.now = until
}

// alarm is an EventBridge event of a metric alarm about the instances, that went
// into ALARM at the given time.
func alarm(name, metric string, at time.Time, ids ...string) string {
	var metrics []string
	for i, id := range ids {
		metrics = append(metrics, fmt.Sprintf(
			`{"id":"m%d","metricStat":{"metric":{"namespace":"AWS/EC2","name":%q,"dimensions":{"InstanceId":%q}},"period":60,"stat":"Maximum"},"returnData":true}`, i, metric, id))
	}
	return fmt.Sprintf(`{"version":"0","id":"e-1","detail-type":"CloudWatch Alarm State Change","source":"aws.cloudwatch",`+
		`"account":"111122223333","time":%q,"region":"eu-central-1","resources":["arn:aws:cloudwatch:eu-central-1:111122223333:alarm:%s"],`+
		`"detail":{"alarmName":%q,"state":{"value":"ALARM","reason":"Threshold Crossed","timestamp":%q},"configuration":{"metrics":[%s]}}}`,
		at.Format(time.RFC3339), name, name, at.UTC().Format("2006-01-02T15:04:05.000-0700"), strings.Join(metrics, ","))
}

var errOutage = errors.New("connection refused")
