package states_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"crashcart/lab/states"
)

func TestTheMachineThatIsDeployedHasFourStatesAndNothingThatTheLabDoesNotKnow(t *testing.T) {
	d := deployed(t)
	if got, want := slices.Sorted(maps.Keys(d.States)), []string{"Advance", "Done?", "Finish", "Wait"}; !slices.Equal(got, want) {
		t.Errorf("the states are %v, want %v", got, want)
	}
	for name, s := range d.States {
		if s.Type == "Task" && (s.TimeoutSeconds == 0 || len(s.Retry) == 0) {
			t.Errorf("the task %s has no timeout, or is not tried again", name)
		}
		if s.Type == "Task" && s.Parameters["FunctionName"] != "crashcart-followup" {
			t.Errorf("the task %s calls %v", name, s.Parameters["FunctionName"])
		}
	}
	if d.TimeoutSeconds == 0 {
		t.Error("an execution may last for a year")
	}
	if catch := d.States["Advance"].Catch; len(catch) != 1 || !slices.Equal(catch[0].ErrorEquals, []string{"States.ALL"}) || catch[0].Next != "Finish" {
		t.Errorf("an advance that fails for good leads to %+v", catch)
	}
}

// text is the definition that is deployed, as a text.
func text(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile("../../" + states.File)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestADefinitionThatTheLabCannotCarryOutIsRefused(t *testing.T) {
	for name, c := range map[string]struct{ old, with, want string }{
		"a language it does not speak":       {`"StartAt"`, `"QueryLanguage": "JSONata", "StartAt"`, "JSONata"},
		"an unknown member of the machine":   {`"StartAt"`, `"Version2": 1, "StartAt"`, "Version2"},
		"a member in other letters":          {`"SecondsPath"`, `"secondsPath"`, "secondsPath"},
		"a type it does not know":            {`"Type": "Wait"`, `"Type": "Parallel"`, "Parallel"},
		"a member of another type":           {`"SecondsPath": "$.waitSeconds"`, `"SecondsPath": "$.waitSeconds", "OutputPath": "$"`, "OutputPath"},
		"a state that is not there":          {`"Default": "Wait"`, `"Default": "Waits"`, `"Waits"`},
		"a state that is never reached":      {`"Default": "Wait"`, `"Default": "Advance"`, "Wait is never reached"},
		"a start that is not there":          {`"StartAt": "Advance"`, `"StartAt": "Begin"`, `"Begin"`},
		"no default":                         {`"Default": "Wait"`, `"Comment": "Wait"`, "Default"},
		"another comparison":                 {`"BooleanEquals": true`, `"StringEquals": "true"`, "StringEquals"},
		"a path with an index":               {`"SecondsPath": "$.waitSeconds"`, `"SecondsPath": "$.waits[0]"`, "waits[0]"},
		"a path that is none":                {`"SecondsPath": "$.waitSeconds"`, `"SecondsPath": "waitSeconds"`, "waitSeconds"},
		"the context object":                 {`"caseId.$": "$.caseId"`, `"caseId.$": "$$.Execution.Name"`, "$$.Execution.Name"},
		"an intrinsic function":              {`"caseId.$": "$.caseId"`, `"caseId.$": "States.UUID()"`, "States.UUID()"},
		"a path that is no text":             {`"caseId.$": "$.caseId"`, `"caseId.$": 1`, "caseId.$"},
		"another service":                    {`states:::lambda:invoke`, `states:::sqs:sendMessage`, "sqs:sendMessage"},
		"a callback":                         {`states:::lambda:invoke`, `states:::lambda:invoke.waitForTaskToken`, "waitForTaskToken"},
		"an argument that Lambda's has not":  {`"FunctionName"`, `"Qualifier": "live", "FunctionName"`, "Qualifier"},
		"two ways out":                       {`"Next": "Done?"`, `"Next": "Done?", "End": true`, "one of Next and End"},
		"no way out":                         {`"End": true`, `"End": false`, "one of Next and End"},
		"States.ALL before others":           {`"Lambda.TooManyRequestsException",`, `"States.ALL",`, "not alone"},
		"an error that the language has not": {`["States.ALL"], "ResultPath"`, `["States.Sometimes"], "ResultPath"`, "States.Sometimes"},
		"a jitter it does not know":          {`"FULL"`, `"HALF"`, "HALF"},
		"a result path of null":              {`"OutputPath": "$.Payload"`, `"ResultPath": null, "OutputPath": "$.Payload"`, "ResultPath"},
		"a value that nobody gives":          {`${Followup}`, `${Followup}${Other}`, "Other"},
		"no JSON":                            {`"StartAt"`, `StartAt`, "invalid character"},
	} {
		t.Run(name, func(t *testing.T) {
			original := text(t)
			changed := strings.Replace(original, c.old, c.with, 1)
			if changed == original {
				t.Fatalf("the definition has no %s", c.old)
			}
			if _, err := states.Parse([]byte(changed), values); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v, want one of %s", err, c.want)
			}
		})
	}
	if _, err := states.Parse([]byte(text(t)+"{}"), values); err == nil {
		t.Error("two definitions in one are taken")
	}
}

func TestAllThatIsWrongIsSaidAtOnce(t *testing.T) {
	changed := strings.NewReplacer(`"FULL"`, `"HALF"`, `"Default": "Wait"`, `"Default": "Waits"`).Replace(text(t))
	_, err := states.Parse([]byte(changed), values)
	if err == nil || !strings.Contains(err.Error(), "HALF") || !strings.Contains(err.Error(), "Waits") {
		t.Errorf("the error is %v", err)
	}
}
