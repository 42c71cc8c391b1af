package intake

import (
	"context"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"crashcart/lambda/domain/config"
)

// followBound is how long handing a case to the follow-up may take. SQS answers within a
// tenth of a second.
const followBound = 2 * time.Second

// follow hands a case to the follow-up, by its queue. The case is settled by then, so that
// the follow-up does not find it claimed. A case that could not be settled is handed over
// all the same: it may have been sent. If this fails the follow-up begins later, when its
// sweep finds the case.
func (h *Handler) follow(ctx context.Context, j *job, caseID string) {
	ctx, cancel := context.WithTimeout(ctx, followBound)
	defer cancel()
	_, err := h.Queue.SendMessage(ctx, &sqs.SendMessageInput{
		QueueUrl: &h.Config.FollowupQueueURL, MessageBody: aws.String(config.FollowMessage(caseID)),
	})
	if err != nil {
		j.log.ErrorContext(ctx, "the case could not be handed to the follow-up, its sweep will find it",
			slog.String("caseId", caseID), slog.Any("error", err))
	}
}
