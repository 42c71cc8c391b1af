package template_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"crashcart/infra/template"
)

// shared are the types whose names a whole account shares, whatever the Region (a
// bucket's: all accounts), and the properties that hold the names. The reference page of
// each service's API says so; of a dashboard PutDashboard.
var shared = map[string][]string{
	"AWS::Chatbot::CustomAction":                       {"ActionName", "AliasName"},
	"AWS::Chatbot::MicrosoftTeamsChannelConfiguration": {"ConfigurationName"},
	"AWS::Chatbot::SlackChannelConfiguration":          {"ConfigurationName"},
	"AWS::CloudWatch::Dashboard":                       {"DashboardName"},
	"AWS::IAM::ManagedPolicy":                          {"ManagedPolicyName"},
	"AWS::IAM::Policy":                                 nil, // within its role
	"AWS::IAM::Role":                                   {"RoleName"},
	"AWS::S3::Bucket":                                  {"BucketName"},
}

// regional are the types whose names another Region may have again, or that have none.
var regional = []string{
	"AWS::CloudWatch::Alarm", "AWS::DynamoDB::Table", "AWS::Events::Rule", "AWS::KMS::Alias", "AWS::KMS::Key",
	"AWS::Lambda::EventInvokeConfig", "AWS::Lambda::EventSourceMapping", "AWS::Lambda::Function", "AWS::Lambda::Permission",
	"AWS::Logs::LogGroup", "AWS::S3::BucketPolicy", "AWS::SNS::Subscription", "AWS::SNS::Topic", "AWS::SNS::TopicPolicy",
	"AWS::SQS::Queue", "AWS::SQS::QueuePolicy", "AWS::SSM::Document", "AWS::StepFunctions::StateMachine",
}

// A name that CloudFormation makes up has the stack's name and a random end.
func TestNoNameThatRegionsShareIsEverWithoutTheRegion(t *testing.T) {
	for _, context := range []string{shipped, full, template.Slack, template.SlackJoined} {
		for _, r := range read(t, context).Resources {
			names, known := shared[r.Type]
			if !known && !slices.Contains(regional, r.Type) {
				t.Errorf("%s: do Regions share the names of %s?", r.ID, r.Type)
			}
			for _, property := range names {
				if name, given := r.Properties[property]; given && !strings.Contains(fmt.Sprint(name), template.Region) {
					t.Errorf("%s of %s is %v in every Region", property, r.ID, name)
				}
			}
		}
	}
}
