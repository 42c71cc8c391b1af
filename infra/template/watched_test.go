package template_test

import (
	"fmt"
	"strings"
	"testing"

	"crashcart/infra/template"
)

// watched says whether an alarm of the stack looks at a metric of one resource.
func watched(tpl template.Template, metric, dimension, name string) bool {
	for _, alarm := range tpl.Of("AWS::CloudWatch::Alarm") {
		dimensions := fmt.Sprint(alarm.Properties["Dimensions"])
		if alarm.Properties["MetricName"] == metric && dimensions == fmt.Sprint([]any{map[string]any{"Name": dimension, "Value": name}}) {
			return true
		}
	}
	return false
}

// What is broken here leaves no error anywhere else.
func TestNoWayInOrOutIsEverUnwatched(t *testing.T) {
	tpl := read(t, shipped)
	ref := func(r template.Resource, property string) string {
		if name, ok := r.Properties[property].(string); ok {
			return name
		}
		return strings.ToLower(r.ID) // as package template makes a name up
	}
	for _, rule := range tpl.Of("AWS::Events::Rule") {
		if !watched(tpl, "FailedInvocations", "RuleName", ref(rule, "Name")) {
			t.Errorf("nobody learns that the rule %s could not hand over", rule.ID)
		}
	}
	for _, topic := range tpl.Of("AWS::SNS::Topic") {
		if !watched(tpl, "NumberOfNotificationsFailed", "TopicName", ref(topic, "TopicName")) {
			t.Errorf("nobody learns that the topic %s could not deliver", topic.ID)
		}
	}
	for _, queue := range tpl.Of("AWS::SQS::Queue") {
		metric := "ApproximateAgeOfOldestMessage" // nobody reads it
		if queue.Properties["RedrivePolicy"] == nil {
			metric = "ApproximateNumberOfMessagesVisible" // it is for dead letters
		}
		if !watched(tpl, metric, "QueueName", ref(queue, "QueueName")) {
			t.Errorf("nobody watches %s of the queue %s", metric, queue.ID)
		}
	}
	for _, function := range tpl.Of("AWS::Lambda::Function") {
		if !watched(tpl, "Errors", "FunctionName", ref(function, "FunctionName")) {
			t.Errorf("nobody learns that the function %s ended with an error", function.ID)
		}
	}
}
