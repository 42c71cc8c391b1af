package mototest_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"crashcart/lambda/domain/trigger"
)

const hung = "i-0a1b2c3d4e5f60718"

// message is something that is published to the intake topic.
type message struct {
	name, text string
	attributes map[string]string
	kind       trigger.Kind
	source     string
}

var messages = []message{
	{
		name: "a line of text, as a person or Slack sends it", kind: trigger.KindText, source: "sqs/sns/text",
		text: "interrupt " + hung + " because it says \u00bbno\u00ab",
	},
	{
		name: "a notification with attributes, as Alertmanager sends it", kind: trigger.KindAttribute, source: "sqs/sns/attribute",
		text: "[FIRING:1] HostHung", attributes: map[string]string{"instance_id": hung, "status": "firing"},
	},
	{
		name: "an alarm's message", kind: trigger.KindAlarm, source: "sqs/sns/alarm",
		text: `{"AlarmName":"crashcart-web","AWSAccountId":"111122223333","NewStateValue":"ALARM","NewStateReason":"Threshold Crossed",
			"StateChangeTime":"2026-03-02T08:15:30.125+0000","Region":"EU (Frankfurt)","OldStateValue":"OK",
			"AlarmArn":"arn:aws:cloudwatch:eu-central-1:111122223333:alarm:crashcart-web",
			"Trigger":{"MetricName":"StatusCheckFailed_Instance","Namespace":"AWS/EC2","StatisticType":"Statistic","Statistic":"MAXIMUM",
				"Dimensions":[{"value":"` + hung + `","name":"InstanceId"}],"Period":60,"EvaluationPeriods":2}}`,
	},
}

// publish publishes to the topic and gives the bodies that then are in the queue.
func (in intake) publish(t *testing.T, m message) []string {
	t.Helper()
	attributes := map[string]types.MessageAttributeValue{}
	for name, value := range m.attributes {
		attributes[name] = types.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String(value)}
	}
	if _, err := in.topics.Publish(t.Context(), &sns.PublishInput{TopicArn: &in.topic, Message: &m.text, MessageAttributes: attributes}); err != nil {
		t.Fatal(err)
	}
	return in.take(t)
}

// arrived says what is wrong with a message's way through topic, subscription and
// queue; nothing is wrong if it is empty.
func (in intake) arrived(t *testing.T, m message) string {
	t.Helper()
	bodies := in.publish(t, m)
	if len(bodies) != 1 {
		return "it is not in the queue"
	}
	switch r := decode(t, bodies[0]); {
	case r.Trigger == nil:
		return "it is ignored: " + text(t, r.Ignored)
	case r.Trigger.Kind != m.kind || r.Trigger.Source != m.source:
		return "it is a " + string(r.Trigger.Kind) + " from " + r.Trigger.Source
	case len(r.Trigger.Targets) != 1 || r.Trigger.Targets[0].Instance != hung:
		return "it is for " + text(t, r.Trigger.Targets)
	case r.Trigger.At.IsZero():
		return "it has no time, and is never fresh"
	case m.kind != trigger.KindAlarm && time.Since(r.Trigger.At).Abs() > time.Minute:
		return "it is of another time: " + r.Trigger.At.String()
	}
	return ""
}

func TestWhatIsPublishedArrivesAsATrigger(t *testing.T) {
	in := build(t)
	if want := arn("sns", "crashcart-intake"); in.topic != want {
		t.Fatalf("the topic is %s, and the stack's %s", in.topic, want)
	}
	for _, m := range messages {
		t.Run(m.name, func(t *testing.T) {
			if wrong := in.arrived(t, m); wrong != "" {
				t.Error(wrong)
			}
		})
	}
}

// A change of the subscription shows here.
func TestNoSettingOfTheSubscriptionCanGoUnnoticed(t *testing.T) {
	in := build(t)
	for name, change := range map[string]func(map[string]any){
		"raw delivery":           func(s map[string]any) { s["RawMessageDelivery"] = true },
		"a filter by attributes": func(s map[string]any) { s["FilterPolicy"] = map[string]any{"status": []string{"firing"}} },
		"a filter by the content": func(s map[string]any) {
			s["FilterPolicyScope"], s["FilterPolicy"] = "MessageBody", map[string]any{"AlarmName": []any{map[string]any{"prefix": "x"}}}
		},
		"the dead letters at once": func(s map[string]any) { s["Endpoint"] = arn("sqs", "crashcart-dead-letters") },
	} {
		t.Run(name, func(t *testing.T) {
			subscription := synthesized(t, "AWS::SNS::Subscription")
			change(subscription)
			in.subscribe(t, subscription)
			for _, m := range messages {
				if in.arrived(t, m) != "" {
					return
				}
			}
			t.Error("every message arrives as before")
		})
	}
}
