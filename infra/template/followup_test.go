package template_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"crashcart/infra/template"
	"crashcart/lambda/aws/evidence"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/dump"
)

const (
	follow     = "arn:aws:sqs:eu-central-1:111122223333:crashcart-followup"
	followDead = "arn:aws:sqs:eu-central-1:111122223333:crashcart-followup-dead"
	machine    = "arn:aws:states:eu-central-1:111122223333:stateMachine:crashcart-followup"
	executions = "arn:aws:states:eu-central-1:111122223333:execution:crashcart-followup:*"
	followupFn = "arn:aws:lambda:eu-central-1:111122223333:function:crashcart-followup"
)

// The statements of the follow-up's role, in their order: what it observes, what it brings
// home, what it does when the host cannot give its dump, and how cases end.
var (
	observes = []string{
		"Allow Service:lambda.amazonaws.com to sts:AssumeRole",
		"Allow to autoscaling:DescribeAutoScalingInstances ec2:DescribeInstanceStatus ec2:DescribeInstances ssm:DescribeInstanceInformation on *" + here,
		"Allow to ec2:GetConsoleOutput on " + instances + tagged,
	}
	brings = []string{
		"Allow to ssm:SendCommand on arn:aws:ssm:eu-central-1:111122223333:document/crashcart-collect",
		"Allow to ssm:SendCommand on " + instances + " if StringEquals ssm:resourceTag/crashcart=auto,manual",
		"Allow to ssm:GetCommandInvocation on *" + here,
		"Allow to s3:AbortMultipartUpload s3:ListMultipartUploadParts on arn:aws:s3:::NAME/cases/*/dump/*",
	}
	snapshots = []string{
		"Allow to ec2:CreateSnapshots on " + instances + tagged,
		"Allow to ec2:CreateSnapshots on arn:aws:ec2:eu-central-1:111122223333:volume/*",
		"Allow to ec2:CreateSnapshots on arn:aws:ec2:eu-central-1::snapshot/* if Null aws:RequestTag/crashcart-case=false",
		"Allow to ec2:CreateTags on arn:aws:ec2:eu-central-1::snapshot/* if StringEquals ec2:CreateAction=CreateSnapshots",
		"Allow to ec2:DescribeSnapshots on *" + here,
	}
	ends = []string{
		"Allow to dynamodb:BatchGetItem dynamodb:DeleteItem dynamodb:UpdateItem on arn:aws:dynamodb:eu-central-1:111122223333:table/NAME",
		"Allow to dynamodb:Query on arn:aws:dynamodb:eu-central-1:111122223333:table/NAME/index/open",
		"Allow to s3:GetObject s3:PutObject on arn:aws:s3:::NAME/cases/*",
		"Allow to s3:ListBucket on arn:aws:s3:::NAME",
		"Allow to sns:Publish on " + notify,
		"Allow to kms:Decrypt kms:GenerateDataKey on arn:aws:kms:eu-central-1:111122223333:key/NAME" +
			" if StringEquals kms:ViaService=dynamodb.eu-central-1.amazonaws.com,s3.eu-central-1.amazonaws.com,sns.eu-central-1.amazonaws.com",
		"Allow to states:StartExecution on " + machine,
		"Allow to states:DescribeExecution states:RedriveExecution on " + executions,
		"Allow to sqs:DeleteMessage sqs:GetQueueAttributes sqs:ReceiveMessage on " + follow,
		"Allow to logs:CreateLogStream logs:PutLogEvents on arn:aws:logs:eu-central-1:111122223333:log-group:NAME:log-stream:*",
	}
)

// Snapshots are off as the stack is shipped, and on in the full one.
func TestTheFollowupRoleMayObserveBringHomeAndEndCasesAndNothingElse(t *testing.T) {
	same(t, of(t, shipped, "FollowupRole"), slices.Concat(observes, brings, ends)...)
	same(t, of(t, full, "FollowupRole"), slices.Concat(observes, brings, snapshots, ends)...)
}

func TestTheStateMachineMayInvokeTheFollowupAndNothingElse(t *testing.T) {
	same(t, of(t, shipped, "StateMachine"),
		"Allow Service:states.amazonaws.com to sts:AssumeRole if ArnEquals aws:SourceArn="+machine+" and StringEquals aws:SourceAccount=111122223333",
		"Allow to lambda:InvokeFunction on "+followupFn,
	)
	has(t, read(t, shipped).One(t, "AWS::StepFunctions::StateMachine"), map[string]string{
		"RoleArn": `"arn:aws:iam::111122223333:role/NAME"`, "StateMachineName": `"crashcart-followup"`, "StateMachineType": `"STANDARD"`,
		"LoggingConfiguration": "null", "TracingConfiguration": "null",
		"DefinitionSubstitutions": `{"Followup":"` + followupFn + `","Partition":"aws"}`,
	})
}

// destroys are the actions that crash an instance, or that take it away from its group or
// altogether.
var destroys = []string{
	"ec2:SendDiagnosticInterrupt", "ec2:RebootInstances", "ec2:StopInstances", "ec2:TerminateInstances",
	"autoscaling:EnterStandby", "autoscaling:ExitStandby", "autoscaling:DetachInstances", "autoscaling:TerminateInstanceInAutoScalingGroup",
	"autoscaling:SetInstanceHealth", "ssm:SendCommand",
}

func TestNoRoleButTheInterruptsMayInterruptOrEnterStandby(t *testing.T) {
	for _, context := range []string{shipped, live, full} {
		var may []string
		for _, s := range read(t, context).Statements(t) {
			for _, action := range s.Actions {
				if s.Effect == "Allow" && (slices.Contains(destroys, action) || strings.Contains(action, "*")) {
					may = append(may, strings.TrimRight(s.Of, "0123456789ABCDEF")+" "+action)
				}
			}
		}
		want := []string{
			"FollowupRole ssm:SendCommand", "FollowupRole ssm:SendCommand", // see below
			"InterruptRole ec2:SendDiagnosticInterrupt", "InterruptRole autoscaling:EnterStandby",
		}
		if !slices.Equal(may, want) {
			t.Errorf("%q, want %q", may, want)
		}
	}
}

// A command runs as root. IAM wants a right on the document and one on the instance: the
// first must be for our document alone, and the second for what is opted in.
func TestNoCommandIsEverRunButOurDocumentOnWhatIsOptedIn(t *testing.T) {
	for _, context := range []string{shipped, live, full} {
		var may []string
		for _, s := range read(t, context).Statements(t) {
			if slices.Contains(s.Actions, "ssm:SendCommand") {
				may = append(may, s.String())
			}
		}
		same(t, may, brings[:2]...)
	}
}

// A document that somebody else gave this name would be run as ours.
func TestTheDocumentIsTheOneThatTheRoleMayRun(t *testing.T) {
	for _, context := range []string{shipped, live, full} {
		has(t, read(t, context).One(t, "AWS::SSM::Document"), map[string]string{
			"Name": `"` + config.DocumentCollect + `"`, "DocumentType": `"Command"`, "DocumentFormat": `"JSON"`,
			"UpdateMethod": `"NewVersion"`, "TargetType": `"/AWS::EC2::Instance"`,
		})
	}
}

func TestOnlyTheScheduleMayInvokeTheFollowupUnasked(t *testing.T) {
	same(t, of(t, shipped, "FollowupBySchedule"),
		"Allow Service:events.amazonaws.com to lambda:InvokeFunction on "+followupFn+
			" if ArnLike aws:SourceArn=arn:aws:events:eu-central-1:111122223333:rule/NAME")
}

func TestOnlyTheInterruptMaySendToTheFollowupsQueueAndOnlyTheFollowupTakesFromIt(t *testing.T) {
	const but = " if ArnNotEquals aws:PrincipalArn=arn:aws:iam::111122223333:role/NAME"
	same(t, of(t, shipped, "FollowupQueuePolicy"),
		"Deny AWS:* to sqs:* on "+follow+plain,
		"Deny * to sqs:SendMessage on "+follow+but,
		"Deny * to sqs:ChangeMessageVisibility sqs:DeleteMessage sqs:ReceiveMessage on "+follow+but)
	same(t, of(t, shipped, "FollowupDeadLetters"), "Deny AWS:* to sqs:* on "+followDead+plain)
	// The names above hide which role is which.
	for _, s := range read(t, shipped).Statements(t) {
		for sid, role := range map[string]string{"OnlyTheInterrupt": "interruptrole", "OnlyTheFollowup": "followuprole"} {
			if s.Sid == sid && !strings.Contains(fmt.Sprint(s.Conditions), "role/"+role) {
				t.Errorf("%s: %v", sid, s.Conditions)
			}
		}
	}
}

func TestNoCaseIsLostOnItsWayToTheFollowup(t *testing.T) {
	tpl := read(t, shipped)
	has(t, tpl.One(t, "AWS::SQS::Queue", "QueueName", "crashcart-followup"), map[string]string{
		"VisibilityTimeout": fmt.Sprint(6 * config.FollowupTimeout.Seconds()), "SqsManagedSseEnabled": "true", "KmsMasterKeyId": "null",
		"RedrivePolicy": `{"deadLetterTargetArn":"` + followDead + `","maxReceiveCount":5}`, "FifoQueue": "null",
	})
	has(t, tpl.One(t, "AWS::SQS::Queue", "QueueName", "crashcart-followup-dead"), map[string]string{
		"SqsManagedSseEnabled": "true", "MessageRetentionPeriod": "1209600", "KmsMasterKeyId": "null",
	})
	has(t, tpl.One(t, "AWS::Lambda::EventSourceMapping", "FunctionName", "crashcart-followup"), map[string]string{
		"BatchSize": "10", "FunctionResponseTypes": `["ReportBatchItemFailures"]`, "ScalingConfig.MaximumConcurrency": "2",
		"EventSourceArn": `"` + follow + `"`, "FilterCriteria": "null",
	})
}

// Nothing of a sweep is worth keeping: the next one finds the same cases.
func TestTheFollowupSweepsInEveryMode(t *testing.T) {
	for _, context := range []string{shipped, live, full} {
		regularly(t, context, "Has the follow-up start what has none, and end what was left without an end", "followup", "Followup", config.SweepEvent)
	}
}

// regularly checks a schedule of five minutes.
func regularly(t *testing.T, context, description, function, id, event string) {
	t.Helper()
	tpl := read(t, context)
	has(t, tpl.One(t, "AWS::Events::Rule", "Description", description), map[string]string{
		"ScheduleExpression": `"rate(5 minutes)"`, "State": `"ENABLED"`, "EventPattern": "null",
		"Targets": `[{"Arn":"arn:aws:lambda:eu-central-1:111122223333:function:crashcart-` + function + `","Id":"` + id + `","Input":` +
			strconv.Quote(event) + `,"RetryPolicy":{"MaximumEventAgeInSeconds":300}}]`,
	})
	has(t, tpl.One(t, "AWS::Lambda::EventInvokeConfig", "FunctionName", "crashcart-"+function), map[string]string{
		"MaximumRetryAttempts": "0", "MaximumEventAgeInSeconds": "300", "Qualifier": `"$LATEST"`, "DestinationConfig": "null",
	})
}

// definition is what of the state machine's definition the stack has to do with.
type definition struct {
	TimeoutSeconds float64
	States         map[string]struct {
		Type           string
		TimeoutSeconds float64
		Parameters     struct{ FunctionName string }
	}
}

// A call that the state machine gives up on goes on, and the next try runs beside it.
func TestNoStepIsEverTriedAgainWhileItRuns(t *testing.T) {
	properties := read(t, shipped).One(t, "AWS::StepFunctions::StateMachine").Properties
	text := fmt.Sprint(properties["DefinitionString"])
	var d definition
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatal(err)
	}
	tasks := 0
	for name, state := range d.States {
		if state.Type != "Task" {
			continue
		}
		tasks++
		if state.TimeoutSeconds <= config.FollowupTimeout.Seconds() {
			t.Errorf("%s ends after %.0f s, the function after %s", name, state.TimeoutSeconds, config.FollowupTimeout)
		}
		if state.Parameters.FunctionName != "${Followup}" {
			t.Errorf("%s invokes %s", name, state.Parameters.FunctionName)
		}
	}
	if tasks != 2 {
		t.Errorf("%d tasks, want 2", tasks)
	}
	if d.TimeoutSeconds <= config.OpenFor.Seconds() {
		t.Errorf("an execution ends after %.0f s, and its case is open for %s", d.TimeoutSeconds, config.OpenFor)
	}
	substituted, _ := properties["DefinitionSubstitutions"].(map[string]any)
	for _, m := range regexp.MustCompile(`\$\{(\w+)\}`).FindAllStringSubmatch(text, -1) {
		if substituted[m[1]] == nil {
			t.Errorf("nobody puts anything in for %s", m[0])
		}
	}
}

// The functions' own readers decide whether they would start.
func TestTheFollowupStartsWithWhatTheStackTellsIt(t *testing.T) {
	for _, context := range []string{shipped, live, full} {
		got, err := config.FollowupFromEnv(template.Environ(function(t, context, "followup")))
		if err != nil || !strings.HasPrefix(got.Table, "casebook") || !strings.HasPrefix(got.Bucket, "evidence") || got.Topic != notify || got.Machine != machine {
			t.Errorf("%+v, %v", got, err)
		}
		if want := brought[context]; got.Collect != want {
			t.Errorf("%s: it brings dumps home as %+v, want %+v", context, got.Collect, want)
		}
	}
}

// brought is how dumps are brought home in each configuration.
var brought = map[string]config.Collect{
	shipped: {Dumps: config.On, LimitGiB: 64, RateMiB: 32, For: 2 * time.Hour, Snapshot: config.Off},
	live:    {Dumps: config.On, LimitGiB: 64, RateMiB: 32, For: 2 * time.Hour, Snapshot: config.Off},
	full:    {Dumps: config.On, LimitGiB: 200, RateMiB: 8, For: 90 * time.Minute, Snapshot: config.On},
}

// The uploads are where the role may abort and list them, and a dump is where it may put
// objects.
func TestTheRoleMayUploadDumpsWhereTheyGo(t *testing.T) {
	allowed := map[string][]string{}
	for _, s := range read(t, shipped).Statements(t) {
		if strings.HasPrefix(s.Of, "FollowupRole") {
			for _, action := range s.Actions {
				allowed[action] = append(allowed[action], s.Resources...)
			}
		}
	}
	key := dump.Key("CASE", 0, dump.File{Path: "/var/crash/202611220527/dump.202611220527", Kind: dump.KindDump, Size: 1})
	for action, keys := range map[string][]string{
		"s3:PutObject": {key, dump.ManifestKey("CASE")}, "s3:GetObject": {key, dump.ManifestKey("CASE")},
		"s3:AbortMultipartUpload": {key}, "s3:ListMultipartUploadParts": {key},
	} {
		for _, key := range keys {
			object := "arn:aws:s3:::NAME/" + key
			if !slices.ContainsFunc(allowed[action], func(glob string) bool { return within(madeUp.ReplaceAllString(glob, "NAME"), object) }) {
				t.Errorf("%s on %s is not allowed, but on %q", action, object, allowed[action])
			}
		}
	}
}

// within says whether IAM's pattern covers an ARN.
func within(glob, arn string) bool {
	parts := strings.Split(glob, "*")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile(`^` + strings.Join(parts, `.*`) + `$`).MatchString(arn)
}

// The role may read and put objects where the functions put them, and not those of dry
// runs.
func TestTheFollowupFindsTheEvidenceOfACaseAndNeverThatOfADryRun(t *testing.T) {
	for _, s := range read(t, shipped).Statements(t) {
		if s.Sid != "Evidence" {
			continue
		}
		for i := range s.Resources {
			s.Resources[i] = strings.TrimSuffix(madeUp.ReplaceAllString(s.Resources[i], "NAME"), "*")
		}
		for dryRun, want := range map[bool]bool{false: true, true: false} {
			object := "arn:aws:s3:::NAME/" + evidence.Prefix("CASE", dryRun) + "/" + evidence.FileLatest
			if slices.ContainsFunc(s.Resources, func(place string) bool { return strings.HasPrefix(object, place) }) != want {
				t.Errorf("%s: %v", object, !want)
			}
		}
		return
	}
	t.Error("the statement Evidence is gone")
}

func TestTheFollowupsAlarmsCountItsExecutions(t *testing.T) {
	for name, metric := range map[string]string{"failed": "ExecutionsFailed", "timed-out": "ExecutionsTimedOut", "aborted": "ExecutionsAborted"} {
		alarm := read(t, shipped).One(t, "AWS::CloudWatch::Alarm", "AlarmName", "crashcart_followup-"+name)
		has(t, alarm, map[string]string{
			"Namespace": `"AWS/States"`, "MetricName": `"` + metric + `"`, "Dimensions": `[{"Name":"StateMachineArn","Value":"` + machine + `"}]`,
			"EvaluationPeriods": "1", "Statistic": `"Sum"`,
		})
		if text := fmt.Sprint(alarm.Properties["AlarmDescription"]); !strings.Contains(text, "crashcart case ID") {
			t.Errorf("%s: %q does not say how to see the case", name, text)
		}
	}
}

func TestTheDashboardShowsHowCasesEnd(t *testing.T) {
	dashboard, _ := read(t, shipped).One(t, "AWS::CloudWatch::Dashboard").Properties["DashboardBody"].(string)
	for _, want := range []string{
		config.MetricTimeToPanic, config.MetricTimeToDump, config.MetricTimeToBack, config.MetricTimeToHome, config.MetricUntold,
		`{` + config.MetricNamespace + `,` + config.DimensionFinding + `} MetricName=\"` + config.MetricFindings + `\"`,
		"ExecutionsStarted", "ExecutionsSucceeded", "ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted",
	} {
		if !strings.Contains(dashboard, want) {
			t.Errorf("the dashboard has no %s", want)
		}
	}
}

// Each function has a role, a log and a bootstrap that no other has.
func TestTheFunctionsShareNothing(t *testing.T) {
	functions := read(t, shipped).Of("AWS::Lambda::Function")
	for _, what := range []string{"Role", "LoggingConfig", "Code"} {
		owner := map[string]template.Resource{}
		for _, fn := range functions {
			raw, err := json.Marshal(fn.Properties[what])
			if err != nil || string(raw) == "null" {
				t.Errorf("%s of %s is %s, %v", what, fn.ID, raw, err)
			}
			if other, taken := owner[string(raw)]; taken {
				t.Errorf("%s of %s is that of %s", what, fn.ID, other.ID)
			}
			owner[string(raw)] = fn
		}
	}
}
