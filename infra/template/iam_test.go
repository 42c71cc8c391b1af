package template_test

import (
	"slices"
	"strings"
	"testing"

	"crashcart/infra/template"
)

const (
	describes = "autoscaling:DescribeAutoScalingGroups cloudwatch:DescribeAlarms cloudwatch:GetMetricData ec2:DescribeInstanceStatus ec2:DescribeInstanceTypes ec2:DescribeInstances " +
		"ec2:DescribeNetworkInterfaces ec2:DescribeVolumes elasticloadbalancing:DescribeTargetGroups elasticloadbalancing:DescribeTargetHealth ssm:DescribeInstanceInformation"
	instances = "arn:aws:ec2:eu-central-1:111122223333:instance/*"
	here      = " if StringEquals aws:RequestedRegion=eu-central-1"
	tagged    = " if StringEquals aws:ResourceTag/crashcart=auto,manual"
	ofAlarms  = " if ArnLike aws:SourceArn=arn:aws:cloudwatch:eu-central-1:111122223333:alarm:* and StringEquals aws:SourceAccount=111122223333"
	ofOwn     = " if ArnLike aws:SourceArn=arn:aws:cloudwatch:eu-central-1:111122223333:alarm:crashcart_* and StringEquals aws:SourceAccount=111122223333"
	account   = "AWS:arn:aws:iam::111122223333:root"
	intake    = "arn:aws:sns:eu-central-1:111122223333:crashcart-intake"
	notify    = "arn:aws:sns:eu-central-1:111122223333:crashcart-notifications"
	ownTopic  = "arn:aws:sns:eu-central-1:111122223333:crashcart-alarms"
	queue     = "arn:aws:sqs:eu-central-1:111122223333:crashcart-intake"
	dead      = "arn:aws:sqs:eu-central-1:111122223333:crashcart-dead-letters"
	plain     = " if Bool aws:SecureTransport=false"
)

// of gives the statements of the resources whose logical id begins so.
func of(t *testing.T, context, prefix string) []string {
	t.Helper()
	var found []string
	for _, s := range read(t, context).Statements(t) {
		if strings.HasPrefix(s.Of, prefix) {
			found = append(found, s.String())
		}
	}
	return found
}

// same compares statements; names that CloudFormation makes up are cut to NAME.
func same(t *testing.T, got []string, want ...string) {
	t.Helper()
	for i := range got {
		got[i] = madeUp.ReplaceAllString(got[i], "NAME")
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func TestTheInterruptRoleMayDoThisAndNothingElse(t *testing.T) {
	same(t, of(t, shipped, "InterruptRole"),
		"Allow Service:lambda.amazonaws.com to sts:AssumeRole",
		"Allow to "+describes+" on *"+here,
		"Allow to ec2:DescribeInstanceAttribute on "+instances+tagged,
		"Allow to ec2:GetConsoleOutput ec2:GetConsoleScreenshot on "+instances+tagged,
		"Allow to ec2:SendDiagnosticInterrupt on "+instances+tagged,
		"Deny to ec2:GetConsoleOutput ec2:GetConsoleScreenshot ec2:SendDiagnosticInterrupt on "+instances+
			" if StringLike ec2:InstanceType=a1.*,*g.*,*gd.*,*gn.*,*gb.*,*gen.*,*g-flex.*,*ge.*",
		"Allow to autoscaling:EnterStandby on arn:aws:autoscaling:eu-central-1:111122223333:autoScalingGroup:*:autoScalingGroupName/*"+tagged,
		"Allow to dynamodb:BatchGetItem dynamodb:ConditionCheckItem dynamodb:DeleteItem dynamodb:PutItem dynamodb:Query dynamodb:UpdateItem on arn:aws:dynamodb:eu-central-1:111122223333:table/NAME",
		"Allow to s3:PutObject on arn:aws:s3:::NAME/cases/* arn:aws:s3:::NAME/dry/cases/*",
		"Allow to sns:Publish on "+notify,
		"Allow to kms:Decrypt kms:GenerateDataKey on arn:aws:kms:eu-central-1:111122223333:key/NAME"+
			" if StringEquals kms:ViaService=dynamodb.eu-central-1.amazonaws.com,s3.eu-central-1.amazonaws.com,sns.eu-central-1.amazonaws.com",
		"Allow to sqs:DeleteMessage sqs:GetQueueAttributes sqs:ReceiveMessage sqs:SendMessage on "+queue,
		"Allow to sqs:SendMessage on "+dead,
		"Allow to sqs:SendMessage on "+follow,
		"Allow to logs:CreateLogStream logs:PutLogEvents on arn:aws:logs:eu-central-1:111122223333:log-group:NAME:log-stream:*",
	)
}

func TestTheCountMayReadTheOpenCasesAndNothingElse(t *testing.T) {
	same(t, of(t, shipped, "CountRole"),
		"Allow Service:lambda.amazonaws.com to sts:AssumeRole",
		"Allow to dynamodb:Query on arn:aws:dynamodb:eu-central-1:111122223333:table/NAME/index/open",
		"Allow to kms:Decrypt on arn:aws:kms:eu-central-1:111122223333:key/NAME if StringEquals kms:ViaService=dynamodb.eu-central-1.amazonaws.com",
		"Allow to logs:CreateLogStream logs:PutLogEvents on arn:aws:logs:eu-central-1:111122223333:log-group:NAME:log-stream:*",
	)
}

func TestNoRoleOfAFunctionHasAPolicyFromElsewhere(t *testing.T) {
	for _, function := range []string{"interrupt function", "follow-up", "state machine", "count"} {
		role := read(t, full).One(t, "AWS::IAM::Role", "Description", "What Crashcart's "+function+" may do")
		if role.Properties["ManagedPolicyArns"] != nil {
			t.Errorf("%s has %v", function, role.Properties["ManagedPolicyArns"])
		}
	}
	if n := len(read(t, full).Of("AWS::IAM::Policy")); n != 0 {
		t.Errorf("a construct granted something: %d policies", n)
	}
}

func TestOnlyAlarmsOfThisAccountMayInvokeTheInterrupt(t *testing.T) {
	same(t, of(t, shipped, "InterruptByAlarms"),
		"Allow Service:lambda.alarms.cloudwatch.amazonaws.com to lambda:InvokeFunction on arn:aws:lambda:eu-central-1:111122223333:function:crashcart-interrupt"+ofAlarms)
}

func TestOnlyTheScheduleMayInvokeTheCount(t *testing.T) {
	same(t, of(t, shipped, "CountBySchedule"),
		"Allow Service:events.amazonaws.com to lambda:InvokeFunction on arn:aws:lambda:eu-central-1:111122223333:function:crashcart-count"+
			" if ArnLike aws:SourceArn=arn:aws:events:eu-central-1:111122223333:rule/NAME")
}

func TestOnlyAlarmsMayPublishToTheIntakeUnasked(t *testing.T) {
	same(t, of(t, shipped, "IntakeTopic"),
		"Deny * to sns:Publish on "+intake+plain,
		"Allow Service:cloudwatch.amazonaws.com to sns:Publish on "+intake+ofAlarms)
}

func TestOnlyTopicAndRuleMaySendToTheQueue(t *testing.T) {
	const messages = "Deny * to sqs:ChangeMessageVisibility sqs:DeleteMessage sqs:ReceiveMessage sqs:SendMessage on " + queue
	same(t, of(t, shipped, "IntakePolicy"),
		"Deny AWS:* to sqs:* on "+queue+plain,
		"Allow Service:sns.amazonaws.com to sqs:SendMessage on "+queue+" if ArnEquals aws:SourceArn="+intake,
		"Allow Service:events.amazonaws.com to sqs:GetQueueAttributes sqs:GetQueueUrl sqs:SendMessage on "+queue+
			" if ArnEquals aws:SourceArn=arn:aws:events:eu-central-1:111122223333:rule/NAME",
		messages+" if ArnNotEquals aws:PrincipalArn=arn:aws:iam::111122223333:role/NAME and BoolIfExists aws:PrincipalIsAWSService=false",
		messages+" if ForAllValues:StringNotEquals aws:PrincipalServiceNamesList=events.amazonaws.com,sns.amazonaws.com and Null aws:PrincipalServiceNamesList=false")
}

func TestNoServiceEverPublishesNotifications(t *testing.T) {
	same(t, of(t, shipped, "NotificationsPolicy"), "Deny * to sns:Publish on "+notify+plain)
}

func TestOnlyOwnAlarmsMayPublishToTheTopicOfOwnAlarms(t *testing.T) {
	same(t, of(t, shipped, "AlarmTopic"),
		"Deny * to sns:Publish on "+ownTopic+plain,
		"Allow Service:cloudwatch.amazonaws.com to sns:Publish on "+ownTopic+ofOwn)
}

func TestTheKeyIsForTheThreeServicesAlone(t *testing.T) {
	same(t, of(t, shipped, "Key"),
		"Allow "+account+" to kms:CancelKeyDeletion kms:CreateAlias kms:DeleteAlias kms:DescribeKey kms:DisableKey kms:DisableKeyRotation kms:EnableKey "+
			"kms:EnableKeyRotation kms:GetKeyPolicy kms:GetKeyRotationStatus kms:ListGrants kms:ListKeyPolicies kms:ListKeyRotations "+
			"kms:ListResourceTags kms:PutKeyPolicy kms:RevokeGrant kms:RotateKeyOnDemand kms:ScheduleKeyDeletion kms:TagResource kms:UntagResource "+
			"kms:UpdateAlias kms:UpdateKeyDescription on *",
		"Allow "+account+" to kms:CreateGrant kms:Decrypt kms:DescribeKey kms:Encrypt kms:GenerateDataKey kms:GenerateDataKeyWithoutPlaintext "+
			"kms:ReEncryptFrom kms:ReEncryptTo on * if StringEquals kms:CallerAccount=111122223333 and StringEquals "+
			"kms:ViaService=dynamodb.eu-central-1.amazonaws.com,s3.eu-central-1.amazonaws.com,sns.eu-central-1.amazonaws.com")
}

// changes are the actions that change something which is not Crashcart's own.
func changes(s template.Statement) []string {
	var found []string
	for _, a := range s.Actions {
		service, name, _ := strings.Cut(a, ":")
		own := slices.Contains([]string{"dynamodb", "kms", "lambda", "logs", "s3", "sns", "sqs", "states", "sts"}, service)
		if !own && !strings.HasPrefix(name, "Describe") && !strings.HasPrefix(name, "Get") {
			found = append(found, a)
		}
	}
	return found
}

func TestNothingButInterruptStandbyCollectAndSnapshotChangesAnythingOutside(t *testing.T) {
	always := []string{"ssm:SendCommand", "ssm:SendCommand"} // of our document, on an instance
	snapshots := []string{"ec2:CreateSnapshots", "ec2:CreateSnapshots", "ec2:CreateSnapshots", "ec2:CreateTags"}
	for context, followup := range map[string][]string{shipped: always, live: always, full: slices.Concat(always, snapshots)} {
		var found []string
		for _, s := range read(t, context).Statements(t) {
			if s.Effect == "Allow" {
				found = append(found, changes(s)...)
			}
		}
		if want := append(slices.Clone(followup), "ec2:SendDiagnosticInterrupt", "autoscaling:EnterStandby"); !slices.Equal(found, want) {
			t.Errorf("%s: it may %q, want %q", context, found, want)
		}
	}
}

func TestNobodyAndEverybodyIsNeverAllowed(t *testing.T) {
	for _, context := range []string{shipped, full} {
		for _, s := range read(t, context).Statements(t) {
			if s.Effect != "Allow" {
				continue
			}
			for _, p := range s.Principals {
				if strings.HasSuffix(p, "*") {
					t.Errorf("%s lets in %s", s.Of, p)
				}
				if _, service := strings.CutPrefix(p, "Service:"); service && !strings.HasPrefix(p, "Service:lambda.amazonaws") && len(s.Conditions) == 0 {
					t.Errorf("%s lets in %s for any account", s.Of, p)
				}
			}
			for _, a := range s.Actions {
				if strings.Contains(a, "*") {
					t.Errorf("%s allows %s", s.Of, a)
				}
			}
		}
	}
}

// Each of these has its reason where it is made.
func TestNoOtherStarIsLeft(t *testing.T) {
	allowed := []string{
		"Describe *", "ReadShutdownBehaviour " + instances, "TakeEvidence " + instances, "Interrupt " + instances,
		"KeepUntilDumped arn:aws:autoscaling:eu-central-1:111122223333:autoScalingGroup:*:autoScalingGroupName/*",
		"RunOnInstances " + instances, "ReadAnswer *", "Upload arn:aws:s3:::NAME/cases/*/dump/*",
		"SnapshotInstances " + instances, "SnapshotVolumes arn:aws:ec2:eu-central-1:111122223333:volume/*",
		"KeepSnapshots arn:aws:ec2:eu-central-1::snapshot/*", "TagSnapshots arn:aws:ec2:eu-central-1::snapshot/*", "FindSnapshots *",
		"ReadConsole " + instances, "Evidence arn:aws:s3:::NAME/cases/*", "Resume " + executions,
		"KeepEvidence arn:aws:s3:::NAME/cases/*", "KeepEvidence arn:aws:s3:::NAME/dry/cases/*",
		"Log arn:aws:logs:eu-central-1:111122223333:log-group:NAME:log-stream:*",
		"Administer *", "UseThroughServices *", // in a key's policy it means the key
	}
	seen := map[string]bool{}
	for _, s := range read(t, full).Statements(t) {
		for _, r := range s.Resources {
			entry := s.Sid + " " + madeUp.ReplaceAllString(r, "NAME")
			if s.Effect == "Allow" && strings.Contains(r, "*") {
				seen[entry] = true
				if !slices.Contains(allowed, entry) {
					t.Errorf("%s: %s", s.Of, entry)
				}
			}
		}
	}
	for _, entry := range allowed {
		if !seen[entry] {
			t.Errorf("%s is listed here and nowhere else", entry)
		}
	}
}

func TestSlackMayAskAndNothingElse(t *testing.T) {
	same(t, of(t, template.Slack, ""),
		"Allow to sns:Publish on "+intake,
		"Allow Service:chatbot.amazonaws.com to sts:AssumeRole if StringEquals aws:SourceAccount=111122223333")
	same(t, of(t, template.SlackJoined, ""), "Allow to sns:Publish on "+intake)
}
