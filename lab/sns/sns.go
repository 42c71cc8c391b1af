// Package sns stands in for Amazon SNS: topics, their endpoint (Handler), and the form
// in which a message arrives at a queue or at a function.
//
// A queue that is subscribed with raw message delivery gets the message alone:
// its time, its subject and its topic are lost. Any other one gets the envelope.
package sns

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"crashcart/lab/sqs"
)

// maxRawAttributes is how many attributes SQS takes; a raw message with more is
// discarded ("Amazon SNS raw message delivery", Amazon SNS Developer Guide).
const maxRawAttributes = 10

// stampLayout is that of an envelope's Timestamp ("Parsing Amazon SNS message
// formats", Amazon SNS Developer Guide).
const stampLayout = "2006-01-02T15:04:05.000Z"

// Attribute is a message attribute. Type is String, String.Array (Value is a JSON
// array), Number or Binary (Value is base64).
type Attribute struct {
	Type  string `json:"Type"`
	Value string `json:"Value"`
}

// Topic is one standard topic. It is safe for concurrent use.
type Topic struct {
	name, region, account string

	mu            sync.Mutex
	subscriptions []subscription
	messages      []Message
}

// Message is what was published.
type Message struct {
	ID         string
	At         time.Time // on the wall
	Subject    string
	Message    string
	Attributes map[string]Attribute
}

type subscription struct {
	queue *sqs.Queue
	raw   bool
	id    string
}

// New makes a topic without subscriptions.
func New(name, region, account string) *Topic {
	return &Topic{name: name, region: region, account: account}
}

// ARN is the topic's Amazon resource name.
func (t *Topic) ARN() string { return fmt.Sprintf("arn:aws:sns:%s:%s:%s", t.region, t.account, t.name) }

// Subscribe has a queue get every message from now on; raw: without the envelope.
func (t *Topic) Subscribe(q *sqs.Queue, raw bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.subscriptions = append(t.subscriptions, subscription{queue: q, raw: raw, id: uuid()})
}

// Messages are all that was published, in order, also to nobody.
func (t *Topic) Messages() []Message {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.messages)
}

// Delivery is a message as one queue got it.
type Delivery struct {
	MessageID string // of the queue's message
	Body      string
	queue     *sqs.Queue
	attribute map[string]sqs.Attribute
}

// Again delivers the message once more, byte by byte, as SNS does when it cannot
// know whether the first delivery arrived. It gives the new queue message.
func (d Delivery) Again() Delivery {
	d.MessageID = d.queue.Send(d.Body, d.attribute, 0)
	return d
}

// Publish sends a message to all subscribed queues. The subject may be empty. It
// gives what arrived, in the order of the subscriptions; a queue to which the
// message could not be delivered is left out, as SNS leaves it out without a word.
func (t *Topic) Publish(message, subject string, attributes map[string]Attribute) ([]Delivery, error) {
	_, out, err := t.publish(message, subject, attributes)
	return out, err
}

func (t *Topic) publish(message, subject string, attributes map[string]Attribute) (id string, out []Delivery, err error) {
	m, err := t.envelope(message, subject, attributes)
	if err != nil {
		return "", nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.messages = append(t.messages, Message{
		ID: m.MessageID, At: time.Now(), Subject: subject, Message: message, Attributes: maps.Clone(attributes),
	})
	for _, s := range t.subscriptions {
		d := Delivery{queue: s.queue, Body: message}
		switch {
		case !s.raw:
			m.UnsubscribeURL = t.unsubscribe(s.id)
			if d.Body, err = indented(m); err != nil {
				return "", nil, err
			}
		case len(attributes) > maxRawAttributes:
			continue
		default:
			d.attribute = forQueue(attributes)
		}
		out = append(out, d.Again())
	}
	return m.MessageID, out, nil
}

// envelope is a notification as a queue gets it ("HTTP/HTTPS notification JSON
// format", Amazon SNS Developer Guide).
type envelope struct {
	Type              string
	MessageID         string `json:"MessageId"`
	TopicARN          string `json:"TopicArn"`
	Subject           string `json:",omitempty"`
	Message           string
	Timestamp         string
	SignatureVersion  string
	Signature         string
	SigningCertURL    string
	UnsubscribeURL    string
	MessageAttributes map[string]Attribute `json:",omitempty"`
}

func (t *Topic) envelope(message, subject string, attributes map[string]Attribute) (envelope, error) {
	if message == "" {
		return envelope{}, errors.New("publishing to SNS: an empty message")
	}
	for name, a := range attributes {
		if _, err := base64.StdEncoding.DecodeString(a.Value); a.Type == "Binary" && err != nil {
			return envelope{}, fmt.Errorf("publishing to SNS: reading the binary attribute %s: %w", name, err)
		}
	}
	return envelope{
		Type: "Notification", MessageID: uuid(), TopicARN: t.ARN(), Subject: subject, Message: message,
		Timestamp: time.Now().UTC().Format(stampLayout), SignatureVersion: "1", Signature: "bGFi",
		SigningCertURL:    t.host() + "SimpleNotificationService-lab.pem",
		MessageAttributes: attributes,
	}, nil
}

func (t *Topic) host() string { return "https://sns." + t.region + ".amazonaws.com/" }

func (t *Topic) unsubscribe(id string) string {
	return t.host() + "?Action=Unsubscribe&SubscriptionArn=" + t.ARN() + ":" + id
}

// forQueue makes SQS's attributes of a raw message's.
func forQueue(attributes map[string]Attribute) map[string]sqs.Attribute {
	out := map[string]sqs.Attribute{}
	for name, a := range attributes {
		to := sqs.Attribute{DataType: a.Type, StringValue: a.Value}
		if a.Type == "Binary" {
			raw, err := base64.StdEncoding.DecodeString(a.Value)
			if err != nil {
				continue // refused by envelope
			}
			to.StringValue, to.BinaryValue = "", raw
		}
		out[name] = to
	}
	return out
}

// indented encodes over several lines, as SNS does, and without escaping what it
// does not escape.
func indented(v any) (string, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return "", fmt.Errorf("encoding a notification: %w", err)
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

func uuid() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
