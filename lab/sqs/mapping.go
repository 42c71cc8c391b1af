package sqs

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"sync"
	"time"
)

// Mapping is a Lambda event source mapping with ReportBatchItemFailures ("Using
// Lambda with Amazon SQS", AWS Lambda Developer Guide): it takes batches of up to
// ten messages from a queue to a function. What the function did not handle
// becomes visible again when its visibility timeout is over.
type Mapping struct {
	queue  *Queue
	invoke func(ctx context.Context, event []byte) (answer []byte, err error)
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

// Map starts taking messages from q with as many batches under way at once as
// pollers says. invoke gives the function's answer; its error is the function's
// and puts the whole batch back. Close must be called.
func Map(q *Queue, pollers int, invoke func(ctx context.Context, event []byte) ([]byte, error)) *Mapping {
	ctx, cancel := context.WithCancel(context.Background())
	m := &Mapping{queue: q, invoke: invoke, cancel: cancel}
	for range max(pollers, 1) {
		m.wg.Go(func() { m.poll(ctx) })
	}
	return m
}

// Close stops polling and waits for the batches under way, whose contexts end.
func (m *Mapping) Close() {
	m.cancel()
	m.wg.Wait()
}

func (m *Mapping) poll(ctx context.Context) {
	for ctx.Err() == nil {
		batch, changed, wait := m.queue.receive()
		if len(batch) > 0 {
			m.deliver(ctx, batch)
			continue
		}
		var due <-chan time.Time
		if wait > 0 {
			due = m.queue.clock.After(wait)
		}
		select {
		case <-ctx.Done():
		case <-changed:
		case <-due:
		}
	}
}

func (m *Mapping) deliver(ctx context.Context, batch []Message) {
	event, err := m.event(batch)
	if err != nil {
		return // strings always marshal; were it otherwise, the batch would come back
	}
	answer, err := m.invoke(ctx, event)
	if err != nil {
		return
	}
	failed, err := failures(answer, batch)
	if err != nil {
		return
	}
	for _, msg := range batch {
		if !failed[msg.ID] {
			m.queue.handled(msg.ID)
		}
	}
}

// record is one element of the event ("Using Lambda with Amazon SQS": example
// standard queue message event).
type record struct {
	MessageID         string                     `json:"messageId"`
	ReceiptHandle     string                     `json:"receiptHandle"`
	Body              string                     `json:"body"`
	Attributes        map[string]string          `json:"attributes"`
	MessageAttributes map[string]recordAttribute `json:"messageAttributes"`
	MD5OfBody         string                     `json:"md5OfBody"`
	EventSource       string                     `json:"eventSource"`
	EventSourceARN    string                     `json:"eventSourceARN"`
	AWSRegion         string                     `json:"awsRegion"`
}

type recordAttribute struct {
	StringValue      string   `json:"stringValue,omitempty"`
	BinaryValue      []byte   `json:"binaryValue,omitempty"`
	StringListValues []string `json:"stringListValues"`
	BinaryListValues [][]byte `json:"binaryListValues"`
	DataType         string   `json:"dataType"`
}

func (m *Mapping) event(batch []Message) ([]byte, error) {
	q := m.queue
	records := make([]record, len(batch))
	for i, msg := range batch {
		body := msg.aged(q.clock)
		millis := func(t time.Time) string { return strconv.FormatInt(q.clock.Report(t).UnixMilli(), 10) }
		attributes := map[string]recordAttribute{}
		for name, a := range msg.Attributes {
			attributes[name] = recordAttribute{
				StringValue: a.StringValue, BinaryValue: a.BinaryValue,
				StringListValues: []string{}, BinaryListValues: [][]byte{}, DataType: a.DataType,
			}
		}
		records[i] = record{
			MessageID: msg.ID, ReceiptHandle: msg.receipt, Body: body, MD5OfBody: digest(body),
			Attributes: map[string]string{
				"ApproximateReceiveCount":          strconv.Itoa(msg.Received),
				"SentTimestamp":                    millis(msg.Sent),
				"SenderId":                         "AIDALABSENDER",
				"ApproximateFirstReceiveTimestamp": millis(msg.firstSeen),
			},
			MessageAttributes: attributes, EventSource: "aws:sqs", EventSourceARN: q.ARN(), AWSRegion: q.cfg.Region,
		}
	}
	return json.Marshal(map[string]any{"Records": records})
}

// failures reads a partial batch response. As Lambda documents it: an empty,
// null or absent list is success; an identifier that is empty, unknown or badly
// named fails the whole batch.
func failures(answer []byte, batch []Message) (map[string]bool, error) {
	var response struct {
		BatchItemFailures []struct {
			ItemIdentifier *string `json:"itemIdentifier"`
		} `json:"batchItemFailures"`
	}
	if len(answer) == 0 || string(answer) == "null" || answer[0] == '"' {
		return nil, nil
	}
	if err := json.Unmarshal(answer, &response); err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, msg := range batch {
		known[msg.ID] = true
	}
	failed := map[string]bool{}
	for _, f := range response.BatchItemFailures {
		if f.ItemIdentifier == nil || !known[*f.ItemIdentifier] {
			return nil, errors.New("a batch item failure names no message of the batch")
		}
		failed[*f.ItemIdentifier] = true
	}
	return failed, nil
}
