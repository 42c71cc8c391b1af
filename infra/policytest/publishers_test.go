package policytest_test

import "strings"

const publish = "sns:Publish"

// topicRows are about who may publish.
func topicRows(w world) []row {
	intake := func(name string, by principal, want verdict) row {
		return row{name: name, by: by, does: publish, on: w.intake, want: want}
	}
	notify := func(name string, by principal, want verdict) row {
		return row{name: name, by: by, does: publish, on: w.notifications, want: want}
	}
	ours := func(name string, by principal, want verdict) row {
		return row{name: name, by: by, does: publish, on: w.ownAlarms, want: want}
	}
	own, hang := alarm(publishing, region, account, "crashcart_dead-letters"), alarm(publishing, region, account, "crashcart-hang")
	return append([]row{
		intake("an alarm of this account may publish to the intake", hang, allowed("Alarms")),
		intake("an alarm of another account never publishes to the intake", alarm(publishing, region, otherAccount, "crashcart-hang"), nothing),
		intake("an alarm of another Region never publishes to the intake", alarm(publishing, otherRegion, account, "crashcart-hang"), nothing),
		intake("an alarm whose account is not the one in its ARN never publishes to the intake", service(publishing, otherAccount, hang.brings["aws:SourceArn"]), nothing),
		intake("CloudWatch never publishes to the intake for something that is no alarm", service(publishing, account, arn("cloudwatch", "dashboard/x")), nothing),
		intake("CloudWatch never publishes to the intake for nobody", service(publishing, "", ""), nothing),
		intake("another service, in an alarm's name, never publishes to the intake", service("s3.amazonaws.com", account, hang.brings["aws:SourceArn"]), nothing),
		intake("EventBridge never publishes to the intake", service("events.amazonaws.com", account, w.rule), nothing),
		intake("Budgets never publishes to the intake", service("budgets.amazonaws.com", account, "arn:aws:budgets::"+account+":budget/x"), nothing),
		intake("another account never publishes to the intake", w.foreign, nothing),
		intake("the public never publishes to the intake", w.anybody, nothing),
		intake("just anybody of this account never publishes to the intake", w.person, nothing),
		intake("whom IAM allows may publish to the intake", w.administrator, allowed(everything)),
		intake("the function never publishes to its own intake", w.role, nothing),
		ours("an alarm that watches Crashcart may publish to their topic", own, allowed("OwnAlarms")),
		ours("another alarm of this account never publishes to the topic of own alarms", hang, nothing),
		ours("an alarm of another account never publishes to the topic of own alarms", alarm(publishing, region, otherAccount, "crashcart_dead-letters"), nothing),
		ours("an alarm of another Region never publishes to the topic of own alarms", alarm(publishing, otherRegion, account, "crashcart_dead-letters"), nothing),
		ours("an alarm whose account is not the one in its ARN never publishes to the topic of own alarms", service(publishing, otherAccount, own.brings["aws:SourceArn"]), nothing),
		ours("another service, in an own alarm's name, never publishes to the topic of own alarms", service("s3.amazonaws.com", account, own.brings["aws:SourceArn"]), nothing),
		ours("the function never publishes to the topic of own alarms", w.role, nothing),
		ours("another account never publishes to the topic of own alarms", w.foreign, nothing),
		ours("the public never publishes to the topic of own alarms", w.anybody, nothing),
		ours("just anybody of this account never publishes to the topic of own alarms", w.person, nothing),
		notify("not even an alarm that watches Crashcart publishes a notification", own, nothing),
		notify("an alarm of this account never publishes a notification", hang, nothing),
		notify("an alarm of another account never publishes a notification", alarm(publishing, region, otherAccount, "crashcart_dead-letters"), nothing),
		notify("an alarm whose account is not the one in its ARN never publishes a notification", service(publishing, otherAccount, own.brings["aws:SourceArn"]), nothing),
		notify("another service, in an own alarm's name, never publishes a notification", service("s3.amazonaws.com", account, own.brings["aws:SourceArn"]), nothing),
		notify("the function may publish a notification", w.role, allowed("Notify")),
		notify("another account never publishes a notification", w.foreign, nothing),
		notify("the public never publishes a notification", w.anybody, nothing),
	}, plainTopicRows(w, hang, own)...)
}

func plainTopicRows(w world, hang, own principal) []row {
	return []row{
		{name: "nobody publishes to the intake without TLS", by: w.administrator, does: publish, on: w.intake, with: unencrypted, want: denied("AllowPublishThroughSSLOnly")},
		{name: "not even an alarm publishes to the intake without TLS", by: hang, does: publish, on: w.intake, with: unencrypted, want: denied("AllowPublishThroughSSLOnly")},
		{name: "nobody publishes a notification without TLS", by: w.role, does: publish, on: w.notifications, with: unencrypted, want: denied("AllowPublishThroughSSLOnly")},
		{
			name: "not even an own alarm publishes to their topic without TLS", by: own, does: publish, on: w.ownAlarms, with: unencrypted,
			want: denied("AllowPublishThroughSSLOnly"),
		},
		{name: "an alarm never subscribes to the intake", by: hang, does: "sns:Subscribe", on: w.intake, want: nothing},
		{name: "an own alarm never subscribes to the notifications", by: own, does: "sns:Subscribe", on: w.notifications, want: nothing},
		{name: "an own alarm never subscribes to their topic", by: own, does: "sns:Subscribe", on: w.ownAlarms, want: nothing},
		{name: "another account never subscribes to the notifications", by: w.foreign, does: "sns:Subscribe", on: w.notifications, want: nothing},
		{name: "another topic is never published to", by: w.role, does: publish, on: arn("sns", "pager"), want: nothing},
	}
}

// The actions on a queue's messages.
const (
	send    = "sqs:SendMessage"
	receive = "sqs:ReceiveMessage"
	hide    = "sqs:ChangeMessageVisibility"
	remove  = "sqs:DeleteMessage"
)

// The services that fill the queues, as they are called.
const (
	topics = "sns.amazonaws.com"
	rules  = "events.amazonaws.com"
)

// queueRows are about who may send to the queues, and take from them.
func queueRows(w world) []row {
	var rows []row
	for _, q := range []struct {
		name, arn             string
		byRule                verdict // what lets the rule in
		elseService, elseUser verdict // what holds for any other service, and for anybody else
	}{
		{"the intake queue", w.queue, allowed("AllowEvents"), denied("OnlyTopicAndRule"), denied("OnlyTheFunction")},
		{"the dead letters", w.deadLetters, allowed("AllowEventRuleCrashcartAlarms"), nothing, nothing},
	} {
		of := func(name string, by principal, want verdict) {
			rows = append(rows, row{name: name + " " + q.name, by: by, does: send, on: q.arn, want: want})
		}
		of("the intake topic may send to", service(topics, account, w.intake), allowed("AllowSns"))
		of("the notification topic never sends to", service(topics, account, w.notifications), nothing)
		of("another account's topic of the same name never sends to", service(topics, otherAccount, strings.Replace(w.intake, account, otherAccount, 1)), nothing)
		of("SNS for nobody never sends to", service(topics, "", ""), nothing)
		of("the rule may send to", service(rules, account, w.rule), q.byRule)
		of("another rule of this account never sends to", service(rules, account, arn("events", "rule/every-alarm")), nothing)
		of("another account's rule of the same name never sends to", service(rules, otherAccount, strings.Replace(w.rule, account, otherAccount, 1)), nothing)
		of("EventBridge for nobody never sends to", service(rules, "", ""), nothing)
		of("CloudWatch never sends to", alarm(publishing, region, account, "crashcart-hang"), q.elseService)
		of("another service, in the topic's name, never sends to", service("s3.amazonaws.com", account, w.intake), q.elseService)
		of("another service, in the rule's name, never sends to", service("s3.amazonaws.com", account, w.rule), q.elseService)
		of("S3 never sends to", service("s3.amazonaws.com", account, w.bucket), q.elseService)
		of("another account never sends to", w.foreign, q.elseUser)
		of("the public never sends to", w.anybody, q.elseUser)
		of("just anybody of this account never sends to", w.person, q.elseUser)
		rows = append(rows,
			row{name: "the topic never takes a message from " + q.name, by: service(topics, account, w.intake), does: receive, on: q.arn, want: nothing},
			row{name: "the rule never takes a message from " + q.name, by: service(rules, account, w.rule), does: receive, on: q.arn, want: nothing})
	}
	rows = append(rows, plainQueueRows(w)...)
	return append(append(rows, messageRows(w)...), deadLetterRows(w)...)
}

// plainQueueRows are about requests without TLS.
func plainQueueRows(w world) []row {
	const plain, ours = "DenySecureTransport", "OnlyTheFunction"
	var rows []row
	for _, does := range []string{send, receive} {
		rows = append(rows,
			row{name: "not even the function uses the intake queue without TLS: " + does, by: w.role, does: does, on: w.queue, with: unencrypted, want: denied(plain)},
			row{name: "nobody uses the intake queue without TLS: " + does, by: w.administrator, does: does, on: w.queue, with: unencrypted, want: denied(plain, ours)},
			row{name: "nobody uses the dead letters without TLS: " + does, by: w.administrator, does: does, on: w.deadLetters, with: unencrypted, want: denied(plain)})
	}
	return rows
}

// messageRows are about the messages of the intake queue: who forges one forges an alarm,
// or a target on its next pass, and who takes one away hides a hang.
func messageRows(w world) []row {
	var rows []row
	of := func(name string, by principal, does string, want verdict) {
		rows = append(rows, row{name: name + ": " + does, by: by, does: does, on: w.queue, want: want})
	}
	for _, does := range []string{send, receive, hide, remove} {
		of("not even an administrator touches a message of the intake queue", w.administrator, does, denied("OnlyTheFunction"))
		of("not even another account's administrator touches a message of the intake queue", w.foreign, does, denied("OnlyTheFunction"))
		of("no other service touches a message of the intake queue", service("s3.amazonaws.com", account, w.bucket), does, denied("OnlyTopicAndRule"))
	}
	for _, does := range []string{send, receive, remove, "sqs:GetQueueAttributes"} {
		of("the function may use its queue", w.role, does, allowed("Queue"))
	}
	// It is not sure that every service says its names. Then the statements that let topic and
	// rule in decide alone.
	for by, sid := range map[string]string{w.intake: "AllowSns", w.rule: "AllowEvents"} {
		name := map[string]string{"AllowSns": topics, "AllowEvents": rules}[sid]
		of(name+" may fill the queue without a name, too", nameless(service(name, account, by)), send, allowed(sid))
		of("another service, without a name, never speaks for "+name, nameless(service("s3.amazonaws.com", account, by)), send, nothing)
	}
	of("the function has no need to hide a message", w.role, hide, nothing)
	for does := range strings.FieldsSeq("AddPermission DeleteQueue GetQueueAttributes PurgeQueue RemovePermission SetQueueAttributes TagQueue") {
		of("an administrator is never locked out of the queue itself", w.administrator, "sqs:"+does, allowed(everything))
	}
	of("the rule may read what the queue is", service(rules, account, w.rule), "sqs:GetQueueAttributes", allowed("AllowEvents"))
	of("the rule may find the queue", service(rules, account, w.rule), "sqs:GetQueueUrl", allowed("AllowEvents"))
	return rows
}

// nameless is a service whose request does not say its names.
func nameless(p principal) principal {
	delete(p.brings, "aws:PrincipalServiceNamesList")
	return p
}

// deadLetterRows are about the dead letters, which people read.
func deadLetterRows(w world) []row {
	return []row{
		{name: "the function may send to the dead letters", by: w.role, does: send, on: w.deadLetters, want: allowed("DeadLetters")},
		{name: "the function never takes a dead letter", by: w.role, does: receive, on: w.deadLetters, want: nothing},
		{name: "the function never deletes a dead letter", by: w.role, does: remove, on: w.deadLetters, want: nothing},
		{name: "whom IAM allows may read a dead letter", by: w.administrator, does: receive, on: w.deadLetters, want: allowed(everything)},
		{name: "the function never sends to another queue", by: w.role, does: send, on: arn("sqs", "orders"), want: nothing},
	}
}
