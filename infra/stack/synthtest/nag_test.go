package synthtest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"

	"crashcart/infra/stack"
	"crashcart/infra/stack/stacktest"
	"crashcart/infra/template"
)

// suppressed are the findings of cdk-nag's AwsSolutions rules that stand, by the
// construct's path below the stack, each with its reason. They are here and not in
// the stack, so that no template carries them.
var suppressed = []struct{ path, rule, finding, reason string }{
	{
		"/Evidence/Resource", "AwsSolutions-S1", "",
		"who reads evidence is in CloudTrail's data events, where they are wanted; a bucket of access logs would be one more to guard and to pay",
	},
	{
		"/InterruptRole/Resource", "AwsSolutions-IAM5", "Resource::*",
		"descriptions, which have no resources to name in IAM; in this Region alone",
	},
	{
		"/InterruptRole/Resource", "AwsSolutions-IAM5", "Resource::arn:<AWS::Partition>:ec2:<AWS::Region>:<AWS::AccountId>:instance/*",
		"the instances of this account and Region whose tag opts them in: which of them will hang is not known before",
	},
	{
		"/InterruptRole/Resource", "AwsSolutions-IAM5", "Resource::arn:<AWS::Partition>:autoscaling:<AWS::Region>:<AWS::AccountId>:autoScalingGroup:*:autoScalingGroupName/*",
		"the groups that carry the tag themselves",
	},
	{
		"/InterruptRole/Resource", "AwsSolutions-IAM5", "Resource::<Evidence4CC26D68.Arn>/cases/*",
		"every case has a folder of its own",
	},
	{
		"/InterruptRole/Resource", "AwsSolutions-IAM5", "Resource::<Evidence4CC26D68.Arn>/dry/cases/*",
		"so has every dry run",
	},
	{
		"/InterruptRole/Resource", "AwsSolutions-IAM5", "Resource::arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:<InterruptLog>:log-stream:*",
		"Lambda names a stream for every instance of the function",
	},
	{
		"/CountRole/Resource", "AwsSolutions-IAM5", "Resource::arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:<CountLog>:log-stream:*",
		"as for the interrupt function's log",
	},
	{
		"/FollowupRole/Resource", "AwsSolutions-IAM5", "Resource::*",
		"descriptions, which have no resources to name in IAM; in this Region alone",
	},
	{
		"/FollowupRole/Resource", "AwsSolutions-IAM5", "Resource::arn:<AWS::Partition>:ec2:<AWS::Region>:<AWS::AccountId>:instance/*",
		"the instances of this account and Region whose tag opts them in: their consoles, our document on them, their volumes",
	},
	{
		"/FollowupRole/Resource", "AwsSolutions-IAM5", "Resource::<Evidence4CC26D68.Arn>/cases/*/dump/*",
		"every case has a folder for what comes from its host",
	},
	{
		"/FollowupRole/Resource", "AwsSolutions-IAM5", "Resource::arn:<AWS::Partition>:ec2:<AWS::Region>:<AWS::AccountId>:volume/*",
		"the volumes of an instance, whose tag must let it in the same call; where snapshots are on",
	},
	{
		"/FollowupRole/Resource", "AwsSolutions-IAM5", "Resource::arn:<AWS::Partition>:ec2:<AWS::Region>::snapshot/*",
		"a snapshot has no id before it is made; where snapshots are on",
	},
	{
		"/FollowupRole/Resource", "AwsSolutions-IAM5", "Resource::<Evidence4CC26D68.Arn>/cases/*",
		"every case has a folder of its own",
	},
	{
		"/FollowupRole/Resource", "AwsSolutions-IAM5", "Resource::arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:crashcart-followup:*",
		"an execution has the name of its case",
	},
	{
		"/StateMachine", "AwsSolutions-SF1", "",
		"what a step has found is in the function's log and in the casebook, and Step Functions keeps the history of every execution for 90 days",
	},
	{
		"/StateMachine", "AwsSolutions-SF2", "",
		"there is nothing to trace: one function is invoked, and its calls are in its log",
	},
	{
		"/FollowupRole/Resource", "AwsSolutions-IAM5", "Resource::arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:<FollowupLog>:log-stream:*",
		"as for the interrupt function's log",
	},
}

// nag runs the AwsSolutions rules and gives what they find, as "path rule[finding]".
func nag(t *testing.T, name string, suppress bool) (found []string) {
	t.Helper()
	check := func(app stacktest.App) {
		for _, s := range stacks(app) {
			awscdk.Aspects_Of(s).Add(cdknag.NewAwsSolutionsChecks(&cdknag.NagPackProps{Reports: jsii.Bool(false)}), nil)
		}
		for _, x := range suppressed {
			suppression := &cdknag.NagPackSuppression{Id: jsii.String(x.rule), Reason: jsii.String(x.reason)}
			if x.finding != "" {
				suppression.AppliesTo = &[]any{x.finding}
			}
			if suppress {
				cdknag.NagSuppressions_AddResourceSuppressionsByPath(app.Crashcart.Stack, "/"+stack.Name+x.path, &[]*cdknag.NagPackSuppression{suppression}, nil)
			}
		}
	}
	stacktest.SynthWith(t, context(name), check, func(app stacktest.App) {
		for _, s := range stacks(app) {
			annotations, anything := assertions.Annotations_FromStack(s), assertions.Match_AnyValue()
			for _, m := range slices.Concat(
				*annotations.FindError(jsii.String("*"), anything), *annotations.FindWarning(jsii.String("*"), anything),
			) {
				rule, _, _ := strings.Cut(fmt.Sprint(m.Entry.Data), ": ")                 //nolint:staticcheck // the type has moved, but the method still gives the old one
				found = append(found, strings.TrimPrefix(*m.Id, "/"+stack.Name)+" "+rule) //nolint:staticcheck // as above
			}
		}
	})
	slices.Sort(found)
	return found
}

func TestCdkNagHasNothingToSay(t *testing.T) {
	for _, name := range configurations {
		if found := nag(t, name, true); len(found) > 0 {
			t.Errorf("%s:\n  %s", name, strings.Join(found, "\n  "))
		}
	}
}

func TestNoSuppressionIsLeftOver(t *testing.T) {
	var want []string
	for _, x := range suppressed {
		entry := x.path + " " + x.rule
		if x.finding != "" {
			entry += "[" + x.finding + "]"
		}
		want = append(want, entry)
	}
	slices.Sort(want)
	if found := nag(t, template.Full, false); !slices.Equal(found, want) {
		t.Errorf("found\n  %s\nsuppressed\n  %s", strings.Join(found, "\n  "), strings.Join(want, "\n  "))
	}
}

// stacks are all of an app's.
func stacks(app stacktest.App) []awscdk.Stack {
	all := []awscdk.Stack{app.Crashcart.Stack}
	if app.Slack != nil {
		all = append(all, app.Slack.Stack)
	}
	return all
}
