package intake

import (
	"log/slog"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/guard"
	"crashcart/lambda/domain/trigger"
)

// job is one target on its way through the stages.
type job struct {
	trigger   *trigger.Trigger
	ref       trigger.Ref
	parent    *job   // the job whose ref stood for this instance; nil if the trigger named it
	nobody    string // why a part of what its ref stands for has no instance yet; empty if none is missing
	doubt     error  // why nothing is known of a member of the group that its ref names
	messageID string // of the queue's message, empty outside a queue
	sender    string // the same for every delivery of one message or invocation
	question  guard.Question
	consoleAt time.Time // when its console was read before the evidence; zero if it was not
	verdict   guard.Verdict
	log       *slog.Logger
	outcome   Outcome
	notified  bool // its outcome was handed to the notifier

	unanswered bool          // a fact could not be had
	sentAfter  time.Duration // from the trigger's own time to the send
}

// newJobs makes a job for every target of a record.
func newJobs(rec trigger.Record, requestID string) []*job {
	sender := rec.MessageID
	if sender == "" {
		sender = requestID
	}
	jobs := make([]*job, 0, len(rec.Trigger.Targets))
	for _, ref := range rec.Trigger.Targets {
		jobs = append(jobs, &job{trigger: rec.Trigger, ref: ref, messageID: rec.MessageID, sender: sender})
	}
	return jobs
}

// end gives the job its outcome, with the words of the verdict.
func (j *job) end(outcome cases.Outcome, v guard.Verdict) {
	j.outcome.InstanceID = j.ref.Instance
	if j.ref.Instance == "" {
		j.outcome.Target = name(j.ref)
	}
	j.outcome.Outcome, j.outcome.Rule, j.outcome.Why = outcome, v.Rule, v.Why
	j.outcome.CaseID, j.outcome.Command = v.CaseID, v.Command
}

// name is what a person calls a ref.
func name(ref trigger.Ref) string {
	switch {
	case ref.Instance != "":
		return ref.Instance
	case ref.AutoScalingGroup != "":
		return "Auto Scaling group " + ref.AutoScalingGroup
	case ref.TargetGroup != "":
		return "target group " + ref.TargetGroup
	default:
		return "alarm " + ref.Alarm
	}
}
