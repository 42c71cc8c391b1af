package lab_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"crashcart/lab"
	"crashcart/lab/elb"
	"crashcart/lab/fleet"
	"crashcart/lab/runtime"
)

var update = flag.Bool("update", false, "write the golden files anew")

const batch = "i-0b1b2c3d4e5f60718"

// raisedAt is the state change of all alarms in the golden files.
var raisedAt = time.Date(2026, 11, 22, 5, 27, 28, 123e6, time.UTC)

// service is a lab with a target group and two alarms of which one is raised.
func service(t *testing.T) *lab.Lab {
	t.Helper()
	l := start(t, lab.Options{})
	for _, id := range []string{web, batch} {
		if err := l.Fleet.Add(fleet.Spec{ID: id, Type: "m6i.large", Group: "web"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Balancer.Add(elb.Group{Name: "web", Hash: "50dc6c495c0c9188"}); err != nil {
		t.Fatal(err)
	}
	if err := l.Balancer.Register("web", time.Hour, web, batch); err != nil {
		t.Fatal(err)
	}
	for name, state := range map[string]string{"web-silent": "ALARM", "batch-silent": "OK"} {
		if _, err := l.RaiseAlarm(lab.Alarm{Name: name, Namespace: "CWAgent", Metric: "heartbeat", Instances: []string{web}, State: state, At: raisedAt}); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

// alarms are one of every family.
var alarms = map[string]lab.Alarm{
	"metric":       {Instances: []string{web}},
	"math":         {Namespace: "CWAgent", Metric: "heartbeat", Instances: []string{web, batch}},
	"anomaly":      {Namespace: "AWS/EC2", Metric: "CPUUtilization", Instances: []string{web}, Anomaly: true},
	"group":        {Group: "web"},
	"target-group": {TargetGroup: "web"},
	"population":   {Dimensions: map[string]string{"InstanceType": "m6i.large"}},
	"composite":    {Children: []string{"web-silent", "batch-silent"}, Previous: "ALARM"},
	"heartbeat":    {Instances: []string{web}, Missing: true},
	"contributor":  {Namespace: "CWAgent", Metric: "heartbeat", Contributor: map[string]string{"InstanceId": web}},
}

var random = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`)

// childTime is a child's state change, which went through the lab's clock and may
// have lost something on the way.
var childTime = regexp.MustCompile(`05:27:2\d(\.\d{3})?`)

// golden compares an event with the file of its name. Ids that are made at random
// are all zeros there.
func golden(t *testing.T, name string, event []byte) {
	t.Helper()
	event = random.ReplaceAll(event, []byte("00000000-0000-4000-8000-000000000000"))
	event = childTime.ReplaceAllFunc(event, func(at []byte) []byte { return []byte("05:27:28.123")[:len(at)] })
	var b bytes.Buffer
	if err := json.Indent(&b, event, "", "  "); err != nil {
		t.Fatal(err)
	}
	b.WriteByte('\n')
	file := filepath.Join("testdata", "alarms", name+".json")
	if *update {
		if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), want) {
		t.Errorf("%s: got\n%s", file, b.Bytes())
	}
}

func TestEveryFamilyOfAlarmHasItsPublishedShapeOnEveryRoute(t *testing.T) {
	l := service(t)
	for family, a := range alarms {
		for route, via := range map[string]lab.Route{"eventbridge": lab.ViaEventBridge, "sns": lab.ViaSNS, "lambda": lab.ViaLambda} {
			if family == "contributor" && via == lab.ViaLambda {
				continue // that shape is not published
			}
			a.Name, a.At, a.Via = family+"-alarm", raisedAt, via
			raised, err := l.AlarmEvent(a)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, route+"-"+family, raised.Event)
		}
	}
	for name, a := range map[string]lab.Alarm{
		"muted":      {Name: "muted", Instances: []string{web}, Muted: true, At: raisedAt},
		"suppressed": {Name: "suppressed", Children: []string{"web-silent"}, Suppressed: "WaitPeriod", At: raisedAt},
		"ok":         {Name: "ok", Instances: []string{web}, State: "OK", Previous: "ALARM", At: raisedAt},
	} {
		raised, err := l.AlarmEvent(a)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "eventbridge-"+name, raised.Event)
	}
}

// The reason of a heartbeat alarm that goes back to OK is that of datapoints.
func TestAHeartbeatIsOnlyMissingInAlarm(t *testing.T) {
	l := service(t)
	a := lab.Alarm{Name: "web", Instances: []string{web}, Missing: true, At: raisedAt}
	for state, want := range map[string]string{
		"ALARM": `Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints were treated as [Breaching].`,
		"OK":    "the threshold was not crossed",
	} {
		a.State = state
		raised, err := l.AlarmEvent(a)
		if err != nil {
			t.Fatal(err)
		}
		var e struct {
			Detail struct {
				State struct{ Reason, ReasonData string }
			}
		}
		if err := json.Unmarshal(raised.Event, &e); err != nil {
			t.Fatal(err)
		}
		var data struct {
			RecentDatapoints    []float64
			EvaluatedDatapoints []struct {
				Timestamp string
				Value     *float64
			}
		}
		if err := json.Unmarshal([]byte(e.Detail.State.ReasonData), &data); err != nil {
			t.Fatal(err)
		}
		missing := 0
		for _, d := range data.EvaluatedDatapoints {
			if d.Value == nil && d.Timestamp != "" {
				missing++
			}
		}
		if e.Detail.State.Reason != want || (state == "ALARM") != (missing == 3 && len(data.RecentDatapoints) == 0) {
			t.Errorf("%s: %q with %s", state, e.Detail.State.Reason, e.Detail.State.ReasonData)
		}
	}
}

func describe(t *testing.T, l *lab.Lab, names ...string) *cloudwatch.DescribeAlarmsOutput {
	t.Helper()
	out, err := cloudwatch.NewFromConfig(l.Config()).DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{
		AlarmNames: names, AlarmTypes: []cwtypes.AlarmType{cwtypes.AlarmTypeMetricAlarm, cwtypes.AlarmTypeCompositeAlarm},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestARaisedAlarmIsWhatDescribeAlarmsTells(t *testing.T) {
	l := service(t)
	for family, a := range alarms {
		a.Name, a.At = family, time.Now().Add(-time.Minute)
		if _, err := l.RaiseAlarm(a); err != nil {
			t.Fatal(err)
		}
	}
	out := describe(t, l, "target-group", "math", "composite", "metric", "contributor")
	if len(out.MetricAlarms) != 4 || len(out.CompositeAlarms) != 1 {
		t.Fatalf("%d metric alarms, %d composite ones", len(out.MetricAlarms), len(out.CompositeAlarms))
	}
	contributor, math, metric, targets := out.MetricAlarms[0], out.MetricAlarms[1], out.MetricAlarms[2], out.MetricAlarms[3]
	if since := time.Since(aws.ToTime(metric.StateTransitionedTimestamp)).Round(time.Second); metric.StateValue != "ALARM" || since != time.Minute ||
		aws.ToString(metric.Dimensions[0].Value) != web || aws.ToString(metric.MetricName) != "StatusCheckFailed_Instance" {
		t.Errorf("%s in ALARM: %+v", since, metric)
	}
	if len(math.Metrics) != 3 || !strings.Contains(aws.ToString(contributor.Metrics[0].Expression), `FROM "CWAgent" GROUP BY InstanceId`) {
		t.Errorf("math %+v, contributor %+v", math.Metrics, contributor.Metrics)
	}
	var group string
	for _, d := range targets.Dimensions {
		if aws.ToString(d.Name) == "TargetGroup" {
			group = aws.ToString(d.Value)
		}
	}
	arn := "arn:aws:elasticloadbalancing:eu-central-1:111122223333:" + group
	health, err := elbv2.NewFromConfig(l.Config()).DescribeTargetHealth(t.Context(), &elbv2.DescribeTargetHealthInput{TargetGroupArn: &arn})
	if err != nil || len(health.TargetHealthDescriptions) != 2 || aws.ToString(targets.Namespace) != "AWS/ApplicationELB" {
		t.Errorf("by the dimension %q: %+v, %v", group, health, err)
	}
	composite := out.CompositeAlarms[0] // its actions were suppressed until now
	if got := aws.ToString(composite.ActionsSuppressor); got != "maintenance" || composite.ActionsSuppressedBy != "" {
		t.Errorf("suppressor %q, by %q", got, composite.ActionsSuppressedBy)
	}
	var data struct {
		TriggeringAlarms []struct {
			ARN   string
			State struct{ Value string }
		}
	}
	if err := json.Unmarshal([]byte(aws.ToString(composite.StateReasonData)), &data); err != nil || len(data.TriggeringAlarms) != 1 ||
		data.TriggeringAlarms[0].ARN != l.Alarms.ARN("web-silent") || data.TriggeringAlarms[0].State.Value != "ALARM" {
		t.Errorf("%s, %v", aws.ToString(composite.StateReasonData), err)
	}
	for i, c := range l.Calls() {
		if want := []string{"monitoring DescribeAlarms", "elasticloadbalancing DescribeTargetHealth"}[i]; c.Service+" "+c.Operation != want || c.Code != "" {
			t.Errorf("recorded %+v", c)
		}
	}
}

func TestARefusalOfCloudWatchIsRecordedByItsCode(t *testing.T) {
	l := service(t)
	_, err := cloudwatch.NewFromConfig(l.Config()).DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{NextToken: aws.String("x")})
	if calls := l.Calls(); err == nil || len(calls) != 1 || calls[0].Code != "InvalidNextToken" || calls[0].Status != 400 {
		t.Errorf("%v, recorded %+v", err, calls)
	}
}

func TestAnAlarmArrivesByEveryRouteAndAgain(t *testing.T) {
	l := service(t)
	before := len(l.Queue.Messages())
	for _, via := range []lab.Route{lab.ViaEventBridge, lab.ViaSNS, lab.ViaRawSNS} {
		raised, err := l.RaiseAlarm(lab.Alarm{Name: "web", Instances: []string{web}, Via: via})
		if err != nil {
			t.Fatal(err)
		}
		again := l.Redeliver(raised)
		got := l.Queue.Messages()[before:]
		before += 2
		if len(got) != 2 || got[0].ID != raised.MessageID || got[1].ID != again || got[0].ID == got[1].ID || got[0].Body != got[1].Body {
			t.Fatalf("route %d: %+v", via, got)
		}
		inner := got[0].Body
		if via == lab.ViaSNS {
			var e struct{ Message, Subject, TopicArn string }
			if err := json.Unmarshal([]byte(inner), &e); err != nil || e.Subject != `ALARM: "web" in EU (Frankfurt)` || e.TopicArn != l.Topic.ARN() {
				t.Errorf("envelope %s, %v", inner, err)
			}
			inner = e.Message
		}
		if inner != string(raised.Event) {
			t.Errorf("route %d: arrived %s, want %s", via, inner, raised.Event)
		}
	}
	raised, err := l.AlarmEvent(lab.Alarm{Name: "later", Instances: []string{web}, Via: lab.ViaSNS})
	if err != nil || len(l.Queue.Messages()) != before || len(describe(t, l, "later").MetricAlarms) != 0 {
		t.Errorf("making an event delivered it, or changed the alarm: %v", err)
	}
	if id := l.Redeliver(raised); id == "" || len(l.Queue.Messages()) != before+1 {
		t.Error("an event that was only made was not delivered afterwards")
	}
}

func TestTheDirectActionInvokesTheFunction(t *testing.T) {
	l := service(t)
	alarm := lab.Alarm{Name: "web", Instances: []string{web}, Via: lab.ViaLambda}
	if _, err := l.RaiseAlarm(alarm); err == nil {
		t.Error("an alarm invoked a function that is not deployed")
	}
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	answers := make(chan []byte, 20)
	if err := l.Deploy(lab.Function{Path: path, Env: map[string]string{"QUEUE": l.QueueURL()}, Invoked: func(event []byte, _ runtime.Result) { answers <- event }}); err != nil {
		t.Fatal(err)
	}
	raised, err := l.RaiseAlarm(alarm)
	if err != nil || raised.MessageID == "" {
		t.Fatal(err)
	}
	var p struct {
		AlarmARN  string `json:"alarmArn"`
		AlarmData struct{ State struct{ Value string } }
	}
	if err := json.Unmarshal(raised.Event, &p); err != nil || p.AlarmARN != l.Alarms.ARN("web") || p.AlarmData.State.Value != "ALARM" {
		t.Errorf("payload %s, %v", raised.Event, err)
	}
	if again := l.Redeliver(raised); again == "" || again == raised.MessageID {
		t.Errorf("invoked again as %q, after %q", again, raised.MessageID)
	}
}

func TestWhatAWSWouldNotDoIsNotRaised(t *testing.T) {
	l := service(t)
	before := len(l.Queue.Messages())
	for name, a := range map[string]lab.Alarm{
		"no name":                     {Instances: []string{web}},
		"a muted alarm's action":      {Name: "a", Instances: []string{web}, Muted: true, Via: lab.ViaSNS},
		"a suppressed alarm's action": {Name: "a", Children: []string{"web-silent"}, Suppressed: "Alarm", Via: lab.ViaSNS},
		"a child that is not there":   {Name: "a", Children: []string{"gone"}},
		"a target group that is not":  {Name: "a", TargetGroup: "gone"},
		"a state that there is not":   {Name: "a", Instances: []string{web}, State: "FINE"},
		"a composite without data":    {Name: "a", Children: []string{"web-silent"}, Missing: true},
		"a contributor without data":  {Name: "a", Contributor: map[string]string{"InstanceId": web}, Missing: true},
		"a band without data":         {Name: "a", Instances: []string{web}, Anomaly: true, Missing: true},
	} {
		if _, err := l.RaiseAlarm(a); err == nil {
			t.Errorf("%s was raised", name)
		}
	}
	if _, err := l.AlarmEvent(lab.Alarm{Name: "a", Contributor: map[string]string{"InstanceId": web}, Via: lab.ViaLambda}); err == nil {
		t.Error("a contributor has a payload that nobody published")
	}
	if len(l.Queue.Messages()) != before || slices.ContainsFunc(describe(t, l).MetricAlarms, func(m cwtypes.MetricAlarm) bool { return aws.ToString(m.AlarmName) == "a" }) {
		t.Error("it arrived, or it is there")
	}
}
