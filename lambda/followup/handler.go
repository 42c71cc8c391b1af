// Package followup follows a case from its interrupt to its end.
//
// Its function has four kinds of events (event.go). A message of the follow-up's queue
// starts the case's execution in Step Functions. The execution asks to Advance, again and
// again, and at last to Finish. A schedule asks to sweep: to start what was not started,
// and to end what has been left without an end.
//
// # Steps
//
// Advance makes one step (steps.go). A step may have an effect outside of the casebook,
// and then makes one write, which happens only if nobody has written a step since the
// case was read. So a step that is killed is made again, two that run at once are one, and
// a case ends exactly once. Of a notification people may get a second one where the
// function was killed before it could write that it had sent the first.
//
// Everything that is known of a case is in the casebook. The execution knows its id.
//
// # What it cannot do
//
// Nothing here can interrupt an instance. It reads, keeps evidence, notifies, and closes
// its case. A host that has crashed is asked for its dump, by a command that changes
// nothing on it. A test asks the linker for that.
package followup

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"crashcart/lambda/aws/casebook"
	"crashcart/lambda/aws/collect"
	"crashcart/lambda/aws/evidence"
	"crashcart/lambda/aws/executions"
	"crashcart/lambda/aws/notify"
	"crashcart/lambda/aws/observe"
	"crashcart/lambda/aws/snapshot"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
)

// Notifier notifies people of what became of a case.
type Notifier interface {
	Update(context.Context, notify.Update) error
}

// Handler is the function that follows cases. All its fields are set once, at cold start,
// and none may be left out.
type Handler struct {
	Region string
	Log    *slog.Logger
	Now    func() time.Time

	Book    *casebook.Book
	Machine executions.Machine

	// What is seen of a host.
	Taker    evidence.Taker
	After    evidence.After
	Observer observe.Observer

	// How a dump comes home.
	Collect   config.Collect
	Commands  collect.Commands
	Store     collect.Store
	Snapshots snapshot.Taker
	Manifests Manifests

	Notify Notifier
}

// task is a case as it was read, at this moment.
func (h *Handler) task(r cases.Record, f *failure) task {
	return task{r: r, now: h.Now(), failure: f, collect: h.Collect}
}

// Handle takes one invocation's event. For a batch of its queue it answers which messages
// must come again, and for everything else with what was done. It returns an error for
// what must be asked again, and for an event that it does not know.
func (h *Handler) Handle(ctx context.Context, payload json.RawMessage) (any, error) {
	e, err := decode(payload)
	if err != nil {
		return nil, err
	}
	switch e.kind {
	case kindAdvance:
		return h.advance(ctx, e.caseID)
	case kindFinish:
		return h.finish(ctx, e.caseID, e.failure)
	case kindSweep:
		return h.sweep(ctx)
	default:
		return h.start(ctx, e.messages), nil
	}
}
