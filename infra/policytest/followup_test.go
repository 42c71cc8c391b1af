package policytest_test

import "strings"

// asker makes rows about what one principal may do.
type asker struct {
	by   principal
	rows []row
}

func (a *asker) ask(name, does, on string, with map[string]string, want verdict) {
	a.rows = append(a.rows, row{name: name, by: a.by, does: does, on: on, with: with, want: want})
}

// followupRows are what the follow-up may do, and what it must never be able to do.
func followupRows(w world) []row {
	rows := append(observingRows(w), endingRows(w)...)
	rows = append(rows, executingRows(w)...)
	rows = append(rows, neverInterruptsRows(w)...)
	rows = append(rows, neverChangesRows(w)...)
	rows = append(rows, followupQueueRows(w)...)
	rows = append(rows, stateMachineRows(w)...)
	return append(rows, followupRoleRows(w)...)
}

// observingRows are about instances, which it may only look at.
func observingRows(w world) []row {
	a := &asker{by: w.followup}
	for does := range strings.FieldsSeq(`autoscaling:DescribeAutoScalingInstances ec2:DescribeInstanceStatus ec2:DescribeInstances ssm:DescribeInstanceInformation`) {
		a.ask("the follow-up may "+does, does, "*", nil, allowed("Describe"))
		a.ask("the follow-up never does it in another Region: "+does, does, "*", map[string]string{"aws:RequestedRegion": otherRegion}, nothing)
	}
	const console = "ec2:GetConsoleOutput"
	for _, value := range []string{"auto", "manual"} {
		a.ask("the follow-up may read the console of an instance that is tagged "+value, console, instance(region, account), box(value, "m7i.large"), allowed("ReadConsole"))
	}
	for _, value := range []string{"", "AUTO", "off"} {
		a.ask("the follow-up never reads the console of an instance that is tagged "+value+" and not opted in", console, instance(region, account), box(value, "m7i.large"), nothing)
	}
	a.ask("the follow-up never reads the console of an instance in another Region", console, instance(otherRegion, account), box("auto", "m7i.large"), nothing)
	a.ask("the follow-up never reads the console of an instance of another account", console, instance(region, otherAccount), box("auto", "m7i.large"), nothing)
	return a.rows
}

// endingRows are about the casebook, the evidence, the key and the topic.
func endingRows(w world) []row {
	a := &asker{by: w.followup}
	for does := range strings.FieldsSeq("BatchGetItem DeleteItem UpdateItem") {
		a.ask("the follow-up may use the casebook: "+does, "dynamodb:"+does, w.table, nil, allowed("Casebook"))
		a.ask("the follow-up never uses another table: "+does, "dynamodb:"+does, arn("dynamodb", "table/orders"), nil, nothing)
	}
	for does := range strings.FieldsSeq(`BatchWriteItem ConditionCheckItem DeleteTable GetItem PartiQLSelect PutItem Query Scan UpdateTable
		UpdateContinuousBackups UpdateTimeToLive PutResourcePolicy`) {
		a.ask("the follow-up never does to the casebook: "+does, "dynamodb:"+does, w.table, nil, nothing)
	}
	index := w.table + "/index/open"
	a.ask("the follow-up may find the open cases", "dynamodb:Query", index, nil, allowed("OpenCases"))
	a.ask("the follow-up never scans the index", "dynamodb:Scan", index, nil, nothing)
	a.ask("the follow-up never queries another index", "dynamodb:Query", w.table+"/index/by-owner", nil, nothing)
	a.ask("the follow-up never queries another table's index", "dynamodb:Query", arn("dynamodb", "table/orders/index/open"), nil, nothing)
	a.rows = append(a.rows, followupEvidenceRows(w)...)
	for does, services := range map[string]string{decrypt: "dynamodb s3 sns", dataKey: "s3 sns"} {
		for through := range strings.FieldsSeq(services) {
			a.ask("the follow-up may use the key through "+through+": "+does, does, w.key, viaService(through), allowed("Encrypt", "UseThroughServices"))
		}
		a.ask("the follow-up never uses the key by itself: "+does, does, w.key, through("", account), nothing)
		a.ask("the follow-up never uses the key through another service: "+does, does, w.key, through("secretsmanager", account), nothing)
		a.ask("the follow-up never uses another key: "+does, does, usualKey, through("s3", account), nothing)
	}
	for does := range strings.FieldsSeq("CreateGrant Encrypt ReEncryptFrom ReEncryptTo PutKeyPolicy ScheduleKeyDeletion") {
		a.ask("the follow-up never uses the key to "+does, "kms:"+does, w.key, through("dynamodb", account), nothing)
	}
	a.ask("the follow-up may notify", publish, w.notifications, nil, allowed("Notify"))
	a.ask("the follow-up never notifies without TLS", publish, w.notifications, unencrypted, denied("AllowPublishThroughSSLOnly"))
	a.ask("the follow-up never asks for an interrupt by the intake", publish, w.intake, nil, nothing)
	a.ask("the follow-up never raises an alarm that watches Crashcart", publish, w.ownAlarms, nil, nothing)
	a.ask("the follow-up never subscribes anybody", "sns:Subscribe", w.notifications, nil, nothing)
	return a.rows
}

// viaService is through, for this account.
func viaService(service string) map[string]string { return through(service, account) }

// followupEvidenceRows are about the bucket: the cases', and nothing else's.
func followupEvidenceRows(w world) []row {
	a := &asker{by: w.followup}
	object, dryRun := w.bucket+"/cases/"+caseID+"/before/console-latest.txt", w.bucket+"/dry/cases/"+caseID+"/before/console-latest.txt"
	for _, does := range []string{"s3:GetObject", "s3:PutObject"} {
		a.ask("the follow-up may use the evidence of a case: "+does, does, object, nil, allowed("Evidence"))
		a.ask("the follow-up never uses the evidence of a dry run: "+does, does, dryRun, nil, nothing)
		a.ask("the follow-up never uses what lies beside the cases: "+does, does, w.bucket+"/index.html", nil, nothing)
		a.ask("the follow-up never uses another bucket: "+does, does, "arn:aws:s3:::backups/cases/"+caseID+"/console.txt", nil, nothing)
		a.ask("the follow-up never uses evidence without TLS: "+does, does, object, unencrypted, denied("DenySecureTransport"))
	}
	a.ask("the follow-up may see that an object is missing", "s3:ListBucket", w.bucket, nil, allowed("FindEvidence"))
	a.ask("the follow-up never lists another bucket", "s3:ListBucket", "arn:aws:s3:::backups", nil, nothing)
	for _, does := range []string{"s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObjectAcl", "s3:GetObjectVersion"} {
		a.ask("the follow-up never does to evidence: "+does, does, object, nil, nothing)
	}
	for _, does := range []string{"s3:PutBucketPolicy", "s3:DeleteBucket", "s3:PutLifecycleConfiguration"} {
		a.ask("the follow-up never does to the bucket: "+does, does, w.bucket, nil, nothing)
	}
	return a.rows
}

// executingRows are about executions, its queue and its log.
func executingRows(w world) []row {
	a := &asker{by: w.followup}
	execution := arn("states", "execution:crashcart-followup:"+caseID)
	a.ask("the follow-up may start an execution", startExecution, w.machine, nil, allowed("Start"))
	a.ask("the follow-up never starts another state machine", startExecution, arn("states", "stateMachine:payroll"), nil, nothing)
	for does := range strings.FieldsSeq("DescribeExecution RedriveExecution") {
		a.ask("the follow-up may resume an execution: "+does, "states:"+does, execution, nil, allowed("Resume"))
		a.ask("the follow-up never touches another state machine's execution: "+does, "states:"+does, arn("states", "execution:payroll:march"), nil, nothing)
	}
	for does := range strings.FieldsSeq("StopExecution GetExecutionHistory") {
		a.ask("the follow-up never does to an execution: "+does, "states:"+does, execution, nil, nothing)
	}
	for does := range strings.FieldsSeq("UpdateStateMachine DeleteStateMachine DescribeStateMachine ListExecutions") {
		a.ask("the follow-up never does to the state machine: "+does, "states:"+does, w.machine, nil, nothing)
	}
	stream := w.followupLogs + ":log-stream:2026/11/22/[$LATEST]0123"
	a.ask("the follow-up may make a log stream", "logs:CreateLogStream", stream, nil, allowed("Log"))
	a.ask("the follow-up may write its log", "logs:PutLogEvents", stream, nil, allowed("Log"))
	a.ask("the follow-up never deletes a log stream", "logs:DeleteLogStream", stream, nil, nothing)
	for name, log := range map[string]string{"interrupt function": w.logs, "count": w.countLogs} {
		a.ask("the follow-up never writes the log of the "+name, "logs:PutLogEvents", log+":log-stream:2026/11/22/[$LATEST]0123", nil, nothing)
	}
	return a.rows
}

// neverInterruptsRows ask for everything that crashes a machine, or takes it away.
func neverInterruptsRows(w world) []row {
	var rows []row
	for name, by := range map[string]principal{"follow-up": w.followup, "count": w.count, "state machine": w.machineRole} {
		a := &asker{by: by}
		for _, value := range []string{"auto", "manual"} {
			for does := range strings.FieldsSeq(`SendDiagnosticInterrupt RebootInstances StopInstances TerminateInstances ModifyInstanceAttribute
				GetConsoleScreenshot DescribeInstanceAttribute CreateTags`) {
				a.ask("the "+name+" is never let to ec2:"+does+" what is tagged "+value, "ec2:"+does, instance(region, account), box(value, "m7i.large"), nothing)
			}
			for does := range strings.FieldsSeq(`EnterStandby ExitStandby DetachInstances TerminateInstanceInAutoScalingGroup SetInstanceHealth
				CompleteLifecycleAction RecordLifecycleActionHeartbeat UpdateAutoScalingGroup`) {
				a.ask("the "+name+" is never let to autoscaling:"+does+" in a group that is tagged "+value, "autoscaling:"+does, group(region, account), tag(value), nothing)
			}
		}
		a.ask("the "+name+" never has the interrupt function do it", invoke, w.function, nil, nothing)
		a.ask("the "+name+" never takes on the interrupt function's role", "sts:AssumeRole", w.roleName, nil, nothing)
		a.ask("the "+name+" never hands on the interrupt function's role", "iam:PassRole", w.roleName, nil, nothing)
		a.ask("the "+name+" never forges a target on its next pass", send, w.queue, nil, denied("OnlyTheFunction"))
		rows = append(rows, a.rows...)
	}
	return rows
}

// neverChangesRows ask for what would make more of the role than it is.
func neverChangesRows(w world) []row {
	a := &asker{by: w.followup}
	for does, on := range map[string]string{
		"lambda:UpdateFunctionCode": w.followupFunction, "lambda:AddPermission": w.followupFunction, invoke: w.followupFunction,
		"iam:PutRolePolicy": w.followupRole, "iam:AttachRolePolicy": w.followupRole, "iam:PassRole": w.machineRoleName,
		"events:PutRule": w.sweeps, "events:DisableRule": w.sweeps, "events:PutEvents": arn("events", "event-bus/default"),
		"cloudwatch:SetAlarmState": arn("cloudwatch", "alarm:crashcart-hang"),
		send:                       w.deadLetters, receive: w.deadLetters,
	} {
		a.ask("the follow-up is never let to "+does, does, on, nil, nothing)
	}
	a.ask("the follow-up never takes a trigger", receive, w.queue, nil, denied("OnlyTheFunction"))
	a.ask("the follow-up never reads its dead letters", receive, w.followupDead, nil, nothing)
	return a.rows
}
