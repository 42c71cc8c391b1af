package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"
)

// SweepEvent is the event that makes the follow-up sweep: it starts what was not started,
// and finds what has ended without an end. The stack's schedule sends it.
const SweepEvent = `{"sweep":true}`

// FollowMessage is the message that starts the follow-up of a case. The interrupt
// function puts it into the follow-up's queue.
func FollowMessage(caseID string) string { return fmt.Sprintf(`{"caseId":%q}`, caseID) }

// EnvStateMachine is the environment variable of the follow-up alone.
const EnvStateMachine = "CRASHCART_STATE_MACHINE"

// FollowupTimeout is the timeout of the follow-up's function. Its longest call is a sweep
// of many cases. The state machine gives its tasks more, 120 s, so that a call that is
// late ends by itself.
const FollowupTimeout = 100 * time.Second

// Followup is all that the follow-up takes from its environment.
type Followup struct {
	Table   string // DynamoDB table of the casebook
	Bucket  string // S3 bucket of the evidence
	Topic   string // ARN of the SNS topic that notifications go to
	Machine string // ARN of the state machine

	// Lambda's own variables.
	Region   string
	Endpoint string // one endpoint for all AWS calls, empty on AWS
}

// FollowupFromEnv reads the configuration of the follow-up, as FromEnv reads that of the
// interrupt function. It refuses the settings of the other functions: here they would do
// nothing.
func FollowupFromEnv(environ []string) (Followup, error) {
	var f Followup
	known := slices.DeleteFunc(Settings(), func(s Setting) bool { return s.Env != EnvTable && s.Env != EnvBucket && s.Env != EnvTopic })
	known = append(known, Setting{
		Env: EnvStateMachine, Allowed: "an ARN", Meaning: "ARN of the Step Functions state machine that follows a case",
		set: func(_ *Config, v string) error {
			if f.Machine = v; !stateMachine.MatchString(v) {
				return errors.New("must be the ARN of a state machine")
			}
			return nil
		},
	})
	all, problems := read(environ, known, "the follow-up")
	f.Table, f.Bucket, f.Topic, f.Region, f.Endpoint = all.Table, all.Bucket, all.Topic, all.Region, all.Endpoint
	return f, errors.Join(append(problems, f.Validate())...)
}

// stateMachine is the form of a state machine's ARN ("Resource types defined by AWS Step
// Functions", Service Authorization Reference).
var stateMachine = regexp.MustCompile(`^arn:aws[a-z-]*:states:[a-z0-9-]+:[0-9]{12}:stateMachine:[A-Za-z0-9_-]{1,80}$`)

// Validate reports what is missing of Lambda's own variables.
func (f Followup) Validate() error {
	if f.Region == "" {
		return errors.New(noRegion)
	}
	return nil
}
