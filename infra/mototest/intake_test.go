package mototest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"crashcart/infra/stack/stacktest"
	"crashcart/infra/template"
	"crashcart/lambda/domain/trigger"
)

// intake is the stack's intake, built in a server of moto's from the template.
type intake struct {
	server string
	topics *sns.Client
	queues *sqs.Client
	queue  string // URL
	topic  string // ARN

	subscription string // ARN
}

// build makes what the template's resources say.
func build(t *testing.T) intake {
	t.Helper()
	of := func(resource string) string { return "[" + resource + "]" }
	in := connect(server(t))
	in.makeQueue(t, synthesized(t, "AWS::SQS::Queue", "QueueName", "crashcart-dead-letters"), nil)
	in.queue = in.makeQueue(t, synthesized(t, "AWS::SQS::Queue", "QueueName", "crashcart-intake"),
		synthesized(t, "AWS::SQS::QueuePolicy", "Queues", of("https://sqs."+template.Region+".amazonaws.com/"+template.Account+"/crashcart-intake"))["PolicyDocument"])
	in.makeTopic(t, synthesized(t, "AWS::SNS::Topic", "TopicName", "crashcart-intake"),
		synthesized(t, "AWS::SNS::TopicPolicy", "Topics", of(arn("sns", "crashcart-intake")))["PolicyDocument"])
	in.subscribe(t, synthesized(t, "AWS::SNS::Subscription"))
	in.makeRule(t, synthesized(t, "AWS::Events::Rule", "Description", alarmRule))
	return in
}

// alarmRule is what the rule for alarms says of itself.
const alarmRule = "Alarms that may name an instance to interrupt"

// synthesized gives the properties of the template's only resource of a type, or
// the only one with that property; a copy, which a test may change.
func synthesized(t *testing.T, kind string, property ...string) (properties map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text(t, stacktest.Synth(t, `{}`).One(t, kind, property...).Properties)), &properties); err != nil {
		t.Fatal(err)
	}
	return properties
}

func arn(service, resource string) string {
	return strings.Join([]string{"arn", template.Partition, service, template.Region, template.Account, resource}, ":")
}

func connect(server string) intake {
	config := aws.Config{Region: template.Region, BaseEndpoint: &server, Credentials: aws.CredentialsProviderFunc(
		func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "moto", SecretAccessKey: "moto"}, nil
		})}
	return intake{server: server, topics: sns.NewFromConfig(config), queues: sqs.NewFromConfig(config)}
}

// attributes are the properties that SNS and SQS take as strings; one that is no
// string is JSON.
func attributes(t *testing.T, properties map[string]any, names ...string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, name := range names {
		switch v := properties[name].(type) {
		case nil:
		case string:
			out[name] = v
		default:
			out[name] = text(t, v)
		}
	}
	return out
}

func text(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// refuseOthers fails for a property that would be lost here and not in CloudFormation.
func refuseOthers(t *testing.T, properties map[string]any, known ...string) {
	t.Helper()
	for name := range properties {
		if !slices.Contains(known, name) {
			t.Fatalf("the template has a property %s that this test does not build", name)
		}
	}
}

func (in intake) makeQueue(t *testing.T, properties map[string]any, policy any) string {
	t.Helper()
	settings := []string{"VisibilityTimeout", "MessageRetentionPeriod", "RedrivePolicy", "SqsManagedSseEnabled"}
	refuseOthers(t, properties, append(settings, "QueueName")...)
	with := attributes(t, properties, settings...)
	if policy != nil {
		with["Policy"] = text(t, policy)
	}
	made, err := in.queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String(fmt.Sprint(properties["QueueName"])), Attributes: with})
	if err != nil {
		t.Fatal(err)
	}
	got, err := in.queues.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{
		QueueUrl: made.QueueUrl, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range with {
		if got.Attributes[name] != want && !sameJSON(got.Attributes[name], want) {
			t.Errorf("the queue's %s is %q, want %q", name, got.Attributes[name], want)
		}
	}
	return *made.QueueUrl
}

func sameJSON(a, b string) bool {
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && fmt.Sprint(x) == fmt.Sprint(y)
}

func (in *intake) makeTopic(t *testing.T, topic map[string]any, policy any) {
	t.Helper()
	refuseOthers(t, topic, "TopicName", "DisplayName")
	made, err := in.topics.CreateTopic(t.Context(), &sns.CreateTopicInput{
		Name:       aws.String(fmt.Sprint(topic["TopicName"])),
		Attributes: map[string]string{"DisplayName": fmt.Sprint(topic["DisplayName"]), "Policy": text(t, policy)},
	})
	if err != nil {
		t.Fatal(err)
	}
	in.topic = *made.TopicArn
}

// subscribe makes the subscription. It takes the place of an earlier one.
func (in *intake) subscribe(t *testing.T, subscription map[string]any) {
	t.Helper()
	if in.subscription != "" {
		if _, err := in.topics.Unsubscribe(t.Context(), &sns.UnsubscribeInput{SubscriptionArn: &in.subscription}); err != nil {
			t.Fatal(err)
		}
	}
	settings := []string{"RawMessageDelivery", "FilterPolicy", "FilterPolicyScope", "RedrivePolicy"}
	refuseOthers(t, subscription, append(settings, "TopicArn", "Protocol", "Endpoint")...)
	made, err := in.topics.Subscribe(t.Context(), &sns.SubscribeInput{
		TopicArn: aws.String(fmt.Sprint(subscription["TopicArn"])), Protocol: aws.String(fmt.Sprint(subscription["Protocol"])),
		Endpoint: aws.String(fmt.Sprint(subscription["Endpoint"])), Attributes: attributes(t, subscription, settings...),
	})
	if err != nil {
		t.Fatal(err)
	}
	in.subscription = *made.SubscriptionArn
}

func (in intake) makeRule(t *testing.T, rule map[string]any) {
	t.Helper()
	refuseOthers(t, rule, "Description", "EventPattern", "State", "Targets")
	in.events(t, "PutRule", map[string]any{"Name": "alarms", "State": rule["State"], "EventPattern": text(t, rule["EventPattern"])})
	in.events(t, "PutTargets", map[string]any{"Rule": "alarms", "Targets": rule["Targets"]})
}

// events calls EventBridge. Its protocol is JSON over HTTP, and moto reads of the
// signature only for which service and Region it is.
func (in intake) events(t *testing.T, operation string, input map[string]any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, in.server, bytes.NewBufferString(text(t, input)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("X-Amz-Target", "AWSEvents."+operation)
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=moto/20260101/"+template.Region+"/events/aws4_request, SignedHeaders=host, Signature=none")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	var failed struct{ FailedEntryCount int }
	if err != nil || response.StatusCode != http.StatusOK || json.Unmarshal(body, &failed) != nil || failed.FailedEntryCount != 0 {
		t.Fatalf("%s: %s %s %v", operation, response.Status, body, err)
	}
}

// event is an EventBridge event.
type event struct {
	Account    string         `json:"account"`
	Region     string         `json:"region"`
	Source     string         `json:"source"`
	DetailType string         `json:"detail-type"`
	Resources  []string       `json:"resources"`
	Time       time.Time      `json:"time"`
	Detail     map[string]any `json:"detail"`
}

// put puts an event onto the bus and gives the bodies that then are in the queue.
func (in intake) put(t *testing.T, e event) []string {
	t.Helper()
	in.events(t, "PutEvents", map[string]any{"Entries": []any{map[string]any{
		"Source": e.Source, "DetailType": e.DetailType, "Resources": e.Resources, "Time": e.Time.Unix(), "Detail": text(t, e.Detail),
	}}})
	return in.take(t)
}

// take gives what is in the queue and was not taken before: a message that was stays
// hidden for the queue's visibility timeout. moto has delivered before it answers,
// so there is nothing to wait for.
func (in intake) take(t *testing.T) []string {
	t.Helper()
	got, err := in.queues.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &in.queue, MaxNumberOfMessages: 10})
	if err != nil {
		t.Fatal(err)
	}
	var bodies []string
	for _, m := range got.Messages {
		bodies = append(bodies, *m.Body)
	}
	return bodies
}

// decode reads a message as the interrupt function gets it from Lambda.
func decode(t *testing.T, body string) trigger.Record {
	t.Helper()
	batch := trigger.Decode([]byte(text(t, map[string]any{"Records": []any{map[string]any{
		"messageId": "059f36b4-87a3-44ab-83d2-661975830a7d", "eventSource": "aws:sqs", "eventSourceARN": arn("sqs", "crashcart-intake"),
		"awsRegion": template.Region, "body": body, "attributes": map[string]any{}, "messageAttributes": map[string]any{},
	}}})), trigger.Invocation{RequestID: "c6af9ac6-7b61-11e6-9a41-93e8deadbeef", At: time.Now()})
	if len(batch.Records) != 1 {
		t.Fatalf("%d records, want 1", len(batch.Records))
	}
	return batch.Records[0]
}
