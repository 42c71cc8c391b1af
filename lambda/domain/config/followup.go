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

// The environment variables by which the follow-up brings dumps home.
const (
	EnvCollect      = "CRASHCART_COLLECT"
	EnvCollectLimit = "CRASHCART_COLLECT_LIMIT_GIB"
	EnvCollectRate  = "CRASHCART_COLLECT_RATE_MIB"
	EnvCollectFor   = "CRASHCART_COLLECT_FOR"
	EnvSnapshot     = "CRASHCART_SNAPSHOT"
)

// Switch is a setting that is on or off.
type Switch string

// The positions of a Switch.
const (
	On  Switch = "on"
	Off Switch = "off"
)

// Collect is how dumps are brought home.
type Collect struct {
	Dumps    Switch        // whether the host is asked for them at all
	LimitGiB int           // of all files of one case
	RateMiB  int           // a second, that a host may send
	For      time.Duration // how long it is tried, from the first time that the host is asked
	Snapshot Switch        // of the root volume, where the host cannot give its dump
}

// Limit is how many bytes of one case are brought home at most.
func (c Collect) Limit() int64 { return int64(c.LimitGiB) << 30 }

// Rate is how many bytes a host may send in a second.
func (c Collect) Rate() int64 { return int64(c.RateMiB) << 20 }

// CollectSettings returns the settings of Collect, in the order of the README's table.
func CollectSettings() []Setting { return collectSettings(&Collect{}) }

func collectSettings(to *Collect) []Setting {
	return []Setting{
		choice(EnvCollect, "bring dmesg and dump from the host to the bucket, by an SSM command", func(*Config) *Switch { return &to.Dumps }, On, Off),
		count(EnvCollectLimit, "64", 4096, "GiB of one case that are brought home at most, its smallest files first", func(*Rules) *int { return &to.LimitGiB }),
		// A host that is back has work to do, and others share its way out.
		count(EnvCollectRate, "32", 4096, "MiB a second that a host may send, since it has work to do", func(*Rules) *int { return &to.RateMiB }),
		span(EnvCollectFor, "2h", 10*time.Minute, 12*time.Hour, "how long a dump may take home; the case stays open for it", func(*Rules) *time.Duration { return &to.For }),
		choice(EnvSnapshot, "take a snapshot of the root volume when the host cannot give its dump", func(*Config) *Switch { return &to.Snapshot }, Off, On),
	}
}

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
	Collect Collect

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
	known = append(known, collectSettings(&f.Collect)...)
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
