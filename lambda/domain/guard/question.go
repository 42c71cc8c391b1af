package guard

import (
	"fmt"
	"slices"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/instance"
	"crashcart/lambda/domain/trigger"
	"crashcart/lambda/domain/vitals"
)

// Question is everything that is known about one target.
type Question struct {
	Trigger  *trigger.Trigger
	Ref      trigger.Ref
	Instance *instance.Instance

	Book       fact.Of[cases.View]
	Budget     fact.Of[cases.Slots]
	GroupSlots fact.Of[cases.Slots]
	Console    fact.Of[[]byte] // as it is now; Known and empty where EC2 has none
	Screenshot fact.Of[[]byte] // the picture on its screen now
}

// Inquiry is a question at one moment, under one configuration.
type Inquiry struct {
	Question
	Config config.Config
	Now    time.Time

	read    func() vitals.Reading // once, since several rules ask; nil reads them each time
	watched func() watch          // the same
}

// asOf is the moment that the facts are about. It is never later than Now.
func (in Inquiry) asOf() time.Time {
	if in.Instance.AsOf.IsZero() {
		return in.Now
	}
	return in.Instance.AsOf
}

// forced says whether a person asks, and names the rule in force.
func (in Inquiry) forced(rule string) bool {
	return in.Trigger.Kind == trigger.KindDirect && slices.Contains(in.Trigger.Force, rule)
}

// command is what a person types to ask for this instance.
func (in Inquiry) command() string {
	return fmt.Sprintf(`aws lambda invoke --region %s --function-name %s --cli-binary-format raw-in-base64-out `+
		`--payload '{"instanceIds":["%s"],"reason":"say why"}' /dev/stdout`,
		in.Config.Region, in.Config.FunctionName, in.Instance.ID)
}
