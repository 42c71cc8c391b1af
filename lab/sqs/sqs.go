// Package sqs stands in for Amazon SQS standard queues and for the event source
// mapping that Lambda polls them with.
//
// Delays and visibility timeouts run on the lab's clock. A queue is at least as
// unkind as SQS: order is not promised beyond what happens, a message that was
// not handled comes back, and with Queue.Duplicate one that was handled comes
// once more.
//
// # What is rewritten
//
// The function sends itself messages with a delay, for the next pass over a host in
// a minute. Such a message carries the time of what triggered it, and when the passes
// before saw what. On a fast lab clock the minute's delay takes a second of the wall
// clock that the function reads: the trigger would seem younger than all that happened
// to the guests meanwhile. So at delivery of a body of the form
//
//	{"crashcart":"later","trigger":{"at":"...","alarm":{"changedAt":"..."},
//	  "targets":[{"seen":{"at":"...",...},...}],...}}
//
// these times, and every other time in "seen", are moved back by what lab time has run ahead of the wall clock
// since the message was sent. Their age is then right, as every time's that the
// lab reports (see package clock). Nothing else of the body changes its meaning:
// above all not the source key, by which the product knows a trigger again. Every
// other body is delivered byte by byte.
package sqs

import (
	"crypto/md5" //nolint:gosec // SQS's MD5OfMessageBody, which the SDK verifies
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"crashcart/lab/clock"
)

// Defaults and limits ("SetQueueAttributes" and "SendMessage", Amazon SQS API
// Reference).
const (
	defaultVisibility = 30 * time.Second
	maxDelay          = 900 * time.Second
	maxBody           = 1 << 20
	maxBatch          = 10
)

// Config describes a queue. Name is required.
type Config struct {
	Name       string
	Region     string        // default eu-central-1
	Account    string        // default 111122223333
	Visibility time.Duration // in lab time; default 30 s, as in SQS
	MaxReceive int           // deliveries before a message goes to DeadLetter; 0: for ever
	DeadLetter *Queue
	Duplicate  bool // deliver every message once more after it was handled
}

// Message is one message in a queue.
type Message struct {
	ID         string
	Body       string
	Attributes map[string]Attribute
	Sent       time.Time // lab time
	Received   int       // how often it was delivered

	sentWall  time.Time
	firstSeen time.Time
	visibleAt time.Time
	receipt   string
	repeated  bool
}

// Attribute is a message attribute as it was sent.
type Attribute struct {
	DataType    string `json:"DataType"`
	StringValue string `json:"StringValue,omitempty"`
	BinaryValue []byte `json:"BinaryValue,omitempty"`
}

// Queue is one standard queue. It is safe for concurrent use.
type Queue struct {
	cfg   Config
	clock clock.Clock

	mu       sync.Mutex
	messages []*Message
	sent     chan struct{} // closed and replaced at every change
}

// NewQueue makes an empty queue.
func NewQueue(c clock.Clock, cfg Config) *Queue {
	if cfg.Region == "" {
		cfg.Region = "eu-central-1"
	}
	if cfg.Account == "" {
		cfg.Account = "111122223333"
	}
	if cfg.Visibility <= 0 {
		cfg.Visibility = defaultVisibility
	}
	return &Queue{cfg: cfg, clock: c, sent: make(chan struct{})}
}

// Name is the queue's name.
func (q *Queue) Name() string { return q.cfg.Name }

// ARN is the queue's Amazon resource name.
func (q *Queue) ARN() string {
	return fmt.Sprintf("arn:aws:sqs:%s:%s:%s", q.cfg.Region, q.cfg.Account, q.cfg.Name)
}

// URL is the queue's address at the endpoint.
func (q *Queue) URL(endpoint string) string {
	return endpoint + "/" + q.cfg.Account + "/" + q.cfg.Name
}

// Send puts a message into the queue, to be delivered after delay of lab time,
// and gives its id.
func (q *Queue) Send(body string, attributes map[string]Attribute, delay time.Duration) string {
	m := &Message{ID: newID(), Body: body, Attributes: attributes, Sent: q.clock.Now(), sentWall: time.Now()}
	m.visibleAt = m.Sent.Add(delay)
	q.add(m)
	return m.ID
}

func (q *Queue) add(m *Message) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.messages = append(q.messages, m)
	q.stir()
}

// stir wakes everything that waits for a message. The caller holds q.mu.
func (q *Queue) stir() {
	close(q.sent)
	q.sent = make(chan struct{})
}

// Messages are copies of all messages in the queue, delivered and waiting alike.
func (q *Queue) Messages() []Message {
	q.mu.Lock()
	defer q.mu.Unlock()
	out := make([]Message, len(q.messages))
	for i, m := range q.messages {
		out[i] = *m
	}
	return out
}

// receive takes up to ten messages that are visible. With none it gives the
// channel of the next change, and how long until the first message is visible (0:
// the queue is empty).
func (q *Queue) receive() (batch []Message, changed <-chan struct{}, wait time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.clock.Now()
	for _, m := range slices.Clone(q.messages) {
		if m.visibleAt.After(now) {
			if d := m.visibleAt.Sub(now); wait == 0 || d < wait {
				wait = d
			}
			continue
		}
		if q.cfg.MaxReceive > 0 && m.Received >= q.cfg.MaxReceive && q.cfg.DeadLetter != nil {
			q.drop(m)
			q.cfg.DeadLetter.add(&Message{ID: m.ID, Body: m.Body, Attributes: m.Attributes, Sent: m.Sent, sentWall: m.sentWall, visibleAt: now})
			continue
		}
		if len(batch) == maxBatch {
			continue
		}
		m.Received++
		m.receipt = newID()
		m.visibleAt = now.Add(q.cfg.Visibility)
		if m.Received == 1 {
			m.firstSeen = now
		}
		batch = append(batch, *m)
	}
	return batch, q.sent, wait
}

// handled takes a message off the queue, unless it is to be delivered again.
func (q *Queue) handled(id string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, m := range q.messages {
		if m.ID != id {
			continue
		}
		if q.cfg.Duplicate && !m.repeated {
			m.repeated, m.visibleAt = true, q.clock.Now()
		} else {
			q.drop(m)
		}
		q.stir()
		return
	}
}

// drop removes a message. The caller holds q.mu.
func (q *Queue) drop(m *Message) {
	q.messages = slices.DeleteFunc(q.messages, func(o *Message) bool { return o == m })
}

// aged gives the body with its trigger's times moved as the package comment says.
func (m Message) aged(c clock.Clock) string {
	ahead := c.Now().Sub(m.Sent) - time.Since(m.sentWall)
	return shift(m.Body, ahead)
}

// shift moves the times of a later message back by d. Objects are taken apart only as
// deep as these are, so that everything else keeps its bytes.
func shift(body string, d time.Duration) string {
	var envelope, trigger, alarm map[string]json.RawMessage
	if json.Unmarshal([]byte(body), &envelope) != nil || string(envelope["crashcart"]) != `"later"` ||
		json.Unmarshal(envelope["trigger"], &trigger) != nil {
		return body
	}
	changed := shiftTime(trigger, "at", d)
	if json.Unmarshal(trigger["alarm"], &alarm) == nil && shiftTime(alarm, "changedAt", d) {
		changed = replace(trigger, "alarm", alarm)
	}
	if shiftSeen(trigger, d) {
		changed = true
	}
	if !changed || !replace(envelope, "trigger", trigger) {
		return body
	}
	out, err := marshal(envelope)
	if err != nil {
		return body
	}
	return out
}

// shiftSeen moves when the passes before saw what of the trigger's targets.
func shiftSeen(trigger map[string]json.RawMessage, d time.Duration) bool {
	var targets []json.RawMessage
	if json.Unmarshal(trigger["targets"], &targets) != nil {
		return false
	}
	changed := false
	for i, raw := range targets {
		var target, seen map[string]json.RawMessage
		if json.Unmarshal(raw, &target) != nil || json.Unmarshal(target["seen"], &seen) != nil {
			continue
		}
		if !shiftTimes(seen, d) || !replace(target, "seen", seen) {
			continue
		}
		if out, err := marshal(target); err == nil {
			targets[i], changed = json.RawMessage(out), true
		}
	}
	if !changed {
		return false
	}
	out, err := marshal(targets)
	if err == nil {
		trigger["targets"] = json.RawMessage(out)
	}
	return err == nil
}

// shiftTimes moves every time that is a value of the object.
func shiftTimes(object map[string]json.RawMessage, d time.Duration) bool {
	changed := false
	for name := range object {
		changed = shiftTime(object, name, d) || changed
	}
	return changed
}

// shiftTime moves the object's value of that name, if it is a time.
func shiftTime(object map[string]json.RawMessage, name string, d time.Duration) bool {
	var t time.Time
	if object[name] == nil || json.Unmarshal(object[name], &t) != nil || t.IsZero() {
		return false
	}
	moved, err := t.Add(-d).MarshalJSON()
	if err == nil {
		object[name] = moved
	}
	return err == nil
}

func replace(object map[string]json.RawMessage, name string, with map[string]json.RawMessage) bool {
	raw, err := marshal(with)
	if err == nil {
		object[name] = json.RawMessage(raw)
	}
	return err == nil
}

func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func digest(body string) string {
	sum := md5.Sum([]byte(body)) //nolint:gosec // see the import
	return hex.EncodeToString(sum[:])
}
