package followup

import (
	"context"
	"log/slog"

	"github.com/aws/aws-lambda-go/events"
)

// start starts the execution of each case that the queue names, and answers which
// messages must come again. A case that has its execution already needs no other. A
// message that cannot be read comes again until the queue gives it up, so that somebody
// sees it among the dead letters.
func (h *Handler) start(ctx context.Context, messages []message) events.SQSEventResponse {
	again := []events.SQSBatchItemFailure{}
	for _, m := range messages {
		err := m.err
		if err == nil {
			err = h.Machine.Start(ctx, m.caseID)
		}
		log, level := h.Log.With(slog.String("messageId", m.id), slog.String("caseId", m.caseID)), slog.LevelInfo
		if err != nil {
			again, level = append(again, events.SQSBatchItemFailure{ItemIdentifier: m.id}), slog.LevelError
			log = log.With(slog.Any("error", err))
		}
		log.LogAttrs(ctx, level, "start")
	}
	return events.SQSEventResponse{BatchItemFailures: again}
}
