// Package followup looks after cases when the shot is over.
//
// Its function is invoked every five minutes with {"sweep":true}, and so far that is
// all it knows. A sweep reads the index of open cases and says how many there are, how
// many are overdue, how many have lost the result of their shot, and how old the
// oldest one is: as one log line, which is CloudWatch's metrics as well, and as the
// answer. The alarm on cases that nobody closes and the dashboard's count of open ones
// live on it.
//
// It counts and writes nothing. Nor could it do harm: the package knows no EC2, the
// bootstrap links one operation of one service, DynamoDB's Query, and its role allows
// that on the index alone. DryRuns are in another partition of the index and are
// never counted.
//
// A count that could not be had is an error and no count. Then there is no metric
// either, and that the metric is missing is itself an alarm.
package followup

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"crashcart/lambda/domain/cases"
)

// Casebook is the part of the casebook that a sweep needs.
type Casebook interface {
	// Unclosed gives the real cases that nobody has closed, newest first.
	Unclosed(context.Context) ([]cases.Record, error)
}

// Handler is the follow-up's function. All its fields are set once, at cold start.
type Handler struct {
	Book Casebook
	Log  *slog.Logger
	Now  func() time.Time
}

// Handle takes one invocation's event, which must be {"sweep":true}, and gives what
// the sweep found. The error is for any other event, and for a casebook that could not
// be read: then nothing was counted.
func (h *Handler) Handle(ctx context.Context, event json.RawMessage) (Report, error) {
	if err := decode(event); err != nil {
		return Report{}, err
	}
	return h.sweep(ctx)
}
