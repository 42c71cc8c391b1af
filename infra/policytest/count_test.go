package policytest_test

import "strings"

// countRows are what the count may do, which is to count, and what
// it must never be able to do, which is everything else.
func countRows(w world) []row {
	var rows []row
	of := func(name, does, on string, with map[string]string, want verdict) {
		rows = append(rows, row{name: name, by: w.count, does: does, on: on, with: with, want: want})
	}
	index, stream := w.table+"/index/open", w.countLogs+":log-stream:2026/11/22/[$LATEST]0123"
	of("the count may read the open cases", "dynamodb:Query", index, nil, allowed("OpenCases"))
	of("the count never queries the table itself", "dynamodb:Query", w.table, nil, nothing)
	of("the count never queries another index", "dynamodb:Query", w.table+"/index/by-owner", nil, nothing)
	of("the count never reads another table's index", "dynamodb:Query", arn("dynamodb", "table/orders/index/open"), nil, nothing)
	of("the count never scans the index", "dynamodb:Scan", index, nil, nothing)
	for does := range strings.FieldsSeq(`BatchGetItem BatchWriteItem ConditionCheckItem DeleteItem DeleteTable GetItem PartiQLSelect PutItem Scan UpdateItem
		UpdateTable UpdateTimeToLive`) {
		of("the count never does to the casebook: "+does, "dynamodb:"+does, w.table, nil, nothing)
	}
	of("the count may open the table's key", decrypt, w.key, through("dynamodb", account), allowed("Decrypt", "UseThroughServices"))
	of("the count never decrypts evidence", decrypt, w.key, through("s3", account), nothing)
	of("the count never decrypts notifications", decrypt, w.key, through("sns", account), nothing)
	of("the count never decrypts by itself", decrypt, w.key, through("", account), nothing)
	of("the count never decrypts with another key", decrypt, usualKey, through("dynamodb", account), nothing)
	for does := range strings.FieldsSeq("CreateGrant Encrypt GenerateDataKey ReEncryptFrom ReEncryptTo") {
		of("the count never uses the key to "+does, "kms:"+does, w.key, through("dynamodb", account), nothing)
	}
	of("the count may make a log stream", "logs:CreateLogStream", stream, nil, allowed("Log"))
	of("the count may write its log", "logs:PutLogEvents", stream, nil, allowed("Log"))
	of("the count never writes the interrupt function's log", "logs:PutLogEvents", w.logs+":log-stream:2026/11/22/[$LATEST]0123", nil, nothing)
	of("the count never deletes a log stream", "logs:DeleteLogStream", stream, nil, nothing)
	of("the count never deletes its log", "logs:DeleteLogGroup", w.countLogs, nil, nothing)
	rows = append(rows, row{
		name: "the interrupt function never writes the count's log", by: w.role, does: "logs:PutLogEvents", on: stream, want: nothing,
	})
	return append(append(rows, harmlessCountRows(w)...), countScheduleRows(w)...)
}

// harmlessCountRows ask for everything by which somebody who has taken over the count's
// function could do harm.
func harmlessCountRows(w world) []row {
	var rows []row
	never := func(does, on string, with map[string]string) {
		rows = append(rows, row{name: strings.TrimSpace("the count is never let to " + does + " " + with["aws:ResourceTag/crashcart"]), by: w.count, does: does, on: on, with: with, want: nothing})
	}
	for _, value := range []string{"auto", "manual"} {
		for does := range strings.FieldsSeq(`SendDiagnosticInterrupt DescribeInstanceAttribute GetConsoleOutput GetConsoleScreenshot RebootInstances
			StopInstances TerminateInstances`) {
			never("ec2:"+does, instance(region, account), box(value, "m7i.large"))
		}
		never("ssm:SendCommand", instance(region, account), tag(value))
		never(standby, group(region, account), tag(value))
	}
	for does := range strings.FieldsSeq("ec2:DescribeInstances ec2:DescribeInstanceStatus autoscaling:DescribeAutoScalingGroups ssm:DescribeInstanceInformation") {
		never(does, "*", nil)
	}
	object := w.bucket + "/cases/" + caseID + "/before/console.txt"
	for does, on := range map[string]string{
		"s3:GetObject": object, "s3:PutObject": object, "s3:DeleteObject": object, "s3:ListBucket": w.bucket,
		send: w.deadLetters, receive: w.deadLetters, remove: w.deadLetters,
		"lambda:InvokeFunction": w.function, "lambda:UpdateFunctionCode": w.countFunction, "iam:PutRolePolicy": w.countRole,
		"iam:PassRole": w.roleName, "sts:AssumeRole": w.roleName, "events:PutRule": w.countSchedule, "events:DisableRule": w.countSchedule, "events:PutEvents": arn("events", "event-bus/default"),
		"kms:PutKeyPolicy": w.key, "cloudwatch:SetAlarmState": arn("cloudwatch", "alarm:crashcart-hang"),
	} {
		never(does, on, nil)
	}
	for _, does := range []string{send, receive, hide, remove} {
		rows = append(rows, row{name: "the count never touches a message of the intake queue: " + does, by: w.count, does: does, on: w.queue, want: denied("OnlyTheFunction")})
	}
	for name, topic := range map[string]string{"the intake": w.intake, "the notifications": w.notifications} {
		rows = append(rows, row{name: "the count never publishes to " + name, by: w.count, does: publish, on: topic, want: nothing})
	}
	return rows
}

// countScheduleRows are about who may invoke the count, and take on its role.
func countScheduleRows(w world) []row {
	of := func(name string, by principal, want verdict) row {
		return row{name: name, by: by, does: "lambda:InvokeFunction", on: w.countFunction, want: want}
	}
	return []row{
		of("the schedule may invoke the count", service(rules, account, w.countSchedule), allowed("Schedule")),
		of("the intake's rule never invokes the count", service(rules, account, w.rule), nothing),
		of("a schedule of another account never invokes the count", service(rules, otherAccount, strings.Replace(w.countSchedule, account, otherAccount, 1)), nothing),
		of("EventBridge never invokes the count for nobody", service(rules, "", ""), nothing),
		of("another service, in the schedule's name, never invokes the count", service("s3.amazonaws.com", account, w.countSchedule), nothing),
		of("an alarm never invokes the count", alarm(invoking, region, account, "crashcart-hang"), nothing),
		of("SNS never invokes the count", service("sns.amazonaws.com", account, w.intake), nothing),
		of("another account never invokes the count", w.foreign, nothing),
		of("the public never invokes the count", w.anybody, nothing),
		of("just anybody of this account never invokes the count", w.person, nothing),
		of("the interrupt function never invokes the count", w.role, nothing),
		{name: "the schedule never invokes the interrupt function", by: service(rules, account, w.countSchedule), does: "lambda:InvokeFunction", on: w.function, want: nothing},
		{name: "the schedule never changes the count's code", by: service(rules, account, w.countSchedule), does: "lambda:UpdateFunctionCode", on: w.countFunction, want: nothing},
		{name: "the schedule never sends to the queue", by: service(rules, account, w.countSchedule), does: "sqs:SendMessage", on: w.queue, want: nothing},
		{name: "Lambda may take on the count's role", by: w.lambda, does: assume, on: w.countRole, want: allowed("AllowLambda")},
		{name: "Lambda never tags the session of the count's role", by: w.lambda, does: "sts:TagSession", on: w.countRole, want: nothing},
		{name: "EventBridge never takes on the count's role", by: service(rules, account, w.countSchedule), does: assume, on: w.countRole, want: nothing},
		{name: "the interrupt function never takes on the count's role", by: w.role, does: assume, on: w.countRole, want: nothing},
		{name: "another account never takes on the count's role", by: w.foreign, does: assume, on: w.countRole, want: nothing},
	}
}
