package template_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"crashcart/infra/props"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
)

func TestCrashcartIsNeverAskedToInterruptByItsOwnAlarms(t *testing.T) {
	prefixes := []string{"crashcart-", "hang-"}
	var own, watch []string
	for _, r := range read(t, full).Of("AWS::CloudWatch::Alarm") {
		name := fmt.Sprint(r.Properties["AlarmName"])
		about, mine := strings.CutPrefix(name, props.OwnAlarms)
		taken := slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(name, p) })
		if mine {
			own = append(own, about)
			missing, operator, threshold := `"notBreaching"`, `"GreaterThanOrEqualToThreshold"`, "1"
			switch about {
			case "waiting", "followup-waiting": // twenty minutes: SQS keeps a pass back for up to fifteen
				threshold = "1200"
			case "overdue": // what was overdue still is
				missing = `"ignore"`
			case "count-missing": // what is missing is the alarm
				missing, operator = `"breaching"`, `"LessThanThreshold"`
			}
			has(t, r, map[string]string{
				"AlarmActions": `["` + ownTopic + `"]`, "TreatMissingData": missing, "Threshold": threshold, "ComparisonOperator": operator,
			})
		} else {
			watch = append(watch, name)
			has(t, r, map[string]string{"AlarmActions": "null"})
		}
		if taken == mine {
			t.Errorf("the rule takes %s: %v", name, taken)
		}
	}
	slices.Sort(own)
	slices.Sort(watch)
	if want := []string{
		"count-errors", "count-missing", "dead-letters", "errors",
		"followup-aborted", "followup-dead-letters", "followup-errors", "followup-failed", "followup-throttles", "followup-timed-out", "followup-waiting",
		"overdue", "rule-alarms", "rule-counts", "rule-sweeps", "stuck", "throttles", "unanswered", "undecided",
		"undelivered-alarms", "undelivered-intake", "undelivered-notifications", "untold", "waiting",
	}; !slices.Equal(own, want) {
		t.Errorf("own alarms %q, want %q", own, want)
	}
	if want := []string{"crashcart-heartbeat-group-web", "crashcart-heartbeat-i-0a1b2c3d4e5f60718", "crashcart-unhealthy-web"}; !slices.Equal(watch, want) {
		t.Errorf("alarms for others %q, want %q", watch, want)
	}
}

func TestOwnAlarmsCountWhatIsPublished(t *testing.T) {
	for name, want := range map[string]map[string]string{
		"dead-letters": {"Namespace": `"AWS/SQS"`, "MetricName": `"ApproximateNumberOfMessagesVisible"`, "Dimensions": `[{"Name":"QueueName","Value":"crashcart-dead-letters"}]`, "EvaluationPeriods": "1"},
		"errors":       {"Namespace": `"AWS/Lambda"`, "MetricName": `"Errors"`, "Dimensions": `[{"Name":"FunctionName","Value":"crashcart-interrupt"}]`, "EvaluationPeriods": "1"},
		"throttles":    {"Namespace": `"AWS/Lambda"`, "MetricName": `"Throttles"`, "Dimensions": `[{"Name":"FunctionName","Value":"crashcart-interrupt"}]`, "EvaluationPeriods": "1"},
		"undecided":    {"Namespace": `"` + config.MetricNamespace + `"`, "MetricName": `"` + config.MetricDecisions + `"`, "Dimensions": `[{"Name":"Outcome","Value":"failed"}]`, "EvaluationPeriods": "1"},
		"unanswered":   {"Namespace": `"` + config.MetricNamespace + `"`, "MetricName": `"` + config.MetricUnanswered + `"`, "Dimensions": "null", "EvaluationPeriods": "2"},

		"waiting":                   {"Namespace": `"AWS/SQS"`, "MetricName": `"ApproximateAgeOfOldestMessage"`, "Dimensions": `[{"Name":"QueueName","Value":"crashcart-intake"}]`, "EvaluationPeriods": "1", "Statistic": `"Maximum"`},
		"rule-alarms":               {"Namespace": `"AWS/Events"`, "MetricName": `"FailedInvocations"`, "Dimensions": `[{"Name":"RuleName","Value":"NAME"}]`, "EvaluationPeriods": "1", "Statistic": `"Sum"`},
		"undelivered-intake":        {"Namespace": `"AWS/SNS"`, "MetricName": `"NumberOfNotificationsFailed"`, "Dimensions": `[{"Name":"TopicName","Value":"crashcart-intake"}]`, "EvaluationPeriods": "1", "Statistic": `"Sum"`},
		"undelivered-notifications": {"Namespace": `"AWS/SNS"`, "MetricName": `"NumberOfNotificationsFailed"`, "Dimensions": `[{"Name":"TopicName","Value":"crashcart-notifications"}]`, "EvaluationPeriods": "1", "Statistic": `"Sum"`},
		"undelivered-alarms":        {"Namespace": `"AWS/SNS"`, "MetricName": `"NumberOfNotificationsFailed"`, "Dimensions": `[{"Name":"TopicName","Value":"crashcart-alarms"}]`, "EvaluationPeriods": "1", "Statistic": `"Sum"`},
		"untold":                    {"Namespace": `"` + config.MetricNamespace + `"`, "MetricName": `"` + config.MetricUntold + `"`, "Dimensions": "null", "EvaluationPeriods": "1", "Statistic": `"Sum"`},

		"followup-errors":       {"Namespace": `"AWS/Lambda"`, "MetricName": `"Errors"`, "Dimensions": `[{"Name":"FunctionName","Value":"crashcart-followup"}]`, "EvaluationPeriods": "1", "Statistic": `"Sum"`},
		"followup-throttles":    {"Namespace": `"AWS/Lambda"`, "MetricName": `"Throttles"`, "Dimensions": `[{"Name":"FunctionName","Value":"crashcart-followup"}]`, "EvaluationPeriods": "1", "Statistic": `"Sum"`},
		"followup-dead-letters": {"Namespace": `"AWS/SQS"`, "MetricName": `"ApproximateNumberOfMessagesVisible"`, "Dimensions": `[{"Name":"QueueName","Value":"crashcart-followup-dead"}]`, "EvaluationPeriods": "1", "Statistic": `"Maximum"`},
		"followup-waiting":      {"Namespace": `"AWS/SQS"`, "MetricName": `"ApproximateAgeOfOldestMessage"`, "Dimensions": `[{"Name":"QueueName","Value":"crashcart-followup"}]`, "EvaluationPeriods": "1", "Statistic": `"Maximum"`},
		"rule-sweeps":           {"Namespace": `"AWS/Events"`, "MetricName": `"FailedInvocations"`, "Dimensions": `[{"Name":"RuleName","Value":"NAME"}]`, "EvaluationPeriods": "1", "Statistic": `"Sum"`},
		"rule-counts":           {"Namespace": `"AWS/Events"`, "MetricName": `"FailedInvocations"`, "Dimensions": `[{"Name":"RuleName","Value":"NAME"}]`, "EvaluationPeriods": "1", "Statistic": `"Sum"`},

		"overdue":       {"Namespace": `"` + config.MetricNamespace + `"`, "MetricName": `"` + config.MetricOverdueCases + `"`, "Dimensions": "null", "EvaluationPeriods": "1", "Statistic": `"Maximum"`},
		"stuck":         {"Namespace": `"` + config.MetricNamespace + `"`, "MetricName": `"` + config.MetricStuckCases + `"`, "Dimensions": "null", "EvaluationPeriods": "1", "Statistic": `"Maximum"`},
		"count-errors":  {"Namespace": `"AWS/Lambda"`, "MetricName": `"Errors"`, "Dimensions": `[{"Name":"FunctionName","Value":"crashcart-count"}]`, "EvaluationPeriods": "1"},
		"count-missing": {"Namespace": `"` + config.MetricNamespace + `"`, "MetricName": `"` + config.MetricOpenCases + `"`, "Dimensions": "null", "EvaluationPeriods": "3", "Statistic": `"SampleCount"`},
	} {
		has(t, read(t, shipped).One(t, "AWS::CloudWatch::Alarm", "AlarmName", props.OwnAlarms+name), want)
	}
}

func TestWhoIsNotifiedOfACaseIsAlwaysToldWhatToDo(t *testing.T) {
	for name, sentences := range map[string][]string{
		"dead-letters": {"until somebody deletes it", "crashcart explain", "crashcart interrupt ID"},
		"overdue":      {"within 48 hours", "crashcart cases --overdue", "crashcart case ID", "crashcart case close ID --reason"},
		"stuck":        {"may have been sent", "not sent again", "crashcart cases --open", "crashcart cases --overdue", "crashcart case ID", "crashcart case close ID --reason"},
	} {
		alarm := read(t, shipped).One(t, "AWS::CloudWatch::Alarm", "AlarmName", props.OwnAlarms+name)
		for _, want := range sentences {
			if text := fmt.Sprint(alarm.Properties["AlarmDescription"]); !strings.Contains(text, want) {
				t.Errorf("%s: %q does not say %q", name, text, want)
			}
		}
	}
}

// The outcomes are the function's. The stack has them again, since it imports nothing of
// the function but its configuration.
func TestTheMetricsAreThoseThatTheFunctionWrites(t *testing.T) {
	mine := constants(t, "infra/stack")
	for name, theirs := range map[string]cases.Outcome{
		"outcomeInterrupted": cases.OutcomeInterrupted, "outcomeUnknown": cases.OutcomeUnknown,
		"outcomeRejected": cases.OutcomeRejected, "outcomeFailed": cases.OutcomeFailed,
	} {
		if mine[name] != string(theirs) {
			t.Errorf("%s is %q here and %q there", name, mine[name], theirs)
		}
	}
	dashboard, _ := read(t, shipped).One(t, "AWS::CloudWatch::Dashboard").Properties["DashboardBody"].(string)
	var body struct{ Widgets []any }
	if err := json.Unmarshal([]byte(dashboard), &body); err != nil || len(body.Widgets) != 12 {
		t.Errorf("%d widgets, %v", len(body.Widgets), err)
	}
	for _, want := range []string{
		config.MetricDecisions, config.MetricTimeToInterrupt, config.MetricIgnored, config.MetricNamespace,
		config.MetricOpenCases, config.MetricOverdueCases, config.MetricStuckCases, config.MetricOldestCase,
	} {
		if !strings.Contains(dashboard, want) {
			t.Errorf("the dashboard has no %s", want)
		}
	}
	if !strings.Contains(dashboard, `"label":"budget","value":3`) {
		t.Error("the dashboard does not show the budget")
	}
}

func TestAPersonIsToldTheCommands(t *testing.T) {
	out := read(t, shipped).Outputs
	for name, want := range map[string]string{
		"Region": "eu-central-1", "FunctionName": "crashcart-interrupt", "TableName": "NAME", "BucketName": "NAME",
		"QueueUrl":               "https://sqs.eu-central-1.amazonaws.com/111122223333/crashcart-intake",
		"DeadLettersUrl":         "https://sqs.eu-central-1.amazonaws.com/111122223333/crashcart-dead-letters",
		"FollowupQueueUrl":       "https://sqs.eu-central-1.amazonaws.com/111122223333/crashcart-followup",
		"FollowupDeadLettersUrl": "https://sqs.eu-central-1.amazonaws.com/111122223333/crashcart-followup-dead",
		"StateMachineArn":        machine,
		"IntakeTopicArn":         intake, "NotificationTopicArn": notify, "AlarmTopicArn": ownTopic,
		"Subscribe":       "aws sns subscribe --region eu-central-1 --topic-arn " + notify + " --protocol email --notification-endpoint YOU@EXAMPLE.COM",
		"SubscribeAlarms": "aws sns subscribe --region eu-central-1 --topic-arn " + ownTopic + " --protocol email --notification-endpoint YOU@EXAMPLE.COM",
		"DryRun":          `aws lambda invoke --region eu-central-1 --function-name crashcart-interrupt --cli-binary-format raw-in-base64-out --payload '{"instanceIds":["INSTANCE"],"reason":"first dry run","dryRun":true}' /dev/stdout`,
		"PullLever":       `aws dynamodb put-item --region eu-central-1 --table-name NAME --item '{"pk":{"S":"lever"},"sk":{"S":"lever"},"reason":{"S":"WHY"}}'`,
		"ReleaseLever":    `aws dynamodb delete-item --region eu-central-1 --table-name NAME --key '{"pk":{"S":"lever"},"sk":{"S":"lever"}}'`,
	} {
		if got := madeUp.ReplaceAllString(out[name], "NAME"); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
		delete(out, name)
	}
	if len(out) > 0 {
		t.Errorf("there are more: %v", out)
	}
}
