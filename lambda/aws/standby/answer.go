package standby

import (
	"errors"
	"fmt"

	"github.com/aws/smithy-go"

	"crashcart/lambda/aws/awserr"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/printable"
)

// contention says that nothing was moved, and that the same request may soon be taken
// ("EnterStandby", Amazon EC2 Auto Scaling API Reference). It comes as a 500, so the
// status proves nothing.
const contention = "ResourceContention"

// retryable gives what a person does about an error that proves that nothing was
// moved, where the same request may soon be taken. It is empty for any other error.
func retryable(err error) string {
	switch {
	case awserr.Throttled(err):
		return "Auto Scaling throttles the account; put it into Standby by hand"
	case awserr.Code(err) == contention:
		return "the group has another update pending; put it into Standby by hand"
	}
	return ""
}

// final are the codes that prove that nothing was moved, where asking again would not
// help ("EnterStandby" and "Common Errors", Amazon EC2 Auto Scaling API Reference).
// With each is what a person does about it.
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

// sentence says what became of the requests; group is printable.
func (e ending) sentence(group string) string {
	code := awserr.Code(e.err)
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
		advice = retryable(e.err)
	}
	if advice == "" {
		return fmt.Sprintf("it was not put into Standby in its group %s, because Auto Scaling was not reached in time (%s): put it there by hand before the group takes it", group, reason(e.err))
	}
	return fmt.Sprintf("it could not be put into Standby in its group %s (%s): %s", group, code, advice)
}

// reason is what the service or the connection said, as part of a sentence.
func reason(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok && api.ErrorCode() == validation {
		return plain(api.ErrorMessage())
	}
	return plain(err.Error())
}

// mostText bounds a text from outside within a sentence, in bytes. The documented
// messages and most names of groups are shorter.
const mostText = 200

func plain(text string) string { return printable.Line(text, mostText) }
