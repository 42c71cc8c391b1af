package sim

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	labdynamodb "crashcart/lab/dynamodb"
	"crashcart/lab/sim/world"
	"crashcart/lambda/aws/casebook"
	"crashcart/lambda/aws/evidence"
	"crashcart/lambda/aws/notify"
	"crashcart/lambda/aws/resolve"
	"crashcart/lambda/aws/send"
	"crashcart/lambda/aws/standby"
	"crashcart/lambda/domain/guard"
	"crashcart/lambda/intake"
)

// rest is the rest of AWS, for the real handler: the sends, the queue, and what is kept.
type rest struct {
	*world.View
	now  func() time.Time
	byID map[string]int // the number of each host

	mu    sync.Mutex // the handler concludes its targets side by side
	queue []queued
}

type queued struct {
	due  time.Time
	body string
}

// GetConsoleScreenshot gives the picture that the world has of the instance's screen.
func (r *rest) GetConsoleScreenshot(_ context.Context, in *ec2.GetConsoleScreenshotInput, _ ...func(*ec2.Options)) (*ec2.GetConsoleScreenshotOutput, error) {
	picture := r.Screen(r.byID[aws.ToString(in.InstanceId)])
	return &ec2.GetConsoleScreenshotOutput{InstanceId: in.InstanceId, ImageData: aws.String(base64.StdEncoding.EncodeToString(picture))}, nil
}

func (r *rest) SendDiagnosticInterrupt(context.Context, *ec2.SendDiagnosticInterruptInput, ...func(*ec2.Options)) (*ec2.SendDiagnosticInterruptOutput, error) {
	return &ec2.SendDiagnosticInterruptOutput{}, nil
}

func (r *rest) SendMessage(_ context.Context, in *sqs.SendMessageInput, _ ...func(*sqs.Options)) (*sqs.SendMessageOutput, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if strings.HasSuffix(*in.QueueUrl, "-followup") { // nobody follows a case here
		return &sqs.SendMessageOutput{}, nil
	}
	r.queue = append(r.queue, queued{due: r.now().Add(time.Duration(in.DelaySeconds) * time.Second), body: *in.MessageBody})
	return &sqs.SendMessageOutput{}, nil
}

func (r *rest) PutObject(context.Context, *s3.PutObjectInput, ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	return &s3.PutObjectOutput{}, nil
}

func (r *rest) DescribeAutoScalingInstances(context.Context, *autoscaling.DescribeAutoScalingInstancesInput, ...func(*autoscaling.Options)) (*autoscaling.DescribeAutoScalingInstancesOutput, error) {
	return &autoscaling.DescribeAutoScalingInstancesOutput{}, nil
}

func (r *rest) EnterStandby(context.Context, *autoscaling.EnterStandbyInput, ...func(*autoscaling.Options)) (*autoscaling.EnterStandbyOutput, error) {
	return &autoscaling.EnterStandbyOutput{}, nil
}

func (r *rest) Notify(context.Context, []notify.Decision) (int, error) { return 0, nil }

// handler is the real handler over a world, and what it logs.
func handler(t *testing.T, p *player, r *rest, log *bytes.Buffer) *intake.Handler {
	t.Helper()
	table, err := labdynamodb.New("sim", labdynamodb.WithNow(p.clock))
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(table)
	t.Cleanup(srv.Close)
	db := dynamodb.New(dynamodb.Options{
		Region: "eu-central-1", BaseEndpoint: &srv.URL, Retryer: aws.NopRetryer{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "sim", SecretAccessKey: "sim"}, nil
		}),
	})
	c := p.guard.Config
	book := casebook.New(db, c.Table)
	book.Now = p.clock
	targets := resolve.Targets{Balancers: r, Interfaces: r}
	return &intake.Handler{
		Config: c, Log: slog.New(slog.NewJSONHandler(log, nil)), Now: p.clock,
		Router: &resolve.Router{AutoScaling: r, Targets: targets, Alarms: nil},
		Resolver: &resolve.Resolver{
			EC2: r, Volumes: r, SSM: r, CloudWatch: r, AutoScaling: r, Targets: targets, Now: p.clock,
			Heartbeat: c.Heartbeat, RegionLimit: noLimit,
		},
		Book: book, Guard: &guard.Guard{Config: c, Book: book, Now: p.clock},
		Taker: evidence.Taker{API: r, Now: p.clock, Bound: evidence.Bound},
		Live:  &send.Live{API: r, Now: p.clock}, Dry: &send.Dry{API: r, Now: p.clock},
		Store:   evidence.Store{API: r, Bucket: c.Bucket},
		Standby: standby.Keeper{API: r, On: false, Region: c.Region}, Notify: r, Queue: r,
	}
}

// event is an alarm as EventBridge brings it ("Alarm events and EventBridge", Amazon
// CloudWatch User Guide).
func event(a world.Alarm) string {
	metric := map[string]any{"namespace": "AWS/EC2", "name": "CPUUtilization", "dimensions": map[string]string{"InstanceId": a.Instance}}
	switch {
	case a.TargetGroup != "":
		_, name, _ := strings.Cut(a.TargetGroup, ":targetgroup/")
		metric = map[string]any{
			"namespace": "AWS/ApplicationELB", "name": "UnHealthyHostCount",
			"dimensions": map[string]string{"TargetGroup": "targetgroup/" + name, "LoadBalancer": "app/web/50dc6c495c0c9188"},
		}
	case a.AutoScalingGroup != "":
		metric["dimensions"] = map[string]string{"AutoScalingGroupName": a.AutoScalingGroup}
	case a.Kind == world.StatusAlarm:
		metric["name"] = "StatusCheckFailed_Instance"
	}
	t := triggerOf(a)
	stamp := a.At.Format("2006-01-02T15:04:05.000-0700")
	text, err := json.Marshal(map[string]any{
		"version": "0", "id": "c4c1c1c9-6542-e61b-6ef0-8c4d36933a92", "detail-type": "CloudWatch Alarm State Change", "source": "aws.cloudwatch",
		"account": "111122223333", "time": a.At.Format(time.RFC3339), "region": "eu-central-1", "resources": []string{t.Alarm.ARN},
		"detail": map[string]any{
			"alarmName": t.Alarm.Name,
			"configuration": map[string]any{"metrics": []any{map[string]any{
				"id": "m1", "metricStat": map[string]any{"metric": metric, "period": 60, "stat": "Average"}, "returnData": true,
			}}},
			"previousState": map[string]any{"value": "OK", "timestamp": stamp}, "state": map[string]any{"value": "ALARM", "reason": "crossed", "timestamp": stamp},
		},
	})
	if err != nil {
		panic(err)
	}
	return string(text)
}

// handled is what the real handler decides about an alarm: a line for each decision on a
// host.
func handled(t *testing.T, w *world.World, u world.Unknowns, a world.Alarm) []string {
	t.Helper()
	c, err := rules()
	if err != nil {
		t.Fatal(err)
	}
	p := newPlayer(c, w, u)
	r := &rest{View: p.view, now: p.clock, byID: p.byID}
	var log bytes.Buffer
	h := handler(t, p, r, &log)
	r.queue = []queued{{due: a.At.Add(delivery), body: event(a)}}
	for n := 0; len(r.queue) > 0; n++ {
		slices.SortStableFunc(r.queue, func(a, b queued) int { return a.due.Compare(b.due) })
		first := r.queue[0]
		r.queue = r.queue[1:]
		p.at(first.due)
		payload, err := json.Marshal(events.SQSEvent{Records: []events.SQSMessage{{
			MessageId: fmt.Sprintf("%08d-0000-4000-8000-000000000000", n), Body: first.body, EventSource: "aws:sqs",
			Attributes: map[string]string{"SentTimestamp": fmt.Sprint(first.due.UnixMilli())},
		}}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Handle(t.Context(), payload); err != nil {
			t.Fatal(err)
		}
	}
	return decided(t, log.String())
}

// decided reads the handler's log.
func decided(t *testing.T, log string) []string {
	t.Helper()
	var out []string
	for line := range strings.Lines(log) {
		var d struct {
			Msg, InstanceID, Outcome, Rule, Why, Level string
			Pass                                       int
		}
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatal(err)
		}
		if d.Msg == "ignored" || d.Level == "ERROR" {
			t.Fatal(line)
		}
		if d.Msg == "decision" && d.InstanceID != "" {
			out = append(out, fmt.Sprintf("pass %d of %s: %s by %s", d.Pass, d.InstanceID, d.Outcome, d.Rule))
		}
	}
	slices.Sort(out)
	return out
}

// played is the same by the driver.
func played(t *testing.T, w *world.World, u world.Unknowns, a world.Alarm) []string {
	t.Helper()
	c, err := rules()
	if err != nil {
		t.Fatal(err)
	}
	p := newPlayer(c, w, u)
	p.always = true
	var out []string
	p.play(a, func(d *Decision) bool {
		outcome := string(d.Verdict.Kind)
		if d.Verdict.Kind == guard.Permitted {
			outcome = "interrupted"
		}
		out = append(out, fmt.Sprintf("pass %d of %s: %s by %s", d.Pass, p.hosts[d.Host].ID, outcome, d.Verdict.Rule))
		return true
	})
	slices.Sort(out)
	return out
}

// TestTheDriverNeverDecidesOtherwiseThanTheHandler plays alarms of every fleet, and of all
// kinds, through both.
func TestTheDriverNeverDecidesOtherwiseThanTheHandler(t *testing.T) {
	interrupted, decisions := 0, 0
	for f, fleet := range world.Fleets() {
		w, err := world.New(world.Config{
			Seed: uint64(40 + f), Days: 6, Times: 3, HangsPerHostYear: 60, Hosts: []world.Hosts{{Fleet: fleet, Count: 12, Detailed: f%2 == 0}},
		})
		if err != nil {
			t.Fatal(err)
		}
		u := world.Unknowns{}
		kinds := map[string]int{}
		for _, a := range w.Alarms(u, world.AlarmKinds()...) {
			kind := fmt.Sprint(a.Kind, a.Cause.Hang(), a.Instance == "")
			if kinds[kind]++; kinds[kind] > 1 { // one of each
				continue
			}
			got, want := played(t, w, u, a), handled(t, w, u, a)
			if !slices.Equal(got, want) {
				t.Fatalf("%s, %+v\nthe driver:\n%s\nthe handler:\n%s", fleet, a, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			decisions += len(want)
			interrupted += strings.Count(strings.Join(want, "\n"), "interrupted")
		}
	}
	if interrupted < 5 || decisions < 300 {
		t.Errorf("only %d decisions and %d interrupts were compared", decisions, interrupted)
	}
}
