package send

import (
	"errors"
	"fmt"

	"github.com/aws/smithy-go"

	"crashcart/lambda/aws/awserr"
)

// dryRunOK is EC2's answer to a DryRun that would have been allowed
// ("SendDiagnosticInterrupt", Amazon EC2 API Reference). It says that IAM is probably
// right, not that the instance type is supported.
const dryRunOK = "DryRunOperation"

// rejections are the error codes that prove that no interrupt was sent, with
// what a person does about each ("Error codes for the Amazon EC2 API", Amazon EC2
// Developer Guide; UnsupportedOperation as seen in the wild). The guide does not say
// which code an instance gets that does not run, so the whole family is here.
//
// Only these codes prove it. After any other code, such as InternalError, and after an
// answer without a code, the interrupt may have gone out. The HTTP status proves
// nothing: RequestLimitExceeded comes as a 503.
var rejections = map[string]string{ //nolint:gosec // error codes that speak of tokens, no credentials
	"UnsupportedOperation":        "EC2 cannot interrupt this instance type; use the serial console and SysRq instead",
	"UnauthorizedOperation":       "the function's role, a permission boundary or an SCP denies it; compare the instance's tag with the role's condition, and decode the message of the event in CloudTrail with `aws sts decode-authorization-message`",
	"AuthFailure":                 "EC2 does not accept the function's credentials; look for a clock that is off or a deleted role",
	"InvalidClientTokenId":        "EC2 does not accept the function's credentials; look for a deleted role",
	"SignatureDoesNotMatch":       "EC2 does not accept the function's signature; look for a clock that is off",
	"RequestExpired":              "the request's signature was too old when it arrived; look for a clock that is off",
	"ExpiredToken":                "the function's credentials had expired; the next invocation has new ones",
	"Blocked":                     "AWS has blocked the account; contact AWS Support",
	"PendingVerification":         "AWS is still verifying the account; try again in two hours",
	"OptInRequired":               "the account has not opted in to this Region or service; enable it in the account's settings",
	"InvalidInstanceID.NotFound":  "EC2 does not know the instance any more; see who terminated it in CloudTrail",
	"InvalidInstanceID.Malformed": "EC2 does not take this for an instance id; look at what named it",
	"IncorrectInstanceState":      "the instance does not run any more; see who stopped it in CloudTrail",
	"IncorrectState":              "the instance does not run any more; see who stopped it in CloudTrail",
	"InvalidInstanceState":        "the instance does not run any more; see who stopped it in CloudTrail",
	"InvalidState":                "the instance does not run any more; see who stopped it in CloudTrail",
	"OperationNotPermitted":       "EC2 does not permit it for this instance; it may be managed by another service, which is then the one to ask",
	"InvalidAction":               "this Region's EC2 does not know the call; use the serial console and SysRq instead",
	"DryRunOperation":             "EC2 answered a real request as if it were a dry run and sent nothing; look at what stands between the function and EC2",
	"RequestLimitExceeded":        throttleAdvice,
	"Throttling":                  throttleAdvice,
	"ThrottlingException":         throttleAdvice,
	"ClientRequestLimitExceeded":  throttleAdvice,
}

const throttleAdvice = "EC2 throttled the call until the permit was dead; see who else calls SendDiagnosticInterrupt, or raise its quota in Service Quotas"

// classify reads EC2's answer by its error code.
func classify(err error, dryRun bool) Result {
	if err == nil {
		if dryRun {
			return Result{Kind: Unknown, Why: "EC2 answered a dry run with success, which it never does: look at the instance"}
		}
		return Result{Kind: Interrupted, Why: "EC2 accepted the interrupt; whether the kernel took it shows on the console"}
	}
	if awserr.NeverConnected(err) {
		return Result{Kind: Void, Why: fmt.Sprintf("nothing was sent, EC2 could not be reached: %v", err)}
	}
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return unproven("", fmt.Sprintf("no answer came back (%v)", err), dryRun)
	}
	code := api.ErrorCode()
	if dryRun && code == dryRunOK {
		return Result{Kind: DryRun, Code: code, Why: "a dry run: EC2 would have accepted the interrupt, none was sent"}
	}
	if advice, proven := rejections[code]; proven {
		return Result{Kind: Rejected, Code: code, Why: fmt.Sprintf("EC2 refused it (%s): %s", code, advice)}
	}
	return unproven(code, fmt.Sprintf("EC2 answered %q", code), dryRun)
}

// unproven is the result of a send whose end is not known.
func unproven(code, what string, dryRun bool) Result {
	if dryRun {
		return Result{Kind: Unknown, Code: code, Why: what + ", so the dry run shows nothing; ask for it again"}
	}
	return Result{Kind: Unknown, Code: code, Why: what + ", so the interrupt may have been sent, and will not be sent again: a second one would kill the dump; look at the console"}
}
