package trigger

import (
	"encoding/json"
	"fmt"
	"slices"

	"crashcart/lambda/domain/printable"
)

// MaxPasses is how often one target may be put back into the queue: a little more often than
// a pass a minute comes to, until a trigger is no longer fresh. Lambda would stop a function
// that feeds its own queue after about 16 turns ("Use Lambda recursive loop detection", AWS
// Lambda Developer Guide), so the stack allows this function its loop.
const MaxPasses = 32

// laterKey and laterValue mark a trigger that was put back into the queue.
const (
	laterKey   = "crashcart"
	laterValue = "later"
)

// later is the body of a queue message that carries a trigger to its next pass.
type later struct {
	Crashcart string  `json:"crashcart"`
	Trigger   Trigger `json:"trigger"`
}

// Later gives the trigger to put back for one target of t. Its pass is one higher. Time,
// source key and everything else stay, so it lapses when t would have. Texts are cut to
// what EncodeLater takes. The target is no Candidate any more: a candidate that did not
// fail was dropped before.
func Later(t Trigger, target Ref) Trigger {
	target.Candidate = false
	target.Seen = copySeen(target.Seen)
	target.From = printable.Line(target.From, maxText)
	t.Reason = printable.Line(t.Reason, maxText)
	t.Targets = []Ref{target}
	t.Pass++
	if t.Alarm != nil {
		alarm := *t.Alarm
		t.Alarm = &alarm
	}
	return t
}

// EncodeLater gives the body that brings t back through the queue, as Decode reads it. Its
// times become UTC; nothing else changes. The error names everything that makes t unfit
// for the queue: a direct request or a forced rule, more or less than one target, a pass
// outside 1 to MaxPasses, a missing time or source key, or anything that an alarm could
// not have brought itself. So a forged message of this shape gains nothing.
func EncodeLater(t Trigger) ([]byte, error) {
	if bad := laterProblems(t); len(bad) > 0 {
		return nil, fmt.Errorf("encoding a trigger for later: %s", printable.Line(bad.String(), maxText))
	}
	body, err := json.Marshal(later{Crashcart: laterValue, Trigger: laterUTC(t)})
	if err != nil {
		return nil, fmt.Errorf("encoding a trigger for later: %w", err)
	}
	return body, nil
}

// decodeLater reads what EncodeLater wrote.
func decodeLater(message object, from origin) Record {
	if from.path != pathQueue {
		return ignore(ReasonMalformed, "a message with the key %s counts only as the body of a queue message", laterKey)
	}
	if value, err := message.text(laterKey); err != nil || value != laterValue {
		return ignore(ReasonMalformed, "%s is not %q", laterKey, laterValue)
	}
	if err := checkLaterKeys(message); err != nil {
		return malformed(err)
	}
	var t Trigger
	if err := json.Unmarshal(message.fields["trigger"], &t); err != nil {
		return malformed(fmt.Errorf("reading trigger: %w", err))
	}
	if bad := laterProblems(t); len(bad) > 0 {
		return ignore(ReasonMalformed, "%s", bad)
	}
	t = laterUTC(t)
	return Record{Trigger: &t}
}

// checkLaterKeys refuses keys that EncodeLater does not write, on every level,
// exactly spelled and once each.
func checkLaterKeys(message object) error {
	if err := message.onlyKeys(laterKey, "trigger"); err != nil {
		return err
	}
	trigger, err := message.object("trigger")
	if err != nil {
		return err
	}
	if err := trigger.onlyKeys("kind", "source", "alarm", "reason", "requestedBy", "at", "sourceKey", "dryRun", "targets", "pass"); err != nil {
		return err
	}
	if trigger.has("alarm") {
		alarm, err := trigger.object("alarm")
		if err != nil {
			return err
		}
		if err := alarm.onlyKeys("name", "arn", "region", "state", "changedAt"); err != nil {
			return err
		}
	}
	return checkTargetKeys(trigger)
}

// checkTargetKeys is checkLaterKeys for the one target.
func checkTargetKeys(trigger object) error {
	targets, err := trigger.list("targets", 1)
	if err != nil {
		return err
	}
	for _, raw := range targets {
		target, err := readObject("trigger.targets[0]", raw)
		if err != nil {
			return err
		}
		if err := target.onlyKeys("instance", "autoScalingGroup", "targetGroup", "alarm", "from", "via", "seen"); err != nil {
			return err
		}
		if err := checkSeenKeys(target); err != nil {
			return err
		}
	}
	return nil
}

// laterUTC gives t with its times in UTC, without touching what t points to.
func laterUTC(t Trigger) Trigger {
	t.At = t.At.Round(0).UTC()
	if t.Alarm != nil {
		alarm := *t.Alarm
		alarm.ChangedAt = alarm.ChangedAt.Round(0).UTC()
		t.Alarm = &alarm
	}
	t.Targets = slices.Clone(t.Targets)
	for i := range t.Targets {
		t.Targets[i].Seen = copySeen(t.Targets[i].Seen)
	}
	return t
}
