package standby

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"

	"crashcart/lambda/aws/awserr"
	"crashcart/lambda/aws/call"
)

// backoff is between two requests for the same instance. Bound leaves room for half a
// dozen of them, which is enough to outwait another update of the group.
var backoff = call.Backoff{First: 100 * time.Millisecond, Longest: 400 * time.Millisecond}

// ending is what became of the requests for one instance.
type ending struct {
	moved bool  // it was answered that the instance moves to Standby
	lost  bool  // a request may have been taken without an answer, so it may move
	err   error // the last one
}

// enter asks until it is answered, or ctx ends.
//
// Asking again is harmless, since a member that is in Standby already is refused. Such
// a refusal has two meanings. On a first request it proves that nothing was moved. On a
// later one it may be the echo of a request whose answer got lost. That is why the SDK
// must not ask again by itself.
func (k Keeper) enter(ctx context.Context, in *autoscaling.EnterStandbyInput) ending {
	var end ending
	if end.err = ctx.Err(); end.err != nil {
		return end // there was no time even to ask
	}
	for tries := 1; ; tries++ {
		end.err = k.ask(ctx, in)
		switch {
		case end.err == nil:
			return ending{moved: true}
		case final[awserr.Code(end.err)] != "":
			return end
		case retryable(end.err) == "" && !awserr.NeverConnected(end.err):
			end.lost = true
		}
		if backoff.Wait(ctx, tries) != nil {
			return end
		}
	}
}

// ask makes one request. It returns when ctx ends, and a panic of the client is an
// error: the interrupt has been sent, and its case must be settled whatever happens
// here.
func (k Keeper) ask(ctx context.Context, in *autoscaling.EnterStandbyInput) error {
	_, err := call.Within(ctx, func() (*autoscaling.EnterStandbyOutput, error) {
		return k.API.EnterStandby(ctx, in, func(o *autoscaling.Options) { o.Retryer = aws.NopRetryer{} })
	})
	return err
}
