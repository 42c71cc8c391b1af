package standby

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/smithy-go"

	"crashcart/lambda/domain/config"
)

// pause is how long to wait before asking again, once more for every time it was
// asked.
const pause = 100 * time.Millisecond

// retryable are the codes that prove that nothing was moved and that the same
// request may soon be taken ("EnterStandby" and "Common Errors", Amazon EC2 Auto
// Scaling API Reference). ResourceContention comes as a 500, so the status
// proves nothing.
var retryable = map[string]string{
	"ResourceContention":   "the group has another update pending; put it into Standby by hand",
	"Throttling":           throttled,
	"ThrottlingException":  throttled,
	"RequestLimitExceeded": throttled,
}

const throttled = "Auto Scaling throttles the account; put it into Standby by hand"

// final are the codes that prove that nothing was moved and that asking again
// helps nobody (ibid.), with what a person does about each.
var final = map[string]string{ //nolint:gosec // error codes that speak of tokens, no credentials
	"AccessDenied":          denied,
	"AccessDeniedException": denied,
	"UnauthorizedOperation": denied,
	validation:              "see the group's activity history",
	"InvalidClientTokenId":  "Auto Scaling does not accept the function's credentials; look for a deleted role",
	"SignatureDoesNotMatch": "Auto Scaling does not accept the function's signature; look for a clock that is off",
	"RequestExpired":        "the request was too old when it arrived; look for a clock that is off",
	"ExpiredToken":          "the function's credentials had expired; put it into Standby by hand",
	"OptInRequired":         "the account has not opted in to the service; enable it in the account's settings",
	"InvalidAction":         "this Region's Auto Scaling does not know the call; put it into Standby by hand",
}

const (
	validation = "ValidationError"
	denied     = "the function's role, a permission boundary or an SCP denies autoscaling:EnterStandby for this group; " +
		"the role may do it only in groups that carry the tag " + config.TagKey + " themselves, which is not the instance's tag"
)

// ending is what became of the requests for one instance.
type ending struct {
	moved bool  // it was answered that the instance moves to Standby
	lost  bool  // a request may have been taken without an answer, so it may move
	err   error // the last one
}

// enter asks until it is answered, or ctx ends. Asking again is harmless, for a
// member that is in Standby already is refused. What must be kept apart is that
// refusal of a first request, which proves that nothing was moved, from that of a
// second one, which may be the echo of a first whose answer got lost. That is why
// the SDK must not ask again by itself.
func (k Keeper) enter(ctx context.Context, in *autoscaling.EnterStandbyInput) ending {
	var end ending
	if end.err = ctx.Err(); end.err != nil {
		return end // there was no time even to ask
	}
	for wait := pause; ; wait += pause {
		end.err = k.ask(ctx, in)
		code := codeOf(end.err)
		switch {
		case end.err == nil:
			return ending{moved: true}
		case final[code] != "":
			return end
		case retryable[code] == "" && !unreached(end.err):
			end.lost = true
		}
		select {
		case <-ctx.Done():
			return end
		case <-time.After(wait):
		}
	}
}

// ask makes one request. It returns when ctx ends even if the API does not, and
// makes an error of a panic: the interrupt has been sent, and its case must be
// settled whatever happens here.
func (k Keeper) ask(ctx context.Context, in *autoscaling.EnterStandbyInput) error {
	done := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- fmt.Errorf("the client panicked: %v", p)
			}
		}()
		_, err := k.API.EnterStandby(ctx, in, func(o *autoscaling.Options) { o.Retryer = aws.NopRetryer{} })
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-done: // both were ready: the answer counts
		return err
	default:
		return ctx.Err()
	}
}

// unreached says whether there was never a connection that a request could have
// been written to.
func unreached(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}

// codeOf is the service's error code, empty if it gave none.
func codeOf(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()
	}
	return ""
}

// say tells the ending in a sentence; group is printable.
func (e ending) say(group string) string {
	code := codeOf(e.err)
	switch {
	case e.moved:
		return fmt.Sprintf("it was put into Standby in its group %s, which replaces its capacity and leaves it alone; it stays there, and is billed, until somebody ends that", group)
	case e.lost:
		return fmt.Sprintf("it may or may not be in Standby in its group %s, because no clear answer came back (%s): look, and if it is not, put it there by hand", group, reason(e.err))
	case code == validation:
		return fmt.Sprintf("it could not be put into Standby in its group %s, which says %q (%s): %s", group, reason(e.err), code, final[code])
	}
	advice := final[code]
	if advice == "" {
		advice = retryable[code]
	}
	if advice == "" {
		return fmt.Sprintf("it was not put into Standby in its group %s, because Auto Scaling was not reached in time (%s): put it there by hand before the group takes it", group, reason(e.err))
	}
	return fmt.Sprintf("it could not be put into Standby in its group %s (%s): %s", group, code, advice)
}

// reason is what the service or the connection said, to be read in a sentence.
func reason(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok && api.ErrorCode() == validation {
		return plain(api.ErrorMessage())
	}
	return plain(err.Error())
}
