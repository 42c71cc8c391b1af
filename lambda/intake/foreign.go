package intake

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"crashcart/lambda/domain/guard"
	"crashcart/lambda/domain/instance"
)

// foreign says whether the job's alarm belongs to another Region or account, and
// if so refuses it. Instance ids are unique everywhere, but a group of the same name
// may well exist here.
func (h *Handler) foreign(ctx context.Context, j *job) bool {
	if j.trigger.Alarm == nil {
		return false
	}
	region, account := ownerOf(j.trigger.Alarm.ARN)
	why := ""
	if region != h.Config.Region {
		why = fmt.Sprintf("the alarm is of Region %s, and this is %s", region, h.Config.Region)
	} else if lc, ok := lambdacontext.FromContext(ctx); ok && lc.InvokedFunctionArn != "" {
		if _, ours := ownerOf(lc.InvokedFunctionArn); account != ours {
			why = fmt.Sprintf("the alarm is of account %s, and this is %s", account, ours)
		}
	}
	if why == "" {
		return false
	}
	j.question = guard.Question{Trigger: j.trigger, Ref: j.ref, Instance: &instance.Instance{}}
	j.verdict = h.Guard.Unnamed(j.trigger, guard.Refused, why)
	return true
}

// ownerOf reads Region and account out of an ARN: arn:partition:service:region:account:...
func ownerOf(arn string) (region, account string) {
	const parts = 6
	p := strings.SplitN(arn, ":", parts)
	if len(p) < parts {
		return "", ""
	}
	return p[3], p[4]
}
