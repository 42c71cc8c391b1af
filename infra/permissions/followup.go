package permissions

import "slices"

// FollowupCalls are the operations that are linked into the follow-up. None of them can
// interrupt an instance. Outside of Crashcart two change something: SendCommand runs our own
// document, and CreateSnapshots makes snapshots where that is on.
func FollowupCalls() []Call {
	own := func(operation, action string) Call { return Call{Operation: operation, Actions: []string{action}} }
	return []Call{
		own("autoscaling.DescribeAutoScalingInstances", "autoscaling:DescribeAutoScalingInstances"),
		own("dynamodb.BatchGetItem", "dynamodb:BatchGetItem"),
		discovery,
		own("dynamodb.Query", "dynamodb:Query"),
		{
			Operation: "dynamodb.TransactWriteItems",
			Actions:   []string{"dynamodb:DeleteItem", "dynamodb:UpdateItem"},
			Why:       "IAM knows no transaction: it asks for what is done to each item",
		},
		own("dynamodb.UpdateItem", "dynamodb:UpdateItem"),
		{Operation: "ec2.CreateSnapshots", Actions: []string{"ec2:CreateSnapshots", "ec2:CreateTags"}, Why: "it tags what it makes, which is an action of its own"},
		own("ec2.DescribeInstanceStatus", "ec2:DescribeInstanceStatus"),
		own("ec2.DescribeInstances", "ec2:DescribeInstances"),
		own("ec2.DescribeSnapshots", "ec2:DescribeSnapshots"),
		own("ec2.GetConsoleOutput", "ec2:GetConsoleOutput"),
		own("s3.AbortMultipartUpload", "s3:AbortMultipartUpload"),
		{Operation: "s3.CompleteMultipartUpload", Actions: []string{"s3:PutObject"}, Why: uploadIsPut},
		{Operation: "s3.CreateMultipartUpload", Actions: []string{"s3:PutObject"}, Why: uploadIsPut},
		{Operation: "s3.CreateSession", Why: "directory buckets, which the SDK links into its client; the evidence is in a general purpose bucket"},
		own("s3.GetObject", "s3:GetObject"),
		{Operation: "s3.HeadObject", Actions: []string{"s3:GetObject"}, Why: "who may read an object may ask for its size"},
		{Operation: "s3.ListObjectsV2", Actions: []string{"s3:ListBucket"}, Why: "the action has an older name"},
		{Operation: "s3.ListParts", Actions: []string{"s3:ListMultipartUploadParts"}, Why: "the action has a longer name"},
		own("s3.PutObject", "s3:PutObject"),
		own("sfn.DescribeExecution", "states:DescribeExecution"),
		own("sfn.RedriveExecution", "states:RedriveExecution"),
		own("sfn.StartExecution", "states:StartExecution"),
		own("sns.Publish", "sns:Publish"),
		own("ssm.DescribeInstanceInformation", "ssm:DescribeInstanceInformation"),
		own("ssm.GetCommandInvocation", "ssm:GetCommandInvocation"),
		own("ssm.SendCommand", "ssm:SendCommand"),
	}
}

// uploadIsPut is why an upload in parts has no action of its own ("Multipart upload API and
// permissions", Amazon S3 User Guide).
const uploadIsPut = "an upload in parts is a PutObject in IAM; so is each part that a host puts by a presigned URL"

// FollowupImplied are the actions that services take with the follow-up's role.
func FollowupImplied() []Implied {
	return []Implied{
		{"s3:ListBucket", "S3 says that an object is missing only to whoever may list the bucket. Everybody else is refused, as without the right to read it"},
		{"sqs:ReceiveMessage", "Lambda polls the follow-up's queue with the function's role"},
		{"sqs:DeleteMessage", "Lambda deletes what was handled"},
		{"sqs:GetQueueAttributes", "Lambda reads the queue's attributes to poll it"},
		{"kms:Decrypt", "DynamoDB and S3 open the key of table and bucket with the caller's rights, SNS the topic's; S3 once more to complete an upload"},
		{"kms:GenerateDataKey", "S3 and SNS encrypt what is put and published, the parts that hosts put by presigned URLs among it"},
		{"logs:CreateLogStream", "Lambda writes the function's log"},
		{"logs:PutLogEvents", "Lambda writes the function's log"},
	}
}

// Followup is the policy of the follow-up's role. It observes what was interrupted, brings
// its dump home, ends cases and notifies. It cannot interrupt, nor put anything into
// Standby.
func Followup(at Places, may Collecting) []Statement {
	return slices.Concat(observing(at), may.statements(at), ending(at), executing(at))
}

// observing is what it may see of an instance. All of it is reading.
func observing(at Places) []Statement {
	return []Statement{
		{
			Sid: "Describe",
			Actions: []string{
				"autoscaling:DescribeAutoScalingInstances", "ec2:DescribeInstanceStatus", "ec2:DescribeInstances",
				"ssm:DescribeInstanceInformation",
			},
			Resources: []string{"*"},
			If:        inRegion(at),
			Why:       "these have no resources to name in IAM (Service Authorization Reference)",
		},
		{
			Sid: "ReadConsole", Actions: []string{"ec2:GetConsoleOutput"}, Resources: []string{anyInstance(at)}, If: tagged(),
			Why: "an instance of this account and Region that is opted in: which one was interrupted is in its case; " +
				"a console may show secrets, so that of an instance that is not opted in is never read",
		},
	}
}

// ending is what it may do with the casebook, the evidence and the topic.
func ending(at Places) []Statement {
	return []Statement{
		{
			Sid: "Casebook", Actions: []string{"dynamodb:BatchGetItem", "dynamodb:DeleteItem", "dynamodb:UpdateItem"},
			Resources: []string{at.Table},
		},
		{Sid: "OpenCases", Actions: []string{"dynamodb:Query"}, Resources: []string{openCases(at)}},
		{
			Sid: "Evidence", Actions: []string{"s3:GetObject", "s3:PutObject"}, Resources: []string{at.Bucket + "/cases/*"},
			Why: "every case has a folder of its own",
		},
		{Sid: "FindEvidence", Actions: []string{"s3:ListBucket"}, Resources: []string{at.Bucket}},
		{Sid: "Notify", Actions: []string{"sns:Publish"}, Resources: []string{at.Topic}},
		{
			Sid: "Encrypt", Actions: []string{"kms:Decrypt", "kms:GenerateDataKey"}, Resources: []string{at.Key},
			If: map[string]any{"StringEquals": map[string]any{"kms:ViaService": []string{
				"dynamodb." + at.Region + ".amazonaws.com", "s3." + at.Region + ".amazonaws.com", "sns." + at.Region + ".amazonaws.com",
			}}},
		},
	}
}

// executing is how it is started, and what it may do with executions.
func executing(at Places) []Statement {
	return []Statement{
		{Sid: "Start", Actions: []string{"states:StartExecution"}, Resources: []string{at.Machine}},
		{
			Sid: "Resume", Actions: []string{"states:DescribeExecution", "states:RedriveExecution"}, Resources: []string{at.Executions},
			Why: "an execution has the name of its case",
		},
		{
			Sid:       "Queue",
			Actions:   []string{"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"},
			Resources: []string{at.FollowupQueue},
		},
		logging(at),
	}
}

// StateMachine is the policy of the state machine's role: it invokes the follow-up's
// function, and does nothing else.
func StateMachine(function string) []Statement {
	return []Statement{{Sid: "Advance", Actions: []string{"lambda:InvokeFunction"}, Resources: []string{function}}}
}
