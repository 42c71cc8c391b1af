package lab_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	stdruntime "runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"crashcart/lab"
	"crashcart/lab/fleet"
	"crashcart/lab/runtime"
	"crashcart/lambda/domain/config"
)

const web = "i-0a1b2c3d4e5f60718"

// TestMain is the bootstrap under test when the lab runs this binary as one: a
// function that interrupts what an alarm names, and has a second pass later, or a
// follow-up.
func TestMain(m *testing.M) {
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") == "" {
		os.Exit(m.Run())
	}
	cfg := aws.Config{
		Region: os.Getenv("AWS_REGION"), BaseEndpoint: aws.String(os.Getenv("AWS_ENDPOINT_URL")),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY")}, nil
		}),
	}
	if os.Getenv(config.EnvStateMachine) != "" {
		lambda.Start(follower{cfg}.handle)
	}
	compute, queue := ec2.NewFromConfig(cfg), sqs.NewFromConfig(cfg)
	lambda.Start(func(ctx context.Context, payload json.RawMessage) (string, error) {
		var e events.SQSEvent
		if err := json.Unmarshal(payload, &e); err != nil || len(e.Records) == 0 {
			return "direct", err
		}
		if strings.Contains(e.Records[0].Body, `"later"`) {
			_, err := compute.SendDiagnosticInterrupt(ctx, &ec2.SendDiagnosticInterruptInput{InstanceId: aws.String(web)})
			return "", err
		}
		_, err := queue.SendMessage(ctx, &sqs.SendMessageInput{
			QueueUrl: aws.String(os.Getenv("QUEUE")), DelaySeconds: 60,
			MessageBody: aws.String(`{"crashcart":"later","trigger":{}}`),
		})
		return "", err
	})
}

func start(t *testing.T, o lab.Options) *lab.Lab {
	t.Helper()
	l, err := lab.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func TestEveryServiceIsBehindTheOneAddress(t *testing.T) {
	l := start(t, lab.Options{})
	if err := l.Fleet.Add(fleet.Spec{ID: web, Type: "m6i.large", Tags: map[string]string{"crashcart": "auto"}}); err != nil {
		t.Fatal(err)
	}
	var heard []string
	l.Subscribe(func(c lab.Call) { heard = append(heard, c.Service+" "+c.Operation+" "+c.Code) })
	cfg := l.Config()
	bucket := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
	if _, err := bucket.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String(l.BucketName), Key: aws.String("case/evidence.txt"), Body: strings.NewReader("console")}); err != nil {
		t.Fatal(err)
	}
	if body, err := l.Store.Object(l.BucketName, "case/evidence.txt"); err != nil || string(body) != "console" {
		t.Errorf("object %q, %v", body, err)
	}
	if keys, err := l.Store.Keys(l.BucketName); err != nil || !slices.Equal(keys, []string{"case/evidence.txt"}) {
		t.Errorf("keys %v, %v", keys, err)
	}
	_, err := dynamodb.NewFromConfig(cfg).GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String(l.TableName), Key: map[string]types.AttributeValue{
		"pk": &types.AttributeValueMemberS{Value: "lever"}, "sk": &types.AttributeValueMemberS{Value: "-"},
	}})
	if err != nil {
		t.Error(err)
	}
	if _, err := sqs.NewFromConfig(cfg).SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: aws.String(l.QueueURL()), MessageBody: aws.String("x")}); err != nil {
		t.Error(err)
	}
	if _, err := ec2.NewFromConfig(cfg).DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{
		Filters: []ec2types.Filter{{Name: aws.String("instance-id"), Values: []string{web}}},
	}); err != nil {
		t.Error(err)
	}
	_, err = ec2.NewFromConfig(cfg).SendDiagnosticInterrupt(t.Context(), &ec2.SendDiagnosticInterruptInput{InstanceId: aws.String(web), DryRun: aws.Bool(true)})
	if err == nil {
		t.Error("a DryRun succeeded")
	}
	want := []string{"s3 PutObject ", "dynamodb GetItem ", "sqs SendMessage ", "ec2 DescribeInstances ", "ec2 SendDiagnosticInterrupt DryRunOperation"}
	if !slices.Equal(heard, want) {
		t.Errorf("heard %q", heard)
	}
	calls := l.Calls()
	last := calls[len(calls)-1]
	if !last.DryRun || !slices.Equal(last.Instances, []string{web}) || last.Status != 412 || last.End.Before(last.Start) || len(calls) != len(want) {
		t.Errorf("recorded %+v", last)
	}
	if !slices.Equal(calls[3].Instances, []string{web}) {
		t.Errorf("ids of a filter: %v", calls[3].Instances)
	}
	if len(l.Fleet.Interrupts()) != 0 {
		t.Error("a DryRun reached the guest")
	}
}

func TestAnAlarmGoesThroughTheQueueToTheBootstrapAndBack(t *testing.T) {
	l := start(t, lab.Options{Speed: 300})
	if err := l.Fleet.Add(fleet.Spec{ID: web, Type: "m6i.large", Tags: map[string]string{"crashcart": "auto"}}); err != nil {
		t.Fatal(err)
	}
	if err := l.Fleet.Hang(web, fleet.Frozen, 10*time.Minute); err != nil {
		t.Fatal(err)
	}
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	sent := make(chan lab.Call, 10)
	l.Subscribe(func(c lab.Call) {
		if c.Operation == "SendDiagnosticInterrupt" {
			sent <- c
		}
	})
	var (
		mu      sync.Mutex
		answers []runtime.Result
	)
	err = l.Deploy(lab.Function{Path: path, Env: map[string]string{"QUEUE": l.QueueURL()}, Invoked: func(_ []byte, r runtime.Result) {
		mu.Lock()
		defer mu.Unlock()
		answers = append(answers, r)
	}})
	if err != nil {
		t.Fatal(err)
	}
	raised := time.Now()
	if _, err := l.RaiseAlarm(lab.Alarm{Name: "web-1-silent", Instances: []string{web}}); err != nil {
		t.Fatal(err)
	}
	select {
	case c := <-sent:
		if wall := time.Since(raised); wall > 10*time.Second || c.Code != "" {
			t.Errorf("interrupted after %s: %+v", wall, c)
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("no interrupt; calls %+v", l.Calls())
	}
	if got := l.Fleet.Interrupts(); len(got) != 1 || got[0].Harm != "" {
		t.Errorf("interrupts %+v", got)
	}
	if result, err := l.Invoke(t.Context(), []byte(`{}`)); err != nil || string(result.Payload) != `"direct"` {
		t.Errorf("a direct invoke: %s, %v", result.Payload, err)
	}
}

func TestAnAlarmEventHasThePublishedShape(t *testing.T) {
	l := start(t, lab.Options{})
	type event struct {
		Source     string
		DetailType string `json:"detail-type"`
		Resources  []string
		Detail     struct {
			AlarmName     string
			State         struct{ Value, Timestamp string }
			PreviousState struct{ Value string }
			Configuration struct {
				Metrics []struct {
					ID         string
					Expression string
					ReturnData bool
					MetricStat *struct {
						Metric struct {
							Name, Namespace string
							Dimensions      map[string]string
						}
					}
				}
			}
		}
	}
	for n, ids := range map[int][]string{1: {web}, 3: {web, "i-0b1b2c3d4e5f60718"}} {
		raised, err := l.RaiseAlarm(lab.Alarm{Name: "silent", Namespace: "CWAgent", Metric: "uptime", Instances: ids})
		if err != nil {
			t.Fatal(err)
		}
		var e event
		if err := json.Unmarshal(raised.Event, &e); err != nil {
			t.Fatal(err)
		}
		at, err := time.Parse("2006-01-02T15:04:05.000-0700", e.Detail.State.Timestamp)
		if err != nil || time.Since(at) > time.Minute || !strings.HasSuffix(e.Detail.State.Timestamp, "+0000") {
			t.Errorf("timestamp %s, %v", e.Detail.State.Timestamp, err)
		}
		metrics := e.Detail.Configuration.Metrics
		last := metrics[len(metrics)-1]
		if len(metrics) != n || (metrics[0].Expression != "") != (n > 1) || !metrics[0].ReturnData ||
			last.MetricStat.Metric.Dimensions["InstanceId"] != ids[len(ids)-1] || last.MetricStat.Metric.Namespace != "CWAgent" {
			t.Errorf("metrics %+v", metrics)
		}
		if e.Source != "aws.cloudwatch" || e.DetailType != "CloudWatch Alarm State Change" || e.Detail.State.Value != "ALARM" || e.Detail.PreviousState.Value != "OK" ||
			e.Resources[0] != "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:silent" {
			t.Errorf("event %s", raised.Event)
		}
		again := l.Redeliver(raised)
		messages := l.Queue.Messages()
		if m := messages[len(messages)-1]; again == raised.MessageID || m.ID != again || m.Body != string(raised.Event) {
			t.Error("a redelivered event is another one, or under the same message id")
		}
	}
}

func TestRoundsCountsChainsNotCalls(t *testing.T) {
	base := time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC)
	call := func(from, to int) lab.Call {
		return lab.Call{Start: base.Add(time.Duration(from) * time.Millisecond), End: base.Add(time.Duration(to) * time.Millisecond)}
	}
	for want, calls := range map[int][]lab.Call{
		0: nil,
		1: {call(0, 10), call(2, 11), call(9, 30)},
		2: {call(0, 10), call(1, 9), call(12, 20), call(13, 40)},
		4: {call(0, 5), call(0, 20), call(6, 9), call(9, 12), call(21, 22)},
	} {
		if got := lab.Rounds(calls); got != want {
			t.Errorf("%d rounds, want %d", got, want)
		}
	}
}

func TestCloseLeavesNothingBehind(t *testing.T) {
	before := stdruntime.NumGoroutine()
	l, err := lab.Start(lab.Options{Speed: 60})
	if err != nil {
		t.Fatal(err)
	}
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Deploy(lab.Function{Path: path}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Invoke(t.Context(), []byte(`{}`)); err != nil {
		t.Fatal(err)
	}
	l.Queue.Send("waiting", nil, time.Minute)
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if c, err := net.Dial("tcp", strings.TrimPrefix(l.URL, "http://")); err == nil {
		_ = c.Close()
		t.Error("the endpoint still listens")
	}
	if children := bootstraps(t, path); len(children) != 0 {
		t.Errorf("processes left: %v", children)
	}
	for range 200 { // the runtime ends a goroutine's last instructions in its own time
		if stdruntime.NumGoroutine() <= before {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	var stacks bytes.Buffer
	stacks.Write(stack())
	t.Errorf("%d goroutines before, %d after:\n%s", before, stdruntime.NumGoroutine(), stacks.String())
}

func stack() []byte {
	buf := make([]byte, 1<<20)
	return buf[:stdruntime.Stack(buf, true)]
}

// bootstraps finds children of this process that run path.
func bootstraps(t *testing.T, path string) []string {
	t.Helper()
	if stdruntime.GOOS != "linux" {
		return nil
	}
	var found []string
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range stats {
		raw, err := os.ReadFile(s)
		if err != nil {
			continue // it is gone
		}
		_, rest, _ := strings.Cut(string(raw), ") ")
		if f := strings.Fields(rest); len(f) > 1 && f[1] == fmt.Sprint(os.Getpid()) {
			found = append(found, s)
		}
	}
	return found
}
