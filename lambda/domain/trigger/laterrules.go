package trigger

import (
	"fmt"
	"slices"
	"strings"

	"crashcart/lambda/domain/instance"
	"crashcart/lambda/domain/printable"
)

// maxSourceKey bounds a source key, in bytes. An alarm's ARN with a name of 255
// characters, a contributor and a time fit in.
const maxSourceKey = 2 << 10

// laterProblems is everything that makes t unfit for the queue. It is the same on the way
// in and on the way out.
func laterProblems(t Trigger) problems {
	var bad problems
	if t.Pass < 1 || t.Pass > MaxPasses {
		bad.add("pass %d is not 1 to %d", t.Pass, MaxPasses)
	}
	if len(t.Force) > 0 {
		bad.add("force exists only in a direct request")
	}
	if err := checkTime(t.At); err != nil {
		bad.add("at: %v", err)
	}
	if t.Source == "" || len(t.Source) > maxLabel || strings.Trim(t.Source, "abcdefghijklmnopqrstuvwxyz/") != "" {
		bad.add("source %s is not a list of envelopes", quote(t.Source))
	}
	if t.Reason != printable.Line(t.Reason, maxText) {
		bad.add("reason is too long or does not print")
	}
	laterTarget(t, &bad)
	laterKind(t, &bad)
	return bad
}

// laterTarget checks that t names exactly one thing: an instance, or for an alarm a group
// or another alarm whose instances are not known yet.
func laterTarget(t Trigger, bad *problems) {
	if len(t.Targets) != 1 {
		bad.add("%d targets instead of one", len(t.Targets))
		return
	}
	ref := t.Targets[0]
	bad.addErr(checkLaterRef(t.Kind, ref))
	if ref.Candidate {
		bad.add("the target is only a candidate, which the queue does not keep")
	}
	laterSeen(ref, t.At, bad)
	if ref.Via != "" {
		bad.addErr(checkTargetGroupARN(ref.Via))
	}
	if ref.From != printable.Line(ref.From, maxText) {
		bad.add("the target's from is too long or does not print")
	}
}

// checkLaterRef refuses a ref that names nothing, names several things, or names something
// that an event of that kind could not have named.
func checkLaterRef(kind Kind, ref Ref) error {
	set := 0
	for _, field := range []string{ref.Instance, ref.AutoScalingGroup, ref.TargetGroup, ref.Alarm} {
		if field != "" {
			set++
		}
	}
	switch {
	case set != 1:
		return fmt.Errorf("the target names %d things instead of one", set)
	case ref.Instance != "":
		if !instance.IsID(ref.Instance) {
			return fmt.Errorf("the target's id %s is not an instance's", quote(ref.Instance))
		}
		return nil
	case kind != KindAlarm:
		return fmt.Errorf("a trigger of kind %s names only instances", quote(string(kind)))
	case ref.AutoScalingGroup != "":
		return checkName("the target's group", ref.AutoScalingGroup)
	case ref.TargetGroup != "":
		return checkTargetGroupARN(ref.TargetGroup)
	}
	_, err := parseAlarmARN(ref.Alarm)
	return err
}

// laterKind checks what only some kinds may carry. An alarm's source key follows from the
// alarm. The other kinds may not have a key that an alarm or a request could have.
func laterKind(t Trigger, bad *problems) {
	if t.SourceKey == "" || len(t.SourceKey) > maxSourceKey {
		bad.add("sourceKey is empty or too long")
	}
	switch t.Kind {
	case KindAlarm:
		laterAlarm(t, bad)
	case KindText, KindAttribute:
		reserved := []string{alarmKeyPrefix, requestKeyPrefix, invokeKeyPrefix}
		taken := func(prefix string) bool { return strings.HasPrefix(t.SourceKey, prefix) }
		if slices.ContainsFunc(reserved, taken) || t.SourceKey != printable.Line(t.SourceKey, maxSourceKey) {
			bad.add("sourceKey %s belongs to another kind of trigger, or does not print", quote(t.SourceKey))
		}
		if t.Alarm != nil {
			bad.add("a trigger of kind %s has no alarm", t.Kind)
		}
		if len(t.RequestedBy) > maxRequestedBy || t.RequestedBy != printable.Line(t.RequestedBy, maxRequestedBy) {
			bad.add("requestedBy is too long or does not print")
		}
	default:
		bad.add("a trigger of kind %s is never put back", quote(string(t.Kind)))
	}
}

// laterAlarm checks that the alarm is one that an event could have brought.
func laterAlarm(t Trigger, bad *problems) {
	if t.RequestedBy != "" {
		bad.add("an alarm is requested by nobody")
	}
	if t.Alarm == nil {
		bad.add("the alarm is missing")
		return
	}
	a := *t.Alarm
	parsed, err := parseAlarmARN(a.ARN)
	bad.addErr(err)
	bad.addErr(checkAlarmName(a.Name))
	if err == nil && a.Region != parsed.region {
		bad.add("the alarm's region is not its ARN's")
	}
	if a.State != stateAlarm || !a.ChangedAt.Equal(t.At) {
		bad.add("the alarm did not go into %s when the trigger says", stateAlarm)
	}
	if !isAlarmKey(t.SourceKey, a) {
		bad.add("sourceKey is not that of the alarm's state change")
	}
}
