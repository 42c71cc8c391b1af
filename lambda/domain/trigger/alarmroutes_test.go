package trigger_test

import (
	"fmt"
	"strings"
	"testing"

	"crashcart/lambda/domain/trigger"
)

func TestOnlyStateAlarmTriggersByEveryRoute(t *testing.T) {
	for _, value := range []any{"OK", "INSUFFICIENT_DATA", "alarm", "ALARM ", ""} {
		message := alarmMessage(t, func(m map[string]any) { m["NewStateValue"], m["OldStateValue"] = value, "ALARM" })
		ignoredAs(t, one(t, invoked(t, message)), notAlarm(value))
		ignoredAs(t, one(t, rawly(t, message)), notAlarm(value))
		ignoredAs(t, one(t, alarmAction(t, func(_, d map[string]any) {
			d["state"].(map[string]any)["value"] = value
			d["previousState"].(map[string]any)["value"] = "ALARM"
		})), notAlarm(value))
	}
	for _, value := range []any{nil, 1, true, []any{"ALARM"}} {
		ignoredAs(t, one(t, invoked(t, alarmMessage(t, func(m map[string]any) { m["NewStateValue"] = value }))), trigger.ReasonMalformed)
	}
}

func TestMutedOrSuppressedActionNeverTriggers(t *testing.T) {
	ignoredAs(t, one(t, alarmAction(t, func(_, d map[string]any) {
		d["muteDetail"] = map[string]any{}
	})), trigger.ReasonMuted)
	ignoredAs(t, one(t, alarmAction(t, func(_, d map[string]any) {
		d["state"].(map[string]any)["actionsSuppressedBy"] = "Alarm"
	})), trigger.ReasonSuppressed)
}

func TestActionOfAContributorNeverTriggers(t *testing.T) {
	for _, edit := range []func(p, d map[string]any){
		func(p, _ map[string]any) { p["alarmContributor"] = map[string]any{"id": "1"} },
		func(p, _ map[string]any) { p["AlarmContributorId"] = "1" },
		func(_, d map[string]any) { d["alarmContributor"] = map[string]any{} },
		func(_, d map[string]any) { d["contributors"] = []any{} },
		func(_, d map[string]any) { d["state"].(map[string]any)["contributorAttributes"] = map[string]any{} },
		func(_, d map[string]any) {
			d["configuration"] = map[string]any{"metrics": []any{map[string]any{"expression": "select max(x) from y\tGroup\nby InstanceId"}}}
		},
	} {
		ignoredAs(t, one(t, alarmAction(t, edit)), trigger.ReasonContributorUnreadable, "publishes no field")
	}
	r := one(t, alarmAction(t, func(_, d map[string]any) { d["alarmContributor"] = nil }))
	if r.Trigger == nil {
		t.Errorf("null speaks of a contributor: %+v", r.Ignored)
	}
}

func TestActionThatIsNotCloudWatchsNeverTriggers(t *testing.T) {
	for source, want := range map[any]trigger.Reason{
		"aws.events": trigger.ReasonUnknownShape, "": trigger.ReasonUnknownShape, "AWS.cloudwatch": trigger.ReasonUnknownShape,
		nil: trigger.ReasonMalformed, 1: trigger.ReasonMalformed,
	} {
		ignoredAs(t, one(t, alarmAction(t, func(p, _ map[string]any) { p["source"] = source })), want)
	}
	for _, envelope := range []func(string) string{
		func(s string) string { return queued(t, s) },
		func(s string) string { return invoked(t, s) },
		func(s string) string { return queued(t, notification(t, s)) },
	} {
		ignoredAs(t, one(t, envelope(alarmAction(t, func(_, _ map[string]any) {}))), trigger.ReasonNotDirect)
	}
	for _, arn := range []any{nil, "", "heartbeat-lost", 1} {
		ignoredAs(t, one(t, alarmAction(t, func(p, _ map[string]any) { p["alarmArn"] = arn })), trigger.ReasonMalformed)
	}
}

func TestRegionOfAMessageIsTheARNs(t *testing.T) {
	message := alarmMessage(t, func(m map[string]any) {
		m["Region"] = "US East (N. Virginia)"
		m["AlarmArn"] = "arn:aws-us-gov:cloudwatch:us-gov-west-1:111122223333:alarm:x:y"
	})
	r := one(t, strings.Replace(invoked(t, message), "eu-central-1", "eu-west-1", 1))
	if r.Trigger == nil || r.Trigger.Alarm.Region != "us-gov-west-1" || r.Trigger.Alarm.Name != "heartbeat-lost" {
		t.Errorf("got %+v", r)
	}
	for _, arn := range []any{nil, "", 1, "arn:aws:sns:eu-central-1:111122223333:alarm:x"} {
		message := alarmMessage(t, func(m map[string]any) { m["AlarmArn"] = arn })
		ignoredAs(t, one(t, invoked(t, message)), trigger.ReasonMalformed)
	}
}

func TestIdInAMessagesTextIsNeverATarget(t *testing.T) {
	message := alarmMessage(t, func(m map[string]any) {
		m["AlarmName"], m["AlarmDescription"], m["NewStateReason"] = long, "InstanceId "+long, long+" hangs"
		m["InstanceId"], m["AlarmActions"] = long, []any{long}
		m["Trigger"] = map[string]any{
			"MetricName": long, "Namespace": long, "InstanceId": long,
			"Dimensions": []any{map[string]any{"name": "host", "value": long}, map[string]any{"name": long, "value": "InstanceId"}},
		}
	})
	ignoredAs(t, one(t, invoked(t, message)), trigger.ReasonNoInstance, "host")
}

// dimensioned is the record of the metric fixture with the given dimensions in a namespace.
func dimensioned(t *testing.T, namespace string, dimensions map[string]any) trigger.Record {
	t.Helper()
	return one(t, event(t, func(_, d map[string]any) {
		d["configuration"] = map[string]any{"metrics": []any{map[string]any{"metricStat": map[string]any{"metric": map[string]any{
			"namespace": namespace, "name": "x", "dimensions": dimensions,
		}}}}}
	}))
}

// TestBareAlarmIsNeverARequest is about keys next to a known shape that look like
// a request with a slip in it.
func TestBareAlarmIsNeverARequest(t *testing.T) {
	for name, payload := range map[string]string{
		"alarm":        alarmMessage(t, func(m map[string]any) { m["InstanceId"] = other }),
		"lambda/alarm": alarmAction(t, func(p, _ map[string]any) { p["instanceId"] = other }),
		"sns/text":     strings.Replace(notification(t, "interrupt "+long+" because x"), "{", `{"InstanceIds":["`+other+`"],`, 1),
	} {
		batch := trigger.Decode([]byte(payload), call)
		if r := batch.Records[0]; r.Trigger == nil || r.Trigger.Source != name || summary(r) != long || batch.Envelope != trigger.EnvelopeEvent {
			t.Errorf("%s: got %+v in envelope %s", name, r, batch.Envelope)
		}
	}
}

func TestPopulationIsNeverATarget(t *testing.T) {
	for _, name := range []string{"ImageId", "InstanceType", "ClusterName", "ServiceName", "NodegroupName", "LoadBalancer", "LoadBalancerName", "AvailabilityZone"} {
		ignoredAs(t, dimensioned(t, "AWS/EC2", map[string]any{name: long}), trigger.ReasonPopulation, name)
		r := dimensioned(t, "AWS/EC2", map[string]any{name: "x", "InstanceId": long})
		if r.Trigger == nil || summary(r) != long {
			t.Errorf("%s hides the instance: %+v", name, r)
		}
	}
}

func TestTargetGroupIsNeverMadeUp(t *testing.T) {
	for _, value := range []any{
		"", nil, 7, "api", "targetgroup/api", "targetgroup/api/", "targetgroup//50dc6c495c0c9188", "loadbalancer/api/50dc6c495c0c9188",
		"targetgroup/api/50dc6c495c0c9188/x", "targetgroup/a b/50dc6c495c0c9188", "targetgroup/a:b/50dc6c495c0c9188",
		"targetgroup/" + strings.Repeat("a", 33) + "/50dc6c495c0c9188", "Targetgroup/api/50dc6c495c0c9188",
	} {
		ignoredAs(t, dimensioned(t, "AWS/ApplicationELB", map[string]any{"TargetGroup": value, "AutoScalingGroupName": "web"}), trigger.ReasonNoInstance)
	}
	const good = "targetgroup/api/50dc6c495c0c9188"
	for namespace, want := range map[string]string{
		"AWS/ApplicationELB": balanced, "AWS/NetworkELB": balanced, "AWS/GatewayELB": balanced, "AWS/ELB": "group:web", "": "group:web",
	} {
		r := dimensioned(t, namespace, map[string]any{"TargetGroup": good, "AutoScalingGroupName": "web"})
		if r.Trigger == nil || summary(r) != want {
			t.Errorf("%s: got %+v, want %s", namespace, r, want)
		}
	}
}

func TestAnotherAccountsMetricIsNeverATarget(t *testing.T) {
	for _, dimensions := range []map[string]any{
		{"InstanceId": long}, {"AutoScalingGroupName": "web"}, {"TargetGroup": "targetgroup/api/50dc6c495c0c9188"},
	} {
		for _, account := range []any{"444455556666", "111122223333", nil} {
			r := one(t, event(t, func(_, d map[string]any) {
				d["configuration"] = map[string]any{"metrics": []any{map[string]any{"accountId": account, "metricStat": map[string]any{"metric": map[string]any{
					"namespace": "AWS/NetworkELB", "name": "x", "dimensions": dimensions,
				}}}}}
			}))
			if account == "444455556666" {
				ignoredAs(t, r, trigger.ReasonNoInstance, "444455556666")
			} else if r.Trigger == nil {
				t.Errorf("%v of account %v: ignored: %+v", dimensions, account, r.Ignored)
			}
		}
	}
}

// TestCompositeNeverLosesOrInventsAChild is about reasonData, which is a string
// that CloudWatch may cut.
func TestCompositeNeverLosesOrInventsAChild(t *testing.T) {
	const parent, stem = "host-hangs", "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:"
	composite := func(reasonData any) trigger.Record {
		return one(t, event(t, func(e, d map[string]any) {
			e["resources"] = []any{stem + parent}
			d["alarmName"] = parent
			d["configuration"] = map[string]any{"alarmRule": "ALARM(x)"}
			d["state"].(map[string]any)["reasonData"] = reasonData
		}))
	}
	kid := func(arn, state any) string {
		return marshal(t, map[string]any{"triggeringAlarms": []any{map[string]any{"arn": arn, "state": map[string]any{"value": state}}}})
	}
	for _, unreadable := range []any{
		nil, "", 7,
		map[string]any{},
		"{", "[]", "{}", `{"triggeringAlarms":null}`, `{"triggeringAlarms":[]}`, `{"triggeringAlarms":[7]}`,
		`{"triggeringAlarms":[],"triggeringAlarms":[]}`, kid(stem+"x", "ALARM")[:60],
		kid(nil, "ALARM"), kid("x", "ALARM"), kid(stem+"x", nil), kid(stem, "ALARM"),
		kid(strings.Replace(stem, "eu-central-1", "eu-west-1", 1)+"x", "ALARM"),
		kid(strings.Replace(stem, "111122223333", "444455556666", 1)+"x", "OK"),
		kid(strings.Replace(stem, "arn:aws:", "arn:aws-cn:", 1)+"x", "ALARM"),
	} {
		r := composite(unreadable)
		if r.Trigger == nil || summary(r) != child+parent || !strings.Contains(r.Trigger.Targets[0].From, "looked up") {
			t.Errorf("%v: got %+v", unreadable, r)
		}
	}
	for _, state := range []string{"OK", "INSUFFICIENT_DATA", "alarm", ""} {
		ignoredAs(t, composite(kid(stem+"x", state)), trigger.ReasonNoInstance, "none of")
	}
	if r := composite(kid(stem+"x", "ALARM")); r.Trigger == nil || summary(r) != child+"x" || r.Trigger.Targets[0].From != "triggering alarm x" {
		t.Errorf("got %+v", r)
	}
	many := func(n int) string {
		var list []any
		for i := range n {
			list = append(list, map[string]any{"arn": fmt.Sprint(stem, i), "state": map[string]any{"value": "ALARM"}})
		}
		return marshal(t, map[string]any{"triggeringAlarms": list})
	}
	if r := composite(many(trigger.MaxTargets)); r.Trigger == nil || len(r.Trigger.Targets) != trigger.MaxTargets {
		t.Errorf("MaxTargets are not taken: %+v", r.Ignored)
	}
	ignoredAs(t, composite(many(trigger.MaxTargets+1)), trigger.ReasonTooManyTargets)
}

func TestContributorWithoutAnInstanceNeverTriggers(t *testing.T) {
	for _, attributes := range []map[string]any{
		{},
		{"instanceid": long},
		{"InstanceName": long},
		{"TableName": long},
		{"InstanceId": ""},
		{"InstanceId": nil, "AutoScalingGroupName": "web"},
		{"InstanceId": long + " "},
		{"AutoScalingGroupName": ""},
		{"AutoScalingGroupName": 7},
		{"AutoScalingGroupName": "a\nb"},
	} {
		message := alarmMessage(t, func(m map[string]any) {
			m["AlarmContributorId"], m["AlarmContributorAttributes"] = "c1", attributes
		})
		ignoredAs(t, one(t, invoked(t, message)), trigger.ReasonContributorWithoutInstance)
		ignoredAs(t, one(t, event(t, func(e, d map[string]any) {
			e["detail-type"] = "CloudWatch Alarm Contributor State Change"
			d["alarmContributor"] = map[string]any{"id": "c1", "attributes": attributes}
		})), trigger.ReasonContributorWithoutInstance)
	}
	for _, id := range []any{nil, "", 7, "a\nb", strings.Repeat("x", 256)} {
		message := alarmMessage(t, func(m map[string]any) {
			m["AlarmContributorId"], m["AlarmContributorAttributes"] = id, map[string]any{"InstanceId": long}
		})
		ignoredAs(t, one(t, invoked(t, message)), trigger.ReasonMalformed, "AlarmContributorId")
	}
}

func TestEnvelopeOfAnotherServiceNeverTriggers(t *testing.T) {
	good := invoked(t, alarmMessage(t, func(map[string]any) {}))
	for _, tt := range [][2]string{
		{`"EventSource":"aws:sns"`, `"eventSource":"aws:sns"`},
		{`"EventSource":"aws:sns"`, `"EventSource":"aws:sqs"`},
		{`"EventSource":"aws:sns"`, `"EventSource":"aws:SNS"`},
		{`"Sns":`, `"sns":`},
		{`"Type":"Notification"`, `"Type":"notification"`},
		{`"Type":"Notification"`, `"Type":null`},
		{`"Message":`, `"message":`},
	} {
		if !strings.Contains(good, tt[0]) {
			t.Fatalf("%s is not in %s", tt[0], good)
		}
		if r := one(t, strings.Replace(good, tt[0], tt[1], 1)); r.Trigger != nil {
			t.Errorf("%s: got %+v", tt[1], r.Trigger)
		}
	}
	for _, kind := range []string{"SubscriptionConfirmation", "UnsubscribeConfirmation"} {
		payload := strings.Replace(notification(t, "interrupt "+long+" because x"), `"Notification"`, `"`+kind+`"`, 1)
		ignoredAs(t, one(t, queued(t, payload)), trigger.ReasonConfirmation, kind)
		ignoredAs(t, one(t, payload), trigger.ReasonConfirmation, kind)
	}
}

func TestAutoScalingNeverTriggers(t *testing.T) {
	for body, want := range map[string]trigger.Reason{
		`{"Event":"autoscaling:TEST_NOTIFICATION"}`:                                          trigger.ReasonTestNotification,
		`{"Event":"autoscaling:EC2_INSTANCE_TERMINATE","EC2InstanceId":"` + long + `"}`:      trigger.ReasonAutoScaling,
		`{"Event":"autoscaling:EC2_INSTANCE_LAUNCH_ERROR","EC2InstanceId":"` + long + `"}`:   trigger.ReasonAutoScaling,
		`{"LifecycleTransition":"x","LifecycleHookName":"y","EC2InstanceId":"` + long + `"}`: trigger.ReasonAutoScaling,
		`{"source":"aws.autoscaling","detail-type":"x","detail":{"InstanceId":"x"}}`:         trigger.ReasonAutoScaling,
		`{"Event":"s3:TestEvent","EC2InstanceId":"` + long + `"}`:                            trigger.ReasonUnknownShape,
		`{"source":"autoscaling","detail-type":"x","detail":{}}`:                             trigger.ReasonUnknownShape,
	} {
		for _, payload := range []string{body, queued(t, body), invoked(t, body), queued(t, notification(t, body))} {
			ignoredAs(t, one(t, payload), want)
		}
	}
}
