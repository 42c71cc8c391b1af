package policytest_test

import "strings"

// followupQueueRows are about the queue: the interrupt function alone fills it, and the
// follow-up alone empties it.
func followupQueueRows(w world) []row {
	const filled, emptied, plain = "OnlyTheInterrupt", "OnlyTheFollowup", "DenySecureTransport"
	var rows []row
	of := func(name string, by principal, does string, want verdict) {
		rows = append(rows, row{name: name + ": " + does, by: by, does: does, on: w.followupQueue, want: want})
	}
	of("the interrupt function may hand a case over", w.role, send, allowed("Follow"))
	for _, does := range []string{receive, remove, "sqs:GetQueueAttributes"} {
		of("the follow-up may take a case over", w.followup, does, allowed("Queue"))
	}
	of("the follow-up has no need to hide a message", w.followup, hide, nothing)
	of("the interrupt function has no need to see the follow-up's queue", w.role, "sqs:GetQueueAttributes", nothing)
	for name, by := range map[string]principal{
		"the follow-up": w.followup, "the count": w.count, "the state machine": w.machineRole, "an administrator": w.administrator,
		"just anybody of this account": w.person, "another account's administrator": w.foreign, "the public": w.anybody,
		"the intake topic": service(topics, account, w.intake), "the rule": service(rules, account, w.rule), "S3": service("s3.amazonaws.com", account, w.bucket),
		"the intake topic without a name": nameless(service(topics, account, w.intake)),
	} {
		of("never a message of "+name, by, send, denied(filled))
	}
	for _, does := range []string{receive, hide, remove} {
		for name, by := range map[string]principal{
			"the interrupt function": w.role, "the count": w.count, "an administrator": w.administrator, "another account's administrator": w.foreign,
			"the public": w.anybody, "S3": service("s3.amazonaws.com", account, w.bucket),
		} {
			of("no message is ever taken by "+name, by, does, denied(emptied))
		}
	}
	for does := range strings.FieldsSeq("AddPermission DeleteQueue GetQueueAttributes PurgeQueue SetQueueAttributes") {
		of("an administrator is never locked out of the queue itself", w.administrator, "sqs:"+does, allowed(everything))
	}
	return append(rows,
		row{name: "not even the interrupt function hands a case over without TLS", by: w.role, does: send, on: w.followupQueue, with: unencrypted, want: denied(plain)},
		row{name: "not even the follow-up takes a case over without TLS", by: w.followup, does: receive, on: w.followupQueue, with: unencrypted, want: denied(plain)},
		row{name: "nobody uses the follow-up's dead letters without TLS", by: w.administrator, does: receive, on: w.followupDead, with: unencrypted, want: denied(plain)},
		row{name: "whom IAM allows may read the follow-up's dead letters", by: w.administrator, does: receive, on: w.followupDead, want: allowed(everything)},
		row{name: "the interrupt function never writes the follow-up's dead letters", by: w.role, does: send, on: w.followupDead, want: nothing},
	)
}
