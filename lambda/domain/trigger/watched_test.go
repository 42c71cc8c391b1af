package trigger_test

import (
	"slices"
	"testing"

	"crashcart/lambda/domain/trigger"
)

const watchedARN = "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:heartbeat-lost"

// What DescribeAlarms says of an alarm must lead to the same as an event of it.
func TestAnAlarmIsReadTheSameWhenItIsLookedUp(t *testing.T) {
	for _, c := range []struct {
		name    string
		metrics []trigger.Metric
		refs    []trigger.Ref
		reason  trigger.Reason
	}{
		{"the check of an instance", []trigger.Metric{
			{ID: "m1", Namespace: "AWS/EC2", Name: "StatusCheckFailed_Instance", Dimensions: map[string]string{"InstanceId": long}},
		}, []trigger.Ref{{Instance: long, From: "metric m1 (AWS/EC2 StatusCheckFailed_Instance)"}}, ""},
		{"the check inside an expression", []trigger.Metric{
			{ID: "e1"},
			{ID: "m1", Namespace: "AWS/EC2", Name: "StatusCheckFailed_Instance", Dimensions: map[string]string{"InstanceId": long}},
		}, []trigger.Ref{{Instance: long, From: "metric m1 (AWS/EC2 StatusCheckFailed_Instance)"}}, ""},
		{"a group", []trigger.Metric{
			{Namespace: "AWS/EC2", Name: "CPUUtilization", Dimensions: map[string]string{"AutoScalingGroupName": "web"}},
		}, []trigger.Ref{{AutoScalingGroup: "web", From: "metric (AWS/EC2 CPUUtilization)"}}, ""},
		{"many machines", []trigger.Metric{
			{Namespace: "AWS/EC2", Name: "CPUUtilization", Dimensions: map[string]string{"ImageId": "ami-0a1b2c3d"}},
		}, nil, trigger.ReasonPopulation},
		{"another account", []trigger.Metric{
			{Namespace: "AWS/EC2", Name: "CPUUtilization", Account: "444455556666", Dimensions: map[string]string{"InstanceId": long}},
		}, nil, trigger.ReasonNoInstance},
		{"an expression alone", []trigger.Metric{{ID: "e1"}}, nil, trigger.ReasonNoInstance},
		{"nothing", nil, nil, trigger.ReasonNoInstance},
	} {
		refs, ignored := trigger.Watched(watchedARN, c.metrics)
		if !slices.Equal(refs, c.refs) || (ignored != nil) != (c.reason != "") || ignored != nil && ignored.Reason != c.reason {
			t.Errorf("%s: %+v, %+v", c.name, refs, ignored)
		}
	}
}

func TestAnAlarmWithoutAnIdentityNeverLeadsAnywhere(t *testing.T) {
	good := []trigger.Metric{{Namespace: "AWS/EC2", Name: "CPUUtilization", Dimensions: map[string]string{"InstanceId": long}}}
	for _, arn := range []string{"", "heartbeat-lost", "arn:aws:cloudwatch:eu-central-1:111122223333:dashboard:x"} {
		if refs, ignored := trigger.Watched(arn, good); refs != nil || ignored == nil || ignored.Reason != trigger.ReasonMalformed {
			t.Errorf("%q: %+v, %+v", arn, refs, ignored)
		}
	}
}
