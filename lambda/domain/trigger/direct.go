package trigger

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/printable"
)

// Limits of the free fields of a direct request, in bytes. They have room for a sentence,
// a principal's ARN and an id.
const (
	maxReason      = 1 << 10
	maxRequestedBy = 256
	maxRequestID   = 128
)

// Forceable gives the rules of the guard that a direct request may name in force. All
// other rules hold for everyone. How far each of them gives way is for the guard to say.
func Forceable() []string {
	return []string{cases.RuleUnresponsive, cases.RuleCooldown, cases.RuleQuiet}
}

// decodeRequest reads a direct request. It counts only as the payload of an invoke: there
// IAM has said that the sender may ask, and that is the approval.
func decodeRequest(request object, from origin) Record {
	if !from.bare() {
		return ignore(ReasonNotDirect, "a request with instanceIds counts only as the payload of a Lambda invoke, not inside %s", from.path)
	}
	var bad problems
	bad.addErr(request.onlyKeys("instanceIds", "reason", "requestedBy", "requestId", "at", "dryRun", "force"))
	t := Trigger{Kind: KindDirect, Source: "lambda"}
	t.Targets = requestTargets(request, &bad)
	t.Reason = requestReason(request, &bad)
	t.RequestedBy = requestedBy(request, &bad)
	t.SourceKey = requestKey(request, from.inv, &bad)
	t.At = requestTime(request, from.inv, &bad)
	t.DryRun = requestDryRun(request, &bad)
	t.Force = requestForce(request, &bad)
	if len(bad) > 0 {
		return ignore(ReasonMalformed, "%s", bad)
	}
	if len(t.Targets) > MaxTargets {
		return ignore(ReasonTooManyTargets, "the request names more than %d instances: that is an event, not a hang", MaxTargets)
	}
	return Record{Trigger: &t}
}

// requestReason reads reason, which every request must have.
func requestReason(request object, bad *problems) string {
	if !request.has("reason") {
		bad.add("reason is missing: say why, it is recorded")
		return ""
	}
	reason := requestText(request, "reason", maxReason, bad)
	if reason == "" && typeOf(request.fields["reason"]) == "a string" {
		bad.add("reason is blank: say why, it is recorded")
	}
	return reason
}

// requestedBy reads requestedBy, which a request may leave out.
func requestedBy(request object, bad *problems) string {
	if !request.has("requestedBy") {
		return ""
	}
	return requestText(request, "requestedBy", maxRequestedBy, bad)
}

// requestText reads a free text of at most limit bytes, as one printable line.
func requestText(request object, key string, limit int, bad *problems) string {
	s, err := request.text(key)
	if err != nil {
		bad.addErr(err)
		return ""
	}
	if s = strings.TrimSpace(s); len(s) > limit {
		bad.add("%s has %d bytes, %d at most", key, len(s), limit)
	}
	return printable.Line(s, limit)
}

// requestKey gives the source key. It is made of the request's own id, so that a retry of
// the caller has the same key. Without one it is made of the invocation's id.
func requestKey(request object, inv Invocation, bad *problems) string {
	if !request.has("requestId") {
		return invokeKeyPrefix + inv.RequestID
	}
	id, err := request.text("requestId")
	switch {
	case err != nil:
		bad.addErr(err)
	case id == "":
		bad.add("requestId is empty: leave it out or give one")
	case len(id) > maxRequestID:
		bad.add("requestId has %d bytes, %d at most", len(id), maxRequestID)
	case strings.ContainsFunc(id, notInRequestID):
		bad.add("requestId %s may hold letters, digits and . _ : / + = @ - only", quote(id))
	}
	return requestKeyPrefix + id
}

// notInRequestID reports whether a request's id may not hold the character.
func notInRequestID(r rune) bool {
	alphanumeric := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
	return !alphanumeric && !strings.ContainsRune("._:/+=@-", r)
}

// requestDryRun reads dryRun. Null is refused like any other type. A variable that was
// never set must not turn a dry run into a real interrupt.
func requestDryRun(request object, bad *problems) bool {
	raw, ok := request.fields["dryRun"]
	if !ok {
		return false
	}
	if kind := typeOf(raw); kind != "a boolean" {
		bad.addErr(typeError{path: "dryRun", is: kind, want: "true or false"})
		return false
	}
	return string(raw) == "true"
}

// requestForce reads force: a list of rules that may be forced. Each is given once.
func requestForce(request object, bad *problems) []string {
	if !request.has("force") {
		return nil
	}
	elements, err := request.list("force", MaxTargets)
	if err != nil {
		bad.addErr(err)
		return nil
	}
	var force, unfit []string
	for i, raw := range elements {
		var rule string
		if err := json.Unmarshal(raw, &rule); err != nil || !slices.Contains(Forceable(), rule) {
			unfit = append(unfit, fmt.Sprintf("force[%d]", i))
			continue
		}
		if !slices.Contains(force, rule) {
			force = append(force, rule)
		}
	}
	if len(unfit) > 0 {
		can := Forceable()
		bad.add("%s cannot be forced, only %s and %s can", some(unfit), strings.Join(can[:len(can)-1], ", "), can[len(can)-1])
	}
	return force
}
