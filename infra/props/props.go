// Package props is what a person may decide about the stack: the keys of the
// object "crashcart" in the context of cdk.json, their defaults and their bounds.
//
//	"crashcart": {
//	  "mode": "dry-run",
//	  "settings": {"CRASHCART_COOLDOWN": "12h"}
//	}
//
// Nothing else configures the stack: no environment variable, no second file. A
// key that is unknown and a value that is out of bounds are errors: all are named at
// once, and nothing is synthesized. A mistyped prefix must never become another prefix.
//
// The functions' own variables are checked by their own readers, lambda/domain/config. So
// the cold start accepts what synth has accepted.
package props

import (
	"errors"
	"slices"
	"strings"

	"crashcart/lambda/domain/config"
)

// Key is the one key of cdk.json's context that is read.
const Key = "crashcart"

// OwnAlarms begins the name of every alarm that watches Crashcart itself. No
// prefix of AlarmPrefixes may match it: an alarm about Crashcart must never come
// in as a request to interrupt something.
const OwnAlarms = "crashcart_"

// QueueConcurrency is how many batches of the intake queue are decided at once.
// Ten batches of ten messages are more than any budget lets through, and few
// enough that racing claims seldom meet in one transaction.
const QueueConcurrency = 10

// Props are the decisions.
type Props struct {
	// Mode is how far the stack may go by itself. It is shipped as dry-run.
	Mode config.Mode
	// Protect is when an interrupted group member is put into Standby.
	Protect config.Protect
	// AlarmPrefixes begin the names of the alarms that EventBridge hands in.
	AlarmPrefixes []string
	// Settings are the function's other environment variables, by name.
	Settings map[string]string
	// ReservedConcurrency is the function's own share of the account's concurrent
	// executions, 0 for none. See reservedConcurrency.
	ReservedConcurrency int
	// LogDays is how long the function's log is kept.
	LogDays int
	// EvidenceDays is how long consoles, screenshots and dumps are kept.
	EvidenceDays int
	// Bring are the keys of how dumps are brought home, as they are given.
	Bring Bring
	// Slack is the channel that is notified of decisions; nil for none.
	Slack *Slack
	// Watch is what the stack makes alarms for.
	Watch Watch
	// Rules are the guard's figures that Settings come to.
	Rules config.Rules
	// Collect is what Bring comes to, with the defaults.
	Collect config.Collect
}

// Bring are the keys of how dumps are brought home. A key that is not given is nil: its
// default is the follow-up's own.
type Bring struct {
	Collect  *string // on or off
	LimitGiB *int
	RateMiB  *int
	For      *string // such as 90m
	Snapshot *string // on or off
}

// Slack is one Slack channel, in a workspace that Amazon Q Developer in chat
// applications has been authorized for. It is either the workspace and the channel, or the
// configuration that the channel has already.
type Slack struct {
	Workspace     string // such as T0123ABCD
	Channel       string // such as C0123ABCD
	Configuration string // such as ops, the name of the channel's configuration
}

// Watch lists what gets a heartbeat alarm from the stack.
type Watch struct {
	Instances         []string
	AutoScalingGroups []string
	TargetGroups      []TargetGroup
}

// TargetGroup is a target group and the load balancer that it is behind, both as
// CloudWatch's dimensions have them: the ends of their ARNs.
type TargetGroup struct {
	TargetGroup  string // such as targetgroup/web/0123456789abcdef
	LoadBalancer string // such as app/web/0123456789abcdef
}

// The defaults.
const (
	// defaultPrefix begins the names of the alarms that the stack's own constructs make.
	defaultPrefix = "crashcart-"
	// reservedConcurrency is the queue's share and as much again for alarms and
	// people who invoke the function directly. It is reserved, because an account
	// whose other functions run wild during an outage must still get through here; it
	// is bounded, because nothing that Crashcart does wants more.
	reservedConcurrency = 2 * QueueConcurrency
	// logDays outlives the 23 days that SNS may redeliver for, and a quarter.
	logDays = 90
	// evidenceDays is as long as the casebook remembers a case.
	evidenceDays = 365
)

// defaults is what the stack is without any key.
func defaults() Props {
	return Props{
		Mode: config.ModeDryRun, Protect: config.ProtectAuto,
		AlarmPrefixes:       []string{defaultPrefix},
		Settings:            map[string]string{},
		ReservedConcurrency: reservedConcurrency,
		LogDays:             logDays,
		EvidenceDays:        evidenceDays,
	}
}

// Parse reads the value of Key in the context, as the CDK gives it. The error
// joins every problem found.
func Parse(context any) (Props, error) {
	p := defaults()
	if context == nil {
		return Props{}, errors.New("cdk.json's context has no object " + Key)
	}
	problems := p.read(context)
	for _, problem := range p.check() {
		if !named(problems, problem) {
			problems = append(problems, problem)
		}
	}
	if len(problems) > 0 {
		return Props{}, errors.Join(problems...)
	}
	return p, nil
}

// named says whether a problem is about a value that could not be read in the first
// place.
func named(before []error, problem error) bool {
	return slices.ContainsFunc(before, func(err error) bool {
		path, _, _ := strings.Cut(err.Error(), " ")
		return strings.HasPrefix(problem.Error(), path)
	})
}
