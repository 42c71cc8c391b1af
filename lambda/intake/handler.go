// Package intake is the interrupt function's handler: the order of the stages,
// and the reply.
//
// The order is the safety case. Facts first; then the guard; then the look; then
// the claim, which only one trigger of an episode can win; then the send; and
// only then everything that may fail without harm. After the claim the handler
// never returns an error for that target, because an error makes Lambda or SQS
// deliver the trigger again.
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

// Handler decides what comes in and acts on it. All its fields are set once, at
// cold start.
type Handler struct {
	Config   config.Config
	Router   *resolve.Router
	Resolver *resolve.Resolver
	Book     *casebook.Book
	Guard    *guard.Guard
	Taker    evidence.Taker
	Evidence evidence.Store
	Live     send.Sender
	Dry      send.Sender
	Protect  standby.Keeper
	Notify   Notifier
	Queue    Queue
	Log      *slog.Logger
	Now      func() time.Time
}

// Answer is what a direct invoke gets back.
type Answer struct {
	Outcomes []Outcome         `json:"outcomes"`
	Ignored  []trigger.Ignored `json:"ignored,omitempty"`
}

// Handle takes one invocation's payload, whatever its shape. It returns an
// Answer, or for a batch from the queue the records that must come again. The
// error is for a bare event alone, whose targets could not be put in the queue:
// then Lambda delivers it again.
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

// job is one target on its way through the stages.
type job struct {
	trigger   *trigger.Trigger
	ref       trigger.Ref
	parent    *job   // the job whose ref stood for this instance; nil if the trigger named it
	nobody    string // a part of what its ref stands for stands for nobody yet: why
	doubt     error  // why nothing is known of a member of the group that its ref names
	messageID string // of the queue's message, empty outside a queue
	sender    string // what a redelivery of the same thing has in common with it
	question  guard.Question
	verdict   guard.Verdict
	log       *slog.Logger
	outcome   Outcome
	told      bool // or nobody needs to be

	unanswered bool          // a fact could not be had
	sentAfter  time.Duration // from the trigger's own time to the send
}

func newJobs(rec trigger.Record, requestID string) []*job {
	sender := rec.MessageID
	if sender == "" {
		sender = requestID
	}
	jobs := make([]*job, 0, len(rec.Trigger.Targets))
	for _, ref := range rec.Trigger.Targets {
		jobs = append(jobs, &job{trigger: rec.Trigger, ref: ref, messageID: rec.MessageID, sender: sender})
	}
	return jobs
}

func (j *job) end(kind OutcomeKind, v guard.Verdict) {
	j.outcome.InstanceID = j.ref.Instance
	if j.ref.Instance == "" {
		j.outcome.Target = name(j.ref)
	}
	j.outcome.Outcome, j.outcome.Rule, j.outcome.Why, j.outcome.CaseID = kind, v.Rule, v.Why, v.CaseID
}
