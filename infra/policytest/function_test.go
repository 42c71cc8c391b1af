package policytest_test

import "strings"

// memoryRows are what the interrupt function may do with table, bucket and log.
func memoryRows(w world) []row {
	var rows []row
	of := func(name, does, on string, want verdict) {
		rows = append(rows, row{name: name, by: w.role, does: does, on: on, want: want})
	}
	for does := range strings.FieldsSeq("BatchGetItem ConditionCheckItem DeleteItem PutItem Query UpdateItem") {
		of("the casebook may be used: "+does, "dynamodb:"+does, w.table, allowed("Casebook"))
	}
	for does := range strings.FieldsSeq("Scan DeleteTable UpdateTable UpdateTimeToLive UpdateContinuousBackups PutResourcePolicy") {
		of("the casebook is never touched by "+does, "dynamodb:"+does, w.table, nothing)
	}
	object, dryRun := w.bucket+"/cases/"+caseID+"/console.txt", w.bucket+"/dry/cases/"+caseID+"/console.txt"
	of("another table is never written", "dynamodb:PutItem", arn("dynamodb", "table/orders"), nothing)
	of("the open cases' index is never queried by the interrupt function", "dynamodb:Query", w.table+"/index/open", nothing)
	of("evidence of a case may be put", "s3:PutObject", object, allowed("KeepEvidence"))
	of("evidence of a dry run may be put", "s3:PutObject", dryRun, allowed("KeepEvidence"))
	of("nothing is ever put beside the cases", "s3:PutObject", w.bucket+"/index.html", nothing)
	of("nothing is ever put into another bucket", "s3:PutObject", "arn:aws:s3:::backups/cases/"+caseID+"/console.txt", nothing)
	of("evidence is never read by the interrupt function", "s3:GetObject", object, nothing)
	of("evidence is never deleted", "s3:DeleteObject", object, nothing)
	of("no version of evidence is ever deleted", "s3:DeleteObjectVersion", object, nothing)
	of("the evidence is never listed by the interrupt function", "s3:ListBucket", w.bucket, nothing)
	of("the bucket's policy is never changed by the function", "s3:PutBucketPolicy", w.bucket, nothing)
	of("a log stream may be made", "logs:CreateLogStream", w.logs+":log-stream:2026/11/22/[$LATEST]0123", allowed("Log"))
	of("the log may be written", "logs:PutLogEvents", w.logs+":log-stream:2026/11/22/[$LATEST]0123", allowed("Log"))
	of("another log is never written", "logs:PutLogEvents", arn("logs", "log-group:payments:log-stream:a"), nothing)
	of("no log stream is ever deleted", "logs:DeleteLogStream", w.logs+":log-stream:2026/11/22/[$LATEST]0123", nothing)
	of("the log is never deleted", "logs:DeleteLogGroup", w.logs, nothing)
	return append(rows,
		row{name: "evidence is never put without TLS", by: w.role, does: "s3:PutObject", on: object, with: unencrypted, want: denied("DenySecureTransport")},
		row{name: "evidence is never put by old TLS", by: w.role, does: "s3:PutObject", on: object, with: map[string]string{"s3:TlsVersion": "1.1"}, want: denied("DenyTlsVersion")},
		row{name: "evidence may be put by today's TLS", by: w.role, does: "s3:PutObject", on: object, with: map[string]string{"s3:TlsVersion": "1.3"}, want: allowed("KeepEvidence")},
		row{
			name: "evidence is never read without TLS, not even by an administrator", by: w.administrator, does: "s3:GetObject", on: object, with: unencrypted,
			want: denied("DenySecureTransport"),
		},
		row{
			name: "the bucket is never listed by old TLS, not even by an administrator", by: w.administrator, does: "s3:ListBucket", on: w.bucket,
			with: map[string]string{"s3:TlsVersion": "1.0"}, want: denied("DenyTlsVersion"),
		},
		row{
			name: "the bucket is never listed without TLS, not even by an administrator", by: w.administrator, does: "s3:ListBucket", on: w.bucket,
			with: unencrypted, want: denied("DenySecureTransport"),
		},
		row{name: "evidence is never read by just anybody of this account", by: w.person, does: "s3:GetObject", on: object, want: nothing},
		row{name: "evidence is never read by another account", by: w.foreign, does: "s3:GetObject", on: object, want: nothing},
		row{name: "evidence is never read by the public", by: w.anybody, does: "s3:GetObject", on: object, want: nothing})
}

// roleRows are about the role itself: who takes it on, and that it makes no more of it.
func roleRows(w world) []row {
	rows := []row{
		{name: "Lambda may take on the role", by: w.lambda, does: assume, on: w.roleName, want: allowed("AllowLambda")},
		{name: "Lambda never tags the role's session", by: w.lambda, does: "sts:TagSession", on: w.roleName, want: nothing},
		{name: "EC2 never takes on the role", by: service("ec2.amazonaws.com", "", ""), does: assume, on: w.roleName, want: nothing},
		{name: "an administrator never takes on the role", by: w.administrator, does: assume, on: w.roleName, want: nothing},
		{name: "another account never takes on the role", by: w.foreign, does: assume, on: w.roleName, want: nothing},
	}
	for does, on := range map[string]string{
		"iam:PutRolePolicy": w.roleName, "iam:AttachRolePolicy": w.roleName, "iam:PassRole": w.roleName, "sts:AssumeRole": "arn:aws:iam::" + account + ":role/admin",
		"lambda:UpdateFunctionCode": w.function, "lambda:UpdateFunctionConfiguration": w.function, "lambda:AddPermission": w.function,
		"lambda:InvokeFunction": w.function, "events:DisableRule": w.rule, "kms:PutKeyPolicy": w.key, "kms:CreateGrant": w.key, "kms:ScheduleKeyDeletion": w.key,
		"sns:Subscribe": w.notifications, "sns:SetTopicAttributes": w.intake, "sqs:SetQueueAttributes": w.queue, "sqs:PurgeQueue": w.queue,
	} {
		rows = append(rows, row{name: "the interrupt function is never let to " + does, by: w.role, does: does, on: on, want: nothing})
	}
	return rows
}

// functionRows are about who may invoke the function, which is to say: crash a
// machine that is tagged.
func functionRows(w world) []row {
	of := func(name string, by principal, want verdict) row {
		return row{name: name, by: by, does: invoke, on: w.function, want: want}
	}
	here := "arn:aws:cloudwatch:" + region + ":" + account + ":alarm:crashcart-hang"
	return []row{
		of("an alarm of this account may invoke the function", alarm(invoking, region, account, "crashcart-hang"), allowed("Alarms")),
		of("an alarm of any name may, since it was chosen when it was given this action", alarm(invoking, region, account, "cpu"), allowed("Alarms")),
		of("an alarm of another account never invokes the function", alarm(invoking, region, otherAccount, "crashcart-hang"), nothing),
		of("an alarm of another Region never invokes the function", alarm(invoking, otherRegion, account, "crashcart-hang"), nothing),
		of("an alarm whose account is not the one in its ARN never invokes the function", service(invoking, otherAccount, here), nothing),
		of("CloudWatch never invokes the function for something that is no alarm", service(invoking, account, arn("cloudwatch", "dashboard/x")), nothing),
		of("CloudWatch never invokes the function for nobody", service(invoking, "", ""), nothing),
		of("CloudWatch's other name never invokes the function", alarm(publishing, region, account, "crashcart-hang"), nothing),
		of("EventBridge never invokes the function", service("events.amazonaws.com", account, w.rule), nothing),
		of("SNS never invokes the function", service("sns.amazonaws.com", account, w.intake), nothing),
		of("S3 never invokes the function", service("s3.amazonaws.com", account, w.bucket), nothing),
		of("another account never invokes the function", w.foreign, nothing),
		of("the public never invokes the function", w.anybody, nothing),
		of("just anybody of this account never invokes the function", w.person, nothing),
		of("whom IAM allows may invoke the function", w.administrator, allowed(everything)),
		{name: "an alarm never lets others in", by: alarm(invoking, region, account, "crashcart-hang"), does: "lambda:AddPermission", on: w.function, want: nothing},
		{name: "an alarm never changes the code", by: alarm(invoking, region, account, "crashcart-hang"), does: "lambda:UpdateFunctionCode", on: w.function, want: nothing},
	}
}

func slackRows(w world) []row {
	return []row{
		{name: "the Slack channel may ask", by: w.slack, does: "sns:Publish", on: w.intake, want: allowed("Ask")},
		{name: "the Slack channel never asks without TLS", by: w.slack, does: "sns:Publish", on: w.intake, with: unencrypted, want: denied("AllowPublishThroughSSLOnly")},
		{name: "the Slack channel never subscribes to the intake", by: w.slack, does: "sns:Subscribe", on: w.intake, want: nothing},
		{name: "the Slack channel never speaks in Crashcart's name", by: w.slack, does: "sns:Publish", on: w.notifications, want: nothing},
		{name: "the Slack channel never interrupts by itself", by: w.slack, does: interrupt, on: instance(region, account), with: box("auto", "m7i.large"), want: nothing},
		{name: "the Slack channel never invokes the function, which would be an approval", by: w.slack, does: "lambda:InvokeFunction", on: w.function, want: nothing},
		{name: "the Slack channel never reads evidence", by: w.slack, does: "s3:GetObject", on: w.bucket + "/cases/" + caseID + "/console.txt", want: nothing},
		{name: "a channel role with every right may still ask", by: w.slackUnbound, does: "sns:Publish", on: w.intake, want: allowed(everything, "Ask")},
		{
			name: "a channel role with every right never interrupts, by its guardrail", by: w.slackUnbound, does: interrupt, on: instance(region, account),
			with: box("auto", "m7i.large"), want: nothing,
		},
		{
			name: "a channel role with every right never invokes the function, by its guardrail", by: w.slackUnbound, does: "lambda:InvokeFunction", on: w.function,
			want: nothing,
		},
		{name: "Amazon Q may take on the channel's role", by: service("chatbot.amazonaws.com", account, ""), does: assume, on: w.slackRole, want: allowed("AllowChatbot")},
		{name: "Amazon Q never takes on the channel's role for another account", by: service("chatbot.amazonaws.com", otherAccount, ""), does: assume, on: w.slackRole, want: nothing},
		{name: "Amazon Q never tags the channel's session", by: service("chatbot.amazonaws.com", account, ""), does: "sts:TagSession", on: w.slackRole, want: nothing},
		{name: "Lambda never takes on the channel's role", by: service("lambda.amazonaws.com", account, ""), does: assume, on: w.slackRole, want: nothing},
		{name: "another account never takes on the channel's role", by: w.foreign, does: assume, on: w.slackRole, want: nothing},
	}
}
