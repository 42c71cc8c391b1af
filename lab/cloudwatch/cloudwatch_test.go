package cloudwatch_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/smithy-go"

	"crashcart/lab/clock"
	"crashcart/lab/cloudwatch"
	"crashcart/lab/fleet"
	"crashcart/lab/pace"
)

const (
	web     = "i-0a1b2c3d4e5f60718"
	batch   = "i-0b1b2c3d4e5f60718"
	trigger = `{"triggeringAlarms":[{"arn":"arn:aws:cloudwatch:eu-central-1:111122223333:alarm:web-silent","state":{"value":"ALARM","timestamp":"2026-11-22T05:00:00.000+0000"}}]}`
	topic   = "arn:aws:sns:eu-central-1:111122223333:crashcart-intake"
)

var both = []types.AlarmType{types.AlarmTypeMetricAlarm, types.AlarmTypeCompositeAlarm}

type world struct {
	*sdk.Client
	clock  *clock.Manual
	alarms *cloudwatch.Handler
}

func heartbeat(instance string) cloudwatch.Metric {
	return cloudwatch.Metric{Namespace: "CWAgent", Name: "heartbeat", Dimensions: map[string]string{"InstanceId": instance}}
}

// newWorld has six alarms: of every kind, in every state, one a grandchild.
func newWorld(t *testing.T) world {
	t.Helper()
	c := clock.NewManual(time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC))
	alarms := cloudwatch.New(fleet.New(c), c, "eu-central-1", "111122223333")
	m1, m2 := heartbeat(web), heartbeat(batch)
	m1.ID, m2.ID = "m1", "m2"
	for _, a := range []cloudwatch.Alarm{
		{
			Name: "web-silent", Metrics: []cloudwatch.Metric{heartbeat(web)}, State: cloudwatch.StateAlarm, Actions: []string{topic},
			Transitioned: c.Now().Add(-10 * time.Minute), Updated: c.Now().Add(-4 * time.Minute),
		},
		{Name: "web-ok", Metrics: []cloudwatch.Metric{heartbeat(web)}, State: cloudwatch.StateOK},
		{Name: "any-silent", Metrics: []cloudwatch.Metric{{ID: "e1", Expression: "MAX(METRICS())", ReturnData: true}, m1, m2}},
		{
			Name: "service", Children: []string{"web-silent", "web-ok", "tier", "gone"}, State: cloudwatch.StateAlarm, ReasonData: trigger, ActionsDisabled: true,
			SuppressedBy: "WaitPeriod", SuppressedReason: "Actions suppressed by WaitPeriod", Suppressor: "maintenance",
		},
		{Name: "tier", Children: []string{"any-silent"}, State: cloudwatch.StateOK},
		{Name: "web-log", Query: "fields @message | filter level = 'panic'"},
	} {
		if err := alarms.Put(a); err != nil {
			t.Fatal(err)
		}
	}
	srv := httptest.NewServer(pace.Handler(alarms))
	t.Cleanup(srv.Close)
	return world{clock: c, alarms: alarms, Client: sdk.New(sdk.Options{
		Region: "eu-central-1", BaseEndpoint: aws.String(srv.URL), Retryer: aws.NopRetryer{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "lab", SecretAccessKey: "lab"}, nil
		}),
	})}
}

// names are those of all alarms in an answer: metric, composite, log.
func names(out *sdk.DescribeAlarmsOutput) string {
	var all []string
	for _, a := range out.MetricAlarms {
		all = append(all, aws.ToString(a.AlarmName))
	}
	all = append(all, "|")
	for _, a := range out.CompositeAlarms {
		all = append(all, aws.ToString(a.AlarmName))
	}
	all = append(all, "|")
	for _, a := range out.LogAlarms {
		all = append(all, aws.ToString(a.AlarmName))
	}
	return strings.Join(all, " ")
}

func TestOnlyWhatIsAskedForIsTold(t *testing.T) {
	w := newWorld(t)
	hundred := make([]string, 100)
	for i := range hundred {
		hundred[i] = fmt.Sprintf("no-%d", i)
	}
	for name, c := range map[string]struct {
		in   sdk.DescribeAlarmsInput
		want string
	}{
		"types left out: metric alarms only": {sdk.DescribeAlarmsInput{}, "any-silent web-ok web-silent | |"},
		"a composite by name, without types": {sdk.DescribeAlarmsInput{AlarmNames: []string{"service"}}, "| |"},
		"by name, unknown ones absent":       {sdk.DescribeAlarmsInput{AlarmNames: []string{"web-ok", "gone", "service"}, AlarmTypes: both}, "web-ok | service |"},
		"log alarms":                         {sdk.DescribeAlarmsInput{AlarmTypes: []types.AlarmType{types.AlarmTypeLogAlarm}}, "| | web-log"},
		"by prefix":                          {sdk.DescribeAlarmsInput{AlarmNamePrefix: aws.String("web-"), AlarmTypes: both}, "web-ok web-silent | |"},
		"by state":                           {sdk.DescribeAlarmsInput{StateValue: types.StateValueAlarm, AlarmTypes: both}, "web-silent | service |"},
		"by action":                          {sdk.DescribeAlarmsInput{ActionPrefix: aws.String("arn:aws:sns:")}, "web-silent | |"},
		"children of both types":             {sdk.DescribeAlarmsInput{ChildrenOfAlarmName: aws.String("service")}, "web-ok web-silent | tier |"},
		"children of a metric alarm":         {sdk.DescribeAlarmsInput{ChildrenOfAlarmName: aws.String("web-ok")}, "| |"},
		"children of nothing":                {sdk.DescribeAlarmsInput{ChildrenOfAlarmName: aws.String("gone")}, "| |"},
		"a hundred names":                    {sdk.DescribeAlarmsInput{AlarmNames: hundred}, "| |"},
	} {
		out, err := w.DescribeAlarms(t.Context(), &c.in)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := names(out); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestWhatAWSRefusesIsRefused(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		in   sdk.DescribeAlarmsInput
		want string
	}{
		"101 names":           {sdk.DescribeAlarmsInput{AlarmNames: make([]string, 101)}, "ValidationError"},
		"names and prefix":    {sdk.DescribeAlarmsInput{AlarmNames: []string{"a"}, AlarmNamePrefix: aws.String("a")}, "ValidationError"},
		"no records":          {sdk.DescribeAlarmsInput{MaxRecords: aws.Int32(0)}, "ValidationError"},
		"101 records":         {sdk.DescribeAlarmsInput{MaxRecords: aws.Int32(101)}, "ValidationError"},
		"no such state":       {sdk.DescribeAlarmsInput{StateValue: "BROKEN"}, "ValidationError"},
		"no such type":        {sdk.DescribeAlarmsInput{AlarmTypes: []types.AlarmType{"Smoke"}}, "ValidationError"},
		"children by state":   {sdk.DescribeAlarmsInput{ChildrenOfAlarmName: aws.String("service"), StateValue: types.StateValueAlarm}, "ValidationError"},
		"children by type":    {sdk.DescribeAlarmsInput{ChildrenOfAlarmName: aws.String("service"), AlarmTypes: both}, "ValidationError"},
		"children and names":  {sdk.DescribeAlarmsInput{ChildrenOfAlarmName: aws.String("service"), AlarmNames: []string{"a"}}, "ValidationError"},
		"parents":             {sdk.DescribeAlarmsInput{ParentsOfAlarmName: aws.String("web-ok")}, "ValidationError"},
		"a token of nobody's": {sdk.DescribeAlarmsInput{NextToken: aws.String("x")}, "InvalidNextToken"},
	} {
		_, err := w.DescribeAlarms(t.Context(), &c.in)
		if e, ok := errors.AsType[smithy.APIError](err); !ok || e.ErrorCode() != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	_, err := w.DescribeAlarms(t.Context(), &sdk.DescribeAlarmsInput{NextToken: aws.String("x")})
	if e, ok := errors.AsType[*types.InvalidNextToken](err); !ok || e.ErrorMessage() == "" {
		t.Errorf("%T: %v", err, err)
	}
	if _, err := w.ListMetrics(t.Context(), &sdk.ListMetricsInput{}); err == nil {
		t.Error("an operation that the lab does not have was answered")
	}
}

func TestAnAlarmIsToldWithItsDimensionsAndTimes(t *testing.T) {
	w := newWorld(t)
	w.clock.Advance(2 * time.Minute)
	out, err := w.DescribeAlarms(t.Context(), &sdk.DescribeAlarmsInput{AlarmTypes: both})
	if err != nil {
		t.Fatal(err)
	}
	math, silent, service := out.MetricAlarms[0], out.MetricAlarms[2], out.CompositeAlarms[0]
	if len(silent.Dimensions) != 1 || aws.ToString(silent.Dimensions[0].Name) != "InstanceId" || aws.ToString(silent.Dimensions[0].Value) != web ||
		aws.ToString(silent.Namespace) != "CWAgent" || aws.ToString(silent.MetricName) != "heartbeat" || silent.Metrics != nil ||
		silent.Statistic != types.StatisticMaximum || aws.ToString(silent.AlarmArn) != "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:web-silent" ||
		!aws.ToBool(silent.ActionsEnabled) || !slices.Equal(silent.AlarmActions, []string{topic}) || silent.StateReasonData != nil {
		t.Errorf("%+v", silent)
	}
	if moved, updated := time.Since(aws.ToTime(silent.StateTransitionedTimestamp)).Round(time.Minute), time.Since(aws.ToTime(silent.StateUpdatedTimestamp)).Round(time.Minute); moved != 12*time.Minute || updated != 6*time.Minute {
		t.Errorf("in its state for %s, updated %s ago", moved, updated)
	}
	if len(math.Metrics) != 3 || math.MetricName != nil || aws.ToString(math.Metrics[0].Expression) == "" || math.Metrics[0].MetricStat != nil ||
		aws.ToString(math.Metrics[2].MetricStat.Metric.Dimensions[0].Value) != batch || aws.ToBool(math.Metrics[1].ReturnData) || math.Metrics[1].Expression != nil {
		t.Errorf("%+v", math)
	}
	if aws.ToString(service.AlarmRule) != `ALARM("web-silent") OR ALARM("web-ok") OR ALARM("tier") OR ALARM("gone")` || aws.ToBool(service.ActionsEnabled) ||
		aws.ToString(service.StateReasonData) != trigger || service.ActionsSuppressedBy != types.ActionsSuppressedByWaitPeriod || service.StateValue != types.StateValueAlarm {
		t.Errorf("%+v", service)
	}
	out, err = w.DescribeAlarms(t.Context(), &sdk.DescribeAlarmsInput{ChildrenOfAlarmName: aws.String("service")})
	if err != nil {
		t.Fatal(err)
	}
	child := out.MetricAlarms[1]
	if aws.ToString(child.AlarmArn) != w.alarms.ARN("web-silent") || child.StateValue != types.StateValueAlarm || child.StateUpdatedTimestamp == nil ||
		child.Dimensions != nil || child.StateTransitionedTimestamp != nil || child.ActionsEnabled != nil {
		t.Errorf("a child comes with more than its name and state: %+v", child)
	}
}

func TestAStateChangesWhenItsValueDoes(t *testing.T) {
	w := newWorld(t)
	w.clock.Advance(time.Minute)
	for _, state := range []string{cloudwatch.StateOK, cloudwatch.StateOK} {
		if err := w.alarms.SetState("web-silent", state, "it answers", ""); err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(time.Minute)
	}
	a, _ := w.alarms.Get("web-silent")
	if since, updated := w.clock.Now().Sub(a.Transitioned), w.clock.Now().Sub(a.Updated); a.State != cloudwatch.StateOK || since != 2*time.Minute || updated != time.Minute {
		t.Errorf("in %s for %s, updated %s ago", a.State, since, updated)
	}
	w.alarms.Delete("web-silent")
	if _, there := w.alarms.Get("web-silent"); there {
		t.Error("a deleted alarm is there")
	}
	for name, err := range map[string]error{
		"a state of an alarm that is gone": w.alarms.SetState("web-silent", cloudwatch.StateOK, "", ""),
		"a state that there is not":        w.alarms.SetState("web-ok", "FINE", "", ""),
		"no name":                          w.alarms.Put(cloudwatch.Alarm{}),
	} {
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestPagesHoldEveryAlarmOnce(t *testing.T) {
	w := newWorld(t)
	for n := range 60 {
		if err := w.alarms.Put(cloudwatch.Alarm{Name: fmt.Sprintf("more-%02d", n), Metrics: []cloudwatch.Metric{heartbeat(web)}}); err != nil {
			t.Fatal(err)
		}
	}
	for size, wantPages := range map[int32]int{0: 2, 1: 66, 7: 10, 100: 1} {
		in := sdk.DescribeAlarmsInput{AlarmTypes: append(both, types.AlarmTypeLogAlarm)}
		if size > 0 {
			in.MaxRecords = aws.Int32(size)
		}
		pages, n, seen := sdk.NewDescribeAlarmsPaginator(w, &in), 0, map[string]bool{}
		for pages.HasMorePages() {
			out, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			n++
			for name := range strings.FieldsSeq(strings.ReplaceAll(names(out), "|", "")) {
				if seen[name] {
					t.Errorf("%s twice", name)
				}
				seen[name] = true
			}
		}
		if n != wantPages || len(seen) != 66 {
			t.Errorf("%d a page: %d pages, %d alarms", size, n, len(seen))
		}
	}
}
