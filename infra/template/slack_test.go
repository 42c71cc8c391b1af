package template_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"crashcart/infra/template"
)

func TestTheChannelIsNotifiedAndNeverHasAnotherGuardrail(t *testing.T) {
	tpl := read(t, template.Slack)
	channel := tpl.One(t, "AWS::Chatbot::SlackChannelConfiguration")
	has(t, channel, map[string]string{
		"SlackWorkspaceId": `"T0123ABCD"`, "SlackChannelId": `"C0123ABCD"`, "SnsTopicArns": `["` + notify + `","` + ownTopic + `"]`,
		"GuardrailPolicies":         `["arn:aws:iam::111122223333:policy/NAME"]`,
		"CustomizationResourceArns": `["${Ask.CustomActionArn}"]`,
	})
	role := tpl.One(t, "AWS::IAM::Role")
	has(t, role, map[string]string{"ManagedPolicyArns": `["arn:aws:iam::111122223333:policy/NAME"]`, "Policies": "null"})
	if arn := "arn:aws:iam::111122223333:role/" + strings.ToLower(role.ID); channel.Properties["IamRoleArn"] != arn {
		t.Errorf("its role is %v, want %s", channel.Properties["IamRoleArn"], arn)
	}
}

func TestTheCommandPublishesOneLineOfTextInBothModes(t *testing.T) {
	for _, context := range []string{template.Slack, template.SlackJoined} {
		action := read(t, context).One(t, "AWS::Chatbot::CustomAction")
		has(t, action, map[string]string{
			"ActionName": `"crashcart-eu-central-1"`, "AliasName": `"crashcart-eu-central-1"`,
			"Definition.CommandText": `"sns publish --topic-arn ` + intake + ` --region eu-central-1 --message \"interrupt $instance because $reason\""`,
		})
		// "CustomAction", Amazon Q Developer in chat applications API Reference; no Region has a
		// longer name than this.
		const longest = "ap-northeast-1"
		if alias := strings.Replace(fmt.Sprint(action.Properties["AliasName"]), template.Region, longest, 1); len(alias) > 30 {
			t.Errorf("the alias %s is too long", alias)
		}
	}
}

// A channel has one configuration in an account, so a second one would fail, or take the
// first one's place.
func TestAChannelThatHasAConfigurationNeverGetsAnother(t *testing.T) {
	tpl := read(t, template.SlackJoined)
	got := map[string]int{}
	for _, r := range tpl.Resources {
		got[r.Type]++
	}
	if want := map[string]int{"AWS::Chatbot::CustomAction": 1, "AWS::IAM::ManagedPolicy": 1}; !maps.Equal(got, want) {
		t.Errorf("it makes %v, want %v", got, want)
	}
	for name, want := range map[string]string{
		"Topics":    notify + " " + ownTopic,
		"PolicyArn": "arn:aws:iam::111122223333:policy/NAME",
		"Associate": "aws chatbot associate-to-configuration --region us-east-2 --chat-configuration " +
			"arn:aws:chatbot::111122223333:chat-configuration/slack-channel/ops --resource ${Ask.CustomActionArn}",
	} {
		if got := madeUp.ReplaceAllString(tpl.Outputs[name], "NAME"); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

func TestSlackIsNeverInTheStackThatInterrupts(t *testing.T) {
	for _, context := range []string{shipped, live, full} {
		for _, r := range read(t, context).Resources {
			if strings.HasPrefix(r.Type, "AWS::Chatbot::") {
				t.Errorf("%s has %s", context, r.ID)
			}
		}
	}
}
