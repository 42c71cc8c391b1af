// Package config is what the infrastructure and the functions must agree on:
// the names of the environment variables, every default of the guard, the tag
// keys and the metric names. Each of them is written down once, here.
//
// Configuration is read once, at cold start. A value that is missing, unknown
// or out of bounds stops the function with every problem listed: a mistyped
// cooldown must never become another cooldown.
package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Mode is how far a stack may go by itself.
type Mode string

const (
	// ModeDryRun sends every interrupt with DryRun. It is how the stack is shipped.
	ModeDryRun Mode = "dry-run"
	// ModeManual interrupts only when a person or program invokes the function.
	ModeManual Mode = "manual"
	// ModeAuto lets alarms interrupt instances whose tag is auto as well.
	ModeAuto Mode = "auto"
)

// Protect is when an interrupted member of an Auto Scaling group is put into
// Standby, so that the group does not terminate it before it has dumped.
type Protect string

const (
	// ProtectAuto protects in the mode auto alone: there nobody is at hand to do it.
	ProtectAuto Protect = "auto"
	// ProtectOn protects in every mode.
	ProtectOn Protect = "on"
	// ProtectOff never does.
	ProtectOff Protect = "off"
)

// Protects says whether an interrupted instance is to be protected.
func (c Config) Protects() bool {
	return c.Protect == ProtectOn || c.Protect == ProtectAuto && c.Mode == ModeAuto
}

const (
	// TagKey is the instance tag that opts an instance in. Its value is TagAuto
	// or TagManual; any other value, or none, means that it is never touched.
	TagKey = "crashcart"
	// TagAuto lets alarms interrupt the instance.
	TagAuto = "auto"
	// TagManual lets only a direct invoke interrupt the instance.
	TagManual = "manual"
	// GroupTagKey groups instances that are in no Auto Scaling group.
	GroupTagKey = "crashcart-group"

	// MetricNamespace is the CloudWatch namespace of all metrics of Crashcart.
	MetricNamespace = "Crashcart"
	// MetricDecisions counts decisions, by outcome and rule.
	MetricDecisions = "Decisions"
	// MetricTimeToInterrupt is the time from the trigger's own time to the send, in seconds.
	MetricTimeToInterrupt = "TimeToInterrupt"
	// MetricUnanswered counts looks at a target about which a fact could not be had.
	MetricUnanswered = "Unanswered"
	// MetricIgnored counts records that asked for nothing, by reason.
	MetricIgnored = "Ignored"

	// MetricOpenCases is how many cases are open, as every sweep counts them.
	MetricOpenCases = "OpenCases"
	// MetricOverdueCases is how many cases nobody has closed within OpenFor, as every
	// sweep counts them.
	MetricOverdueCases = "OverdueCases"
	// MetricStuckCases is how many unclosed cases have lost the result of their shot,
	// if any has.
	MetricStuckCases = "StuckCases"
	// MetricOldestCase is the age of the oldest unclosed case in seconds, if there is one.
	MetricOldestCase = "OldestCase"

	// The dimensions of the metrics, which are members of the log line as well.

	// DimensionOutcome is what became of a target.
	DimensionOutcome = "Outcome"
	// DimensionRule is the rule that decided.
	DimensionRule = "Rule"
	// DimensionReason is why a record asked for nothing.
	DimensionReason = "Reason"

	// OpenIndex is the casebook's sparse index of open cases.
	OpenIndex = "open"
)

// OpenFor is how long a case may stay open. A dump of the largest machines takes
// hours; two days leave a weekend's worth of patience, and then the instance may be
// interrupted again.
const OpenFor = 48 * time.Hour

// Config is everything the interrupt function is told from outside.
type Config struct {
	Table    string // DynamoDB table of the casebook
	Bucket   string // S3 bucket of the evidence
	QueueURL string // the intake queue, where "later" goes
	Topic    string // ARN of the SNS topic that decisions are told to
	Mode     Mode
	Protect  Protect
	Rules    Rules

	// Lambda's own variables.
	Region       string
	FunctionName string
	Endpoint     string // one endpoint for all AWS calls, empty on AWS
}

// Rules are the figures of the guard; settings gives the reason for each.
type Rules struct {
	Fresh, FreshWindows         time.Duration // a trigger older than this is refused
	Booted                      time.Duration // since launch
	Impaired, ImpairedWindows   time.Duration // reachability failed for at least this long
	Silent, SilentWindows       time.Duration // last agent ping at least this old ...
	SilentMax, SilentMaxWindows time.Duration // ... and at most this old
	SilentPercent               int           // of the other agents that may be newly silent before silence proves nothing
	Cooldown                    time.Duration // between two interrupts of one instance
	GroupPercent                int           // of a group's members may have an open case
	RegionLimit                 int           // instances of the Region whose reachability failed lately
	Budget                      int           // interrupts in an hour
	ApplicationStatus           bool          // an impaired application status check counts as no life
}

// FunctionTimeout is the interrupt function's: time for the facts, the look, the
// claim, a permit's whole life and the settling, with as much again in reserve.
const FunctionTimeout = 60 * time.Second

// CooldownForced is what `force` can shorten the cooldown to. It is never zero:
// an interrupt during the dump of the one before kills that dump.
const CooldownForced = time.Hour

// FromEnv reads the configuration from environ, a list of KEY=value as
// os.Environ gives it. The error joins every problem found, each with what is
// allowed.
func FromEnv(environ []string) (Config, error) {
	c, problems := read(environ, settings, "Crashcart")
	problems = append(problems, c.Validate())
	return c, errors.Join(problems...)
}

// read reads the settings that are known to whom the configuration is for, and
// Lambda's own variables.
func read(environ []string, known []Setting, whose string) (Config, []error) {
	env := map[string]string{}
	for _, kv := range environ {
		if k, v, ok := strings.Cut(kv, "="); ok {
			env[k] = v
		}
	}
	c := Config{Region: env["AWS_REGION"], FunctionName: env["AWS_LAMBDA_FUNCTION_NAME"], Endpoint: env["AWS_ENDPOINT_URL"]}
	var problems []error
	for _, s := range known {
		if err := s.read(&c, env); err != nil {
			problems = append(problems, err)
		}
	}
	return c, append(problems, unknown(env, known, whose)...)
}

const noRegion = "AWS_REGION is empty: Lambda sets it, elsewhere it must be given"

// Validate reports every value that is present but makes no sense together
// with the others.
func (c Config) Validate() error {
	var problems []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	check(c.Region != "", noRegion)
	r := c.Rules
	below := func(low string, l time.Duration, high string, h time.Duration) {
		// A zero is a value that could not be read, which FromEnv names itself.
		check(h == 0 || l < h, "%s (%s) must be below %s (%s)", low, short(l), high, short(h))
	}
	below(EnvSilent, r.Silent, EnvSilentMax, r.SilentMax)
	below(EnvSilentWindows, r.SilentWindows, EnvSilentMaxWindows, r.SilentMaxWindows)
	// A hang that begins with its alarm shows no life for that long at the earliest;
	// a trigger that is old by then never fires.
	below(EnvSilent, r.Silent, EnvFresh, r.Fresh)
	below(EnvImpaired, r.Impaired, EnvFresh, r.Fresh)
	below(EnvSilentWindows, r.SilentWindows, EnvFreshWindows, r.FreshWindows)
	below(EnvImpairedWindows, r.ImpairedWindows, EnvFreshWindows, r.FreshWindows)
	return errors.Join(problems...)
}

// unknown lists the variables with our prefix that no known setting has: a mistyped
// name must not silently leave a default in force.
func unknown(env map[string]string, known []Setting, whose string) []error {
	var problems []error
	for k := range env {
		if strings.HasPrefix(k, Prefix) && !slices.ContainsFunc(known, func(s Setting) bool { return s.Env == k }) {
			problems = append(problems, fmt.Errorf("%s is not a setting of %s", k, whose))
		}
	}
	slices.SortFunc(problems, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return problems
}
