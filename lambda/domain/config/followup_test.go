package config_test

import (
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/config"
)

const machine = "arn:aws:states:eu-central-1:111122223333:stateMachine:crashcart-followup"

func TestTheFollowUpNeedsItsFourSettingsAndNoOther(t *testing.T) {
	got, err := config.FollowupFromEnv([]string{
		config.EnvTable + "=casebook", config.EnvBucket + "=evidence", config.EnvStateMachine + "=" + machine,
		config.EnvTopic + "=arn:aws:sns:eu-central-1:111122223333:crashcart", "AWS_REGION=eu-central-1", "AWS_ENDPOINT_URL=http://127.0.0.1:1", "PATH=/usr/bin",
	})
	want := config.Followup{
		Table: "casebook", Bucket: "evidence", Topic: "arn:aws:sns:eu-central-1:111122223333:crashcart", Machine: machine,
		Collect: config.Collect{Dumps: config.On, LimitGiB: 64, RateMiB: 32, For: 2 * time.Hour, Snapshot: config.Off},
		Region:  "eu-central-1", Endpoint: "http://127.0.0.1:1",
	}
	if err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
}

// A budget that is set here would seem to do something.
func TestAllProblemsOfTheFollowUpAreNamedAtOnce(t *testing.T) {
	_, err := config.FollowupFromEnv([]string{"CRASHCART_TABLE=", "CRASHCART_BUDGET=3", "CRASHCART_QUEUE_URL=https://sqs/1/q", config.EnvStateMachine + "=crashcart-followup"})
	want := []string{
		"CRASHCART_TABLE is empty: give it a value, or leave it away",
		"CRASHCART_BUCKET is missing: S3 bucket for console, screenshot and dump",
		"CRASHCART_TOPIC is missing: ARN of the SNS topic for notifications",
		`CRASHCART_STATE_MACHINE="crashcart-followup": must be the ARN of a state machine`,
		"CRASHCART_BUDGET is not a setting of the follow-up",
		"CRASHCART_QUEUE_URL is not a setting of the follow-up",
		"AWS_REGION is empty: Lambda sets it, elsewhere it must be given",
	}
	if err == nil || err.Error() != strings.Join(want, "\n") {
		t.Errorf("\n%v\nwant\n%s", err, strings.Join(want, "\n"))
	}
}

// The execution's ARN is made of the machine's.
func TestOnlyTheArnOfAStateMachineIsTaken(t *testing.T) {
	for arn, ok := range map[string]bool{
		machine: true, strings.Replace(machine, "arn:aws:", "arn:aws-us-gov:", 1): true, strings.Replace(machine, ":stateMachine:", ":execution:", 1): false,
		machine + ":1": false, strings.Replace(machine, "states", "sns", 1): false, " " + machine: false, machine + "\n": false,
		strings.Replace(machine, "111122223333", "", 1): false,
	} {
		_, err := config.FollowupFromEnv([]string{
			"CRASHCART_TABLE=t", "CRASHCART_BUCKET=b", "CRASHCART_TOPIC=arn:aws:sns:eu-central-1:111122223333:crashcart", "AWS_REGION=eu-central-1",
			config.EnvStateMachine + "=" + arn,
		})
		if (err == nil) != ok {
			t.Errorf("%q: %v", arn, err)
		}
	}
}

func TestAFollowUpsMessageIsItsCasesId(t *testing.T) {
	if got := config.FollowMessage("i-1-2"); got != `{"caseId":"i-1-2"}` {
		t.Errorf("%s", got)
	}
}
