// Package intake is the interrupt function's handler: the order of the stages,
// and the reply.
//
// The order is the safety case. Facts come first, then the guard. Then the
// evidence is taken. Then comes the claim, which only one trigger of an episode
// can win, and then the send. Only after it comes everything that may fail
// without harm. After the claim the handler never returns an error for that
// target, because an error makes Lambda or SQS deliver the trigger again.
package intake

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"crashcart/lambda/aws/casebook"
	"crashcart/lambda/aws/evidence"
	"crashcart/lambda/aws/resolve"
	"crashcart/lambda/aws/send"
	"crashcart/lambda/aws/standby"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/guard"
	"crashcart/lambda/domain/trigger"
)

// Handler decides what comes in and acts on it. Its fields are in the order of the
// stages. All of them are set once, at cold start, and none may be left out.
type Handler struct {
	Config config.Config
	Log    *slog.Logger
	Now    func() time.Time

	// What is known of a target, and the verdict on it.
	Router   *resolve.Router
	Resolver *resolve.Resolver
	Book     *casebook.Book
	Guard    *guard.Guard

	// A permitted target: its evidence, and its interrupt.
	Taker evidence.Taker
	Live  send.Sender
	Dry   send.Sender

	// What may fail without harm, after the send.
	Store   evidence.Store
	Standby standby.Keeper
	Notify  Notifier

	// Where a target waits for its next pass, and a case for its follow-up.
	Queue Queue
}

// Answer is what a direct invoke gets back.
type Answer struct {
	Outcomes []Outcome         `json:"outcomes"`
	Ignored  []trigger.Ignored `json:"ignored,omitempty"`
}

// Handle takes one invocation's payload, whatever its shape. It returns an
// Answer, or for a batch from the queue the records that must come again. It
// returns an error for one case alone: a bare event whose targets could not be
// put in the queue. Lambda then delivers the event again.
func (h *Handler) Handle(ctx context.Context, payload json.RawMessage) (any, error) {
	inv := trigger.Invocation{At: h.Now()}
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		inv.RequestID = lc.AwsRequestID
	}
	batch := trigger.Decode(payload, inv)
	log := h.Log.With(slog.String("requestId", inv.RequestID))

	answer, jobs := Answer{Outcomes: []Outcome{}}, []*job{}
	for _, rec := range batch.Records {
		if rec.Ignored != nil {
			h.logIgnored(ctx, log, rec)
			answer.Ignored = append(answer.Ignored, *rec.Ignored)
			continue
		}
		jobs = append(jobs, newJobs(rec, inv.RequestID)...)
	}
	jobs = h.decide(ctx, log, jobs)
	h.notify(ctx, log, jobs...)

	again := map[string]bool{}
	for _, j := range jobs {
		if j.outcome.again {
			again[j.messageID] = true
		}
		answer.Outcomes = append(answer.Outcomes, j.outcome)
	}
	return reply(batch, answer, again)
}

// reply is what the caller gets back. again names the queue's messages that must
// be delivered again.
func reply(batch trigger.Batch, answer Answer, again map[string]bool) (any, error) {
	switch batch.Envelope {
	case trigger.EnvelopeSQS:
		failures := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}
		for _, rec := range batch.Records {
			if again[rec.MessageID] {
				failures.BatchItemFailures = append(failures.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: rec.MessageID})
			}
		}
		return failures, nil
	case trigger.EnvelopeEvent:
		if len(again) > 0 {
			return nil, errRequeue
		}
	}
	return answer, nil
}

// errRequeue makes Lambda deliver a bare event again.
var errRequeue = errors.New("the event could neither be decided nor put in the queue: it must be delivered again")
