package sqs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Handler serves queues over AWS JSON 1.0 ("Making Amazon SQS API requests using
// the AWS JSON protocol").
type Handler struct{ queues map[string]*Queue }

// NewHandler serves these queues, each at the URL path that Queue.URL gives.
func NewHandler(queues ...*Queue) *Handler {
	h := &Handler{queues: map[string]*Queue{}}
	for _, q := range queues {
		h.queues["/"+q.cfg.Account+"/"+q.cfg.Name] = q
	}
	return h
}

// apiError is an SQS error. The JSON shape's name and the older query protocol's
// code differ; the SDK reads the latter from a header where it is set.
type apiError struct{ shape, query, message string }

func (e *apiError) Error() string { return e.shape + ": " + e.message }

type entry struct {
	ID                string `json:"Id"`
	QueueURL          string `json:"QueueUrl"`
	MessageBody       string
	DelaySeconds      int
	MessageAttributes map[string]Attribute
}

// ServeHTTP answers SendMessage and SendMessageBatch.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 2*maxBody))
	var out any
	if err == nil {
		switch op := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS."); op {
		case "SendMessage":
			out, err = h.send(body)
		case "SendMessageBatch":
			out, err = h.sendBatch(body)
		default:
			err = &apiError{shape: "InvalidAction", message: "the lab's SQS does not know " + op}
		}
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.Header().Set("X-Amzn-Requestid", newID())
	if err != nil {
		out = refuse(w, err)
	}
	_ = json.NewEncoder(w).Encode(out) // an error is the client's hang-up
}

func refuse(w http.ResponseWriter, err error) any {
	e, ok := errors.AsType[*apiError](err)
	if !ok {
		e = &apiError{shape: "InvalidParameterValue", message: err.Error()}
	}
	if e.query != "" {
		w.Header().Set("X-Amzn-Query-Error", e.query+";Sender")
	}
	w.WriteHeader(http.StatusBadRequest)
	return map[string]string{"__type": "com.amazonaws.sqs#" + e.shape, "message": e.message}
}

// queue finds a queue by the path of its URL; the host is the endpoint's business.
func (h *Handler) queue(url string) (*Queue, error) {
	_, rest, _ := strings.Cut(url, "://")
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		if q := h.queues[rest[i:]]; q != nil {
			return q, nil
		}
	}
	return nil, &apiError{
		shape: "QueueDoesNotExist", query: "AWS.SimpleQueueService.NonExistentQueue",
		message: "The specified queue does not exist.",
	}
}

func (h *Handler) send(body []byte) (any, error) {
	var in entry
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, fmt.Errorf("reading SendMessage: %w", err)
	}
	q, err := h.queue(in.QueueURL)
	if err != nil {
		return nil, err
	}
	id, err := q.accept(in)
	if err != nil {
		return nil, err
	}
	return map[string]string{"MessageId": id, "MD5OfMessageBody": digest(in.MessageBody)}, nil
}

// accept checks a message against SQS's limits and queues it.
func (q *Queue) accept(in entry) (string, error) {
	delay := time.Duration(in.DelaySeconds) * time.Second
	switch {
	case in.MessageBody == "":
		return "", &apiError{shape: "MissingParameter", message: "The request must contain the parameter MessageBody."}
	case len(in.MessageBody) > maxBody:
		return "", &apiError{shape: "InvalidParameterValue", message: "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes."}
	case delay < 0 || delay > maxDelay:
		return "", &apiError{
			shape:   "InvalidParameterValue",
			message: fmt.Sprintf("Value %d for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.", in.DelaySeconds),
		}
	}
	return q.Send(in.MessageBody, in.MessageAttributes, delay), nil
}

func (h *Handler) sendBatch(body []byte) (any, error) {
	var in struct {
		QueueURL string `json:"QueueUrl"`
		Entries  []entry
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, fmt.Errorf("reading SendMessageBatch: %w", err)
	}
	q, err := h.queue(in.QueueURL)
	if err != nil {
		return nil, err
	}
	if err := checkEntries(in.Entries); err != nil {
		return nil, err
	}
	done, failed := []map[string]string{}, []map[string]any{}
	for _, e := range in.Entries {
		id, err := q.accept(e)
		if refused, ok := errors.AsType[*apiError](err); ok {
			failed = append(failed, map[string]any{"Id": e.ID, "Code": refused.shape, "Message": refused.message, "SenderFault": true})
			continue
		}
		done = append(done, map[string]string{"Id": e.ID, "MessageId": id, "MD5OfMessageBody": digest(e.MessageBody)})
	}
	return map[string]any{"Successful": done, "Failed": failed}, nil
}

func checkEntries(entries []entry) error {
	if len(entries) == 0 {
		return &apiError{shape: "EmptyBatchRequest", query: "AWS.SimpleQueueService.EmptyBatchRequest", message: "There should be at least one SendMessageBatchRequestEntry in the request."}
	}
	if len(entries) > maxBatch {
		return &apiError{
			shape: "TooManyEntriesInBatchRequest", query: "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
			message: fmt.Sprintf("Maximum number of entries per request are %d. You have sent %d.", maxBatch, len(entries)),
		}
	}
	seen := map[string]bool{}
	for _, e := range entries {
		if seen[e.ID] {
			return &apiError{shape: "BatchEntryIdsNotDistinct", query: "AWS.SimpleQueueService.BatchEntryIdsNotDistinct", message: "Id " + e.ID + " repeated."}
		}
		seen[e.ID] = true
	}
	return nil
}

// marshal encodes without escaping <, > and &, which the sender did not escape either.
func marshal(v any) (string, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "", err
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}
