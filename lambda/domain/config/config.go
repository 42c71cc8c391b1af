// Package config is what the infrastructure and the functions must agree on: the names
// of the environment variables, every default of the guard, the tag keys and the metric
// names. Each of them is written down once, here.
//
// Configuration is read once, at cold start. A value that is missing, unknown or out of
// bounds stops the function, and the error lists every problem. So a mistyped cooldown
// never becomes another cooldown.
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
	// ModeDryRun sends every interrupt as a dry run. The stack is shipped in this mode.
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
	// ProtectAuto protects only in the mode auto: there no person is at hand to do it.
	ProtectAuto Protect = "auto"
	// ProtectOn protects in every mode.
	ProtectOn Protect = "on"
	// ProtectOff never protects.
	ProtectOff Protect = "off"
)

// Protects says whether an interrupted instance is to be protected.
func (c Config) Protects() bool {
	return c.Protect == ProtectOn || c.Protect == ProtectAuto && c.Mode == ModeAuto
}

// OpenFor is how long a case may stay open. A dump of the largest machines takes hours,
// and two days cover a weekend. After that the instance may be interrupted again.
const OpenFor = 48 * time.Hour

// Config is all that the interrupt function takes from its environment.
type Config struct {
	Table            string // DynamoDB table of the casebook
	Bucket           string // S3 bucket of the evidence
	QueueURL         string // the intake queue, into which "later" is put back
	FollowupQueueURL string // the follow-up's queue, into which a case goes after its interrupt
	Topic            string // ARN of the SNS topic that notifications go to
	Mode             Mode
	Protect          Protect

	Heartbeat Heartbeat
	Rules     Rules

	// Lambda's own variables.
	Region       string
	FunctionName string
	Endpoint     string // one endpoint for all AWS calls, empty on AWS
}

// Heartbeat is the metric that a host sends of itself. Its only dimension is InstanceId.
type Heartbeat struct {
	Namespace, Metric string
}

// Rules are the figures of the guard. The table settings has the reason for each.
type Rules struct {
	Fresh, FreshWindows         time.Duration // a trigger older than this is refused
	Booted                      time.Duration // since launch
	Impaired, ImpairedWindows   time.Duration // reachability failed for at least this long
	PingPeriod                  time.Duration // of the fleet's agents, at least
	Silent, SilentWindows       time.Duration // last agent ping at least this old ...
	SilentMax, SilentMaxWindows time.Duration // ... and at most this old
	SilentPercent               int           // of the neighbours that may be newly silent before silence proves nothing
	Cooldown                    time.Duration // between two interrupts of one instance
	GroupPercent                int           // of a group's members may have an open case
	RegionLimit                 int           // instances of the Region whose reachability failed lately
	Budget                      int           // interrupts in an hour
}

// FreshDirect is how old a direct request may be that says when it was made. It may have
// waited in Lambda's own queue. What a person saw two minutes ago is still so.
const FreshDirect = 2 * time.Minute

// FunctionTimeout is the timeout of the interrupt function: time for the facts, the
// evidence, the claim, a permit's whole life and the writing of the result, and as much
// again in reserve.
const FunctionTimeout = 60 * time.Second

// CooldownForced is the shortest cooldown that force can ask for. It is never zero: a
// second interrupt kills the dump that the first one began.
const CooldownForced = time.Hour

// FromEnv reads the configuration from environ, a list of KEY=value as os.Environ gives
// it. The error joins all problems, each with what is allowed.
func FromEnv(environ []string) (Config, error) {
	c, problems := read(environ, settings, "Crashcart")
	problems = append(problems, c.Validate())
	return c, errors.Join(problems...)
}

// read reads the known settings of one function, and Lambda's own variables. whose names
// that function in the errors.
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

// Validate reports every value that makes no sense together with the others.
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
		// A zero is a value that could not be read. FromEnv reports it.
		check(h == 0 || l < h, "%s (%s) must be below %s (%s)", low, short(l), high, short(h))
	}
	below(EnvSilent, r.Silent, EnvSilentMax, r.SilentMax)
	below(EnvSilentWindows, r.SilentWindows, EnvSilentMaxWindows, r.SilentMaxWindows)
	// A hang that begins with its alarm needs that long to show. A trigger that is no
	// longer fresh by then would never interrupt.
	below(EnvSilent, r.Silent, EnvFresh, r.Fresh)
	below(EnvImpaired, r.Impaired, EnvFresh, r.Fresh)
	below(EnvSilentWindows, r.SilentWindows, EnvFreshWindows, r.FreshWindows)
	below(EnvImpairedWindows, r.ImpairedWindows, EnvFreshWindows, r.FreshWindows)
	return errors.Join(problems...)
}

// unknown lists the variables with our prefix that are no known setting. A mistyped name
// must not silently leave a default in force.
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
