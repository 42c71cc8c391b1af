package sns_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"crashcart/lab/clock"
	"crashcart/lab/sns"
	"crashcart/lab/sqs"
)

const text = `interrupt i-0a1b2c3d4e5f60718 because <it> & its "console" is silent`

var attributes = map[string]sns.Attribute{
	"instance_id": {Type: "String.Array", Value: `["i-0a1b2c3d4e5f60718"]`},
	"status":      {Type: "String", Value: "firing"},
	"key":         {Type: "Binary", Value: "AAEC"},
}

func newTopic(t *testing.T) (topic *sns.Topic, wrapped, raw *sqs.Queue) {
	t.Helper()
	c := clock.NewManual(time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC))
	wrapped, raw = sqs.NewQueue(c, sqs.Config{Name: "wrapped"}), sqs.NewQueue(c, sqs.Config{Name: "raw"})
	topic = sns.New("crashcart-intake", "eu-central-1", "111122223333")
	topic.Subscribe(wrapped, false)
	topic.Subscribe(raw, true)
	return topic, wrapped, raw
}

func TestAQueueGetsTheEnvelopeOrTheBareMessage(t *testing.T) {
	topic, wrapped, raw := newTopic(t)
	deliveries, err := topic.Publish(text, "ALARM", attributes)
	if err != nil || len(deliveries) != 2 {
		t.Fatalf("%+v, %v", deliveries, err)
	}
	got := wrapped.Messages()[0]
	var e events.SNSEntity // of a function, but for two keys
	var keys map[string]json.RawMessage
	if json.Unmarshal([]byte(got.Body), &e) != nil || json.Unmarshal([]byte(got.Body), &keys) != nil {
		t.Fatalf("body %s", got.Body)
	}
	if e.Type != "Notification" || e.Message != text || e.Subject != "ALARM" || e.TopicArn != "arn:aws:sns:eu-central-1:111122223333:crashcart-intake" ||
		e.MessageID == "" || e.MessageID == got.ID || time.Since(e.Timestamp).Abs() > time.Minute || len(got.Attributes) != 0 {
		t.Errorf("%+v, attributes of the queue %v", e, got.Attributes)
	}
	for _, name := range []string{"SigningCertURL", "UnsubscribeURL", "SignatureVersion", "Signature"} {
		if keys[name] == nil {
			t.Errorf("no %s in %s", name, got.Body)
		}
	}
	if !strings.Contains(got.Body, "<it> & its") {
		t.Errorf("SNS does not escape these: %s", got.Body)
	}
	if a := fmt.Sprint(e.MessageAttributes["instance_id"]); a != `map[Type:String.Array Value:["i-0a1b2c3d4e5f60718"]]` {
		t.Errorf("attribute %s", a)
	}
	bare := raw.Messages()[0]
	if bare.Body != text || bare.Attributes["instance_id"].StringValue != `["i-0a1b2c3d4e5f60718"]` || bare.Attributes["status"].DataType != "String" ||
		string(bare.Attributes["key"].BinaryValue) != "\x00\x01\x02" {
		t.Errorf("raw: %q, %+v", bare.Body, bare.Attributes)
	}
}

func TestAMessageIsDeliveredAgainUnderTheSameSNSMessageID(t *testing.T) {
	topic, wrapped, _ := newTopic(t)
	deliveries, err := topic.Publish(text, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	again := deliveries[0].Again()
	m := wrapped.Messages()
	if len(m) != 2 || m[0].Body != m[1].Body || m[0].ID == m[1].ID || m[1].ID != again.MessageID {
		t.Errorf("%+v", m)
	}
	if strings.Contains(m[0].Body, "Subject") || strings.Contains(m[0].Body, "MessageAttributes") {
		t.Errorf("what was not given is absent: %s", m[0].Body)
	}
}

func TestARawMessageWithElevenAttributesIsDiscarded(t *testing.T) {
	topic, wrapped, raw := newTopic(t)
	many := map[string]sns.Attribute{}
	for n := range 11 {
		many[fmt.Sprintf("label_%d", n)] = sns.Attribute{Type: "String", Value: "x"}
	}
	deliveries, err := topic.Publish(text, "", many)
	if err != nil || len(deliveries) != 1 || len(wrapped.Messages()) != 1 || len(raw.Messages()) != 0 {
		t.Errorf("%d deliveries, %d wrapped, %d raw, %v", len(deliveries), len(wrapped.Messages()), len(raw.Messages()), err)
	}
	delete(many, "label_0")
	if _, err := topic.Publish(text, "", many); err != nil || len(raw.Messages()) != 1 {
		t.Errorf("ten attributes: %d raw, %v", len(raw.Messages()), err)
	}
}

func TestAFunctionGetsItsOwnKeys(t *testing.T) {
	topic, wrapped, _ := newTopic(t)
	payload, err := topic.Notification(text, "", attributes)
	if err != nil {
		t.Fatal(err)
	}
	var e events.SNSEvent
	if err := json.Unmarshal(payload, &e); err != nil || len(e.Records) != 1 {
		t.Fatalf("%s, %v", payload, err)
	}
	n := e.Records[0].SNS
	if e.Records[0].EventSource != "aws:sns" || n.Message != text || n.UnsubscribeURL == "" || n.SigningCertURL == "" || len(n.MessageAttributes) != 3 ||
		!strings.HasPrefix(e.Records[0].EventSubscriptionArn, n.TopicArn+":") {
		t.Errorf("%+v", e.Records[0])
	}
	for _, key := range []string{`"SigningCertUrl"`, `"UnsubscribeUrl"`, `"Subject": null`} {
		if !strings.Contains(string(payload), key) {
			t.Errorf("no %s in %s", key, payload)
		}
	}
	if len(wrapped.Messages()) != 0 {
		t.Error("an event for a function reached a queue")
	}
}

func TestWhatSNSDoesNotTakeIsNotPublished(t *testing.T) {
	topic, wrapped, _ := newTopic(t)
	if _, err := topic.Publish("", "", nil); err == nil {
		t.Error("an empty message was published")
	}
	if _, err := topic.Publish(text, "", map[string]sns.Attribute{"key": {Type: "Binary", Value: "?"}}); err == nil {
		t.Error("a binary attribute that is not base64 was published")
	}
	if len(wrapped.Messages()) != 0 {
		t.Error("it arrived")
	}
}
