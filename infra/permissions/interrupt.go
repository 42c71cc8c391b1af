package permissions

// InterruptCalls are the operations that are linked into the interrupt function.
func InterruptCalls() []Call {
	own := func(operation, action string) Call { return Call{Operation: operation, Actions: []string{action}} }
	return []Call{
		own("autoscaling.DescribeAutoScalingGroups", "autoscaling:DescribeAutoScalingGroups"),
		own("autoscaling.EnterStandby", "autoscaling:EnterStandby"),
		own("cloudwatch.DescribeAlarms", "cloudwatch:DescribeAlarms"),
		own("cloudwatch.GetMetricData", "cloudwatch:GetMetricData"),
		own("dynamodb.BatchGetItem", "dynamodb:BatchGetItem"),
		discovery,
		own("dynamodb.PutItem", "dynamodb:PutItem"),
		own("dynamodb.Query", "dynamodb:Query"),
		{
			Operation: "dynamodb.TransactWriteItems",
			Actions:   []string{"dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"},
			Why:       "IAM knows no transaction: it asks for what is done to each item",
		},
		own("dynamodb.UpdateItem", "dynamodb:UpdateItem"),
		own("ec2.DescribeInstanceAttribute", "ec2:DescribeInstanceAttribute"),
		own("ec2.DescribeInstanceStatus", "ec2:DescribeInstanceStatus"),
		own("ec2.DescribeInstanceTypes", "ec2:DescribeInstanceTypes"),
		own("ec2.DescribeInstances", "ec2:DescribeInstances"),
		own("ec2.DescribeNetworkInterfaces", "ec2:DescribeNetworkInterfaces"),
		own("ec2.DescribeVolumes", "ec2:DescribeVolumes"),
		own("ec2.GetConsoleOutput", "ec2:GetConsoleOutput"),
		own("ec2.GetConsoleScreenshot", "ec2:GetConsoleScreenshot"),
		own("ec2.SendDiagnosticInterrupt", "ec2:SendDiagnosticInterrupt"),
		own("elasticloadbalancingv2.DescribeTargetGroups", "elasticloadbalancing:DescribeTargetGroups"),
		own("elasticloadbalancingv2.DescribeTargetHealth", "elasticloadbalancing:DescribeTargetHealth"),
		{Operation: "s3.CreateSession", Why: "directory buckets, which the SDK links into its client; the evidence is in a general purpose bucket"},
		own("s3.PutObject", "s3:PutObject"),
		own("sns.Publish", "sns:Publish"),
		own("sqs.SendMessage", "sqs:SendMessage"),
		own("ssm.DescribeInstanceInformation", "ssm:DescribeInstanceInformation"),
	}
}

// InterruptImplied are the actions that services take with the interrupt
// function's role.
func InterruptImplied() []Implied {
	return []Implied{
		{"sqs:ReceiveMessage", "Lambda polls the intake queue with the function's role"},
		{"sqs:DeleteMessage", "Lambda deletes what was handled"},
		{"sqs:GetQueueAttributes", "Lambda reads the queue's attributes to poll it"},
		{"sqs:SendMessage", "Lambda puts an event that could not be handled into the dead letters"},
		{"kms:Decrypt", "DynamoDB opens the table's key with the caller's rights, SNS the topic's"},
		{"kms:GenerateDataKey", "S3 and SNS encrypt what is put and published"},
		{"logs:CreateLogStream", "Lambda writes the function's log"},
		{"logs:PutLogEvents", "Lambda writes the function's log"},
	}
}

// Interrupt is the policy of the interrupt function's role.
func Interrupt(at Places) []Statement {
	return append(append(instances(at), memory(at)...), machinery(at)...)
}

// instances is what it may do outside of Crashcart.
func instances(at Places) []Statement {
	instance := anyInstance(at)
	return []Statement{
		{
			Sid: "Describe",
			Actions: []string{
				"autoscaling:DescribeAutoScalingGroups", "cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData",
				"ec2:DescribeInstanceStatus", "ec2:DescribeInstanceTypes", "ec2:DescribeInstances", "ec2:DescribeNetworkInterfaces",
				"ec2:DescribeVolumes",
				"elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeTargetHealth",
				"ssm:DescribeInstanceInformation",
			},
			Resources: []string{"*"},
			If:        inRegion(at),
			Why: "these have no resources to name in IAM, except DescribeAlarms, which gives composite alarms only where it is allowed on *, " +
				"and GetMetricData, which has some only for metrics of OpenTelemetry " +
				"(Service Authorization Reference; \"DescribeAlarms\", Amazon CloudWatch API Reference)",
		},
		{
			Sid: "ReadShutdownBehaviour", Actions: []string{"ec2:DescribeInstanceAttribute"}, Resources: []string{instance}, If: tagged(),
			Why: "an instance of this account and Region that is opted in: which one will hang is not known before",
		},
		{
			Sid: "TakeEvidence", Actions: []string{"ec2:GetConsoleOutput", "ec2:GetConsoleScreenshot"}, Resources: []string{instance}, If: tagged(),
			Why: "as above; a console may show secrets, so that of an instance that is not opted in is never read",
		},
		{
			Sid: "Interrupt", Actions: []string{"ec2:SendDiagnosticInterrupt"}, Resources: []string{instance}, If: tagged(),
			Why: "as above",
		},
		{
			Sid: "NeverGraviton", Deny: true,
			Actions:   []string{"ec2:GetConsoleOutput", "ec2:GetConsoleScreenshot", "ec2:SendDiagnosticInterrupt"},
			Resources: []string{instance},
			If:        map[string]any{"StringLike": map[string]any{"ec2:InstanceType": gravitons}},
			Why:       "a deny is as wide as what it takes back",
		},
		{
			Sid: "KeepUntilDumped", Actions: []string{"autoscaling:EnterStandby"},
			Resources: []string{"arn:" + at.Partition + ":autoscaling:" + at.Region + ":" + at.Account + ":autoScalingGroup:*:autoScalingGroupName/*"},
			If:        tagged(),
			Why:       "a group that carries the tag itself; the first * is an id that only Auto Scaling knows",
		},
	}
}

// memory is what it may do with the casebook, the evidence and the topic.
func memory(at Places) []Statement {
	return []Statement{
		{
			Sid: "Casebook",
			Actions: []string{
				"dynamodb:BatchGetItem", "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem",
				"dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem",
			},
			Resources: []string{at.Table},
		},
		{
			Sid: "KeepEvidence", Actions: []string{"s3:PutObject"},
			Resources: []string{at.Bucket + "/cases/*", at.Bucket + "/dry/cases/*"},
			Why:       "every case has a folder of its own",
		},
		{Sid: "Notify", Actions: []string{"sns:Publish"}, Resources: []string{at.Topic}},
		{
			Sid: "Encrypt", Actions: []string{"kms:Decrypt", "kms:GenerateDataKey"}, Resources: []string{at.Key},
			If: map[string]any{"StringEquals": map[string]any{"kms:ViaService": []string{
				"dynamodb." + at.Region + ".amazonaws.com", "s3." + at.Region + ".amazonaws.com", "sns." + at.Region + ".amazonaws.com",
			}}},
		},
	}
}

// machinery is what Lambda needs to run it.
func machinery(at Places) []Statement {
	return []Statement{
		{
			Sid:       "Queue",
			Actions:   []string{"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage"},
			Resources: []string{at.Queue},
		},
		{Sid: "DeadLetters", Actions: []string{"sqs:SendMessage"}, Resources: []string{at.DeadLetters}},
		{Sid: "Follow", Actions: []string{"sqs:SendMessage"}, Resources: []string{at.FollowupQueue}},
		logging(at),
	}
}
