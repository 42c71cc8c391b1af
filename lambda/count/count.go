// Package count counts the cases that nobody has closed.
//
// Its function is invoked every five minutes with {"count":true}, which is all it knows.
// It reads the index of open cases. It says how many cases are open, how many are
// overdue, how many have lost the result of their interrupt, and how old the oldest one
// is. It says so in its answer and in one log line, which is CloudWatch's metrics as
// well. The alarms on cases that nobody closes and on claims that died, and the
// dashboard's count of open cases, are made from these metrics.
//
// It counts and writes nothing. Nor could it do harm: the package knows no EC2, the
// bootstrap calls one operation of one service, DynamoDB's Query, and its role allows
// that on the index alone. Dry runs are in another partition of the index and are
// never counted. What follows cases up is a function of its own.
//
// When the casebook cannot be read there is an error and no count. Then there is no
// metric either, and a missing metric is itself an alarm.
package count

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"crashcart/lambda/domain/cases"
)

// Casebook is the part of the casebook that a count needs.
type Casebook interface {
	// Unclosed gives the real cases that nobody has closed, newest first.
	Unclosed(context.Context) ([]cases.Record, error)
}

// Handler is the function that counts. All its fields are set once, at cold start, and
// none may be left out.
type Handler struct {
	Book Casebook
	Log  *slog.Logger
	Now  func() time.Time
}

// Handle takes one invocation's event, which must be {"count":true}, and gives what was
// counted. It returns an error for any other event, and when the casebook could not be
// read. Then nothing was counted.
func (h *Handler) Handle(ctx context.Context, event json.RawMessage) (Report, error) {
	if err := decode(event); err != nil {
		return Report{}, err
	}
	return h.count(ctx)
}
