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
		notify("an alarm that watches Crashcart may publish a notification", own, allowed("OwnAlarms")),
		notify("another alarm of this account never publishes a notification", hang, nothing),
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
			name: "not even an own alarm publishes a notification without TLS", by: own, does: publish, on: w.notifications, with: unencrypted,
			want: denied("AllowPublishThroughSSLOnly"),
		},
		{name: "an alarm never subscribes to the intake", by: hang, does: "sns:Subscribe", on: w.intake, want: nothing},
		{name: "an own alarm never subscribes to the notifications", by: own, does: "sns:Subscribe", on: w.notifications, want: nothing},
		{name: "another account never subscribes to the notifications", by: w.foreign, does: "sns:Subscribe", on: w.notifications, want: nothing},
		{name: "another topic is never published to", by: w.role, does: publish, on: arn("sns", "pager"), want: nothing},
	}
}

// queueRows are about who may send to the queues, and take from them.
func queueRows(w world) []row {
	send := "sqs:SendMessage"
	topics, rules := "sns.amazonaws.com", "events.amazonaws.com"
	var rows []row
	for _, q := range []struct{ name, arn string }{{"the intake queue", w.queue}, {"the dead letters", w.deadLetters}} {
		rule := allowed("AllowEvents")
		if q.arn == w.deadLetters {
			rule = allowed("AllowEventRuleCrashcartAlarms")
		}
		of := func(name string, by principal, want verdict) {
			rows = append(rows, row{name: name + " " + q.name, by: by, does: send, on: q.arn, want: want})
		}
		of("the intake topic may send to", service(topics, account, w.intake), allowed("AllowSns"))
		of("the notification topic never sends to", service(topics, account, w.notifications), nothing)
		of("another account's topic of the same name never sends to", service(topics, otherAccount, strings.Replace(w.intake, account, otherAccount, 1)), nothing)
		of("SNS for nobody never sends to", service(topics, "", ""), nothing)
		of("the rule may send to", service(rules, account, w.rule), rule)
		of("another rule of this account never sends to", service(rules, account, arn("events", "rule/every-alarm")), nothing)
		of("another account's rule of the same name never sends to", service(rules, otherAccount, strings.Replace(w.rule, account, otherAccount, 1)), nothing)
		of("EventBridge for nobody never sends to", service(rules, "", ""), nothing)
		of("CloudWatch never sends to", alarm(publishing, region, account, "crashcart-hang"), nothing)
		of("another service, in the topic's name, never sends to", service("s3.amazonaws.com", account, w.intake), nothing)
		of("another service, in the rule's name, never sends to", service("s3.amazonaws.com", account, w.rule), nothing)
		of("S3 never sends to", service("s3.amazonaws.com", account, w.bucket), nothing)
		of("another account never sends to", w.foreign, nothing)
		of("the public never sends to", w.anybody, nothing)
		of("just anybody of this account never sends to", w.person, nothing)
		rows = append(rows,
			row{name: "the topic never takes a message from " + q.name, by: service(topics, account, w.intake), does: "sqs:ReceiveMessage", on: q.arn, want: nothing},
			row{name: "the rule never takes a message from " + q.name, by: service(rules, account, w.rule), does: "sqs:ReceiveMessage", on: q.arn, want: nothing},
			row{name: "nobody sends without TLS to " + q.name, by: w.administrator, does: send, on: q.arn, with: unencrypted, want: denied("DenySecureTransport")},
			row{name: "nobody receives without TLS from " + q.name, by: w.administrator, does: "sqs:ReceiveMessage", on: q.arn, with: unencrypted, want: denied("DenySecureTransport")})
	}
	for does := range strings.FieldsSeq("DeleteMessage GetQueueAttributes ReceiveMessage SendMessage") {
		rows = append(rows, row{name: "the function may use its queue: " + does, by: w.role, does: "sqs:" + does, on: w.queue, want: allowed("Queue")})
	}
	return append(rows,
		row{name: "the rule may read what the queue is", by: service(rules, account, w.rule), does: "sqs:GetQueueAttributes", on: w.queue, want: allowed("AllowEvents")},
		row{name: "the rule may find the queue", by: service(rules, account, w.rule), does: "sqs:GetQueueUrl", on: w.queue, want: allowed("AllowEvents")},
		row{name: "the function may send to the dead letters", by: w.role, does: send, on: w.deadLetters, want: allowed("DeadLetters")},
		row{name: "the function never takes a dead letter", by: w.role, does: "sqs:ReceiveMessage", on: w.deadLetters, want: nothing},
		row{name: "the function never deletes a dead letter", by: w.role, does: "sqs:DeleteMessage", on: w.deadLetters, want: nothing},
		row{name: "the function never sends to another queue", by: w.role, does: send, on: arn("sqs", "orders"), want: nothing},
		row{name: "another account never takes a message", by: w.foreign, does: "sqs:ReceiveMessage", on: w.queue, want: nothing})
}
