package policytest_test

import (
	"fmt"
	"strings"
	"testing"

	"crashcart/infra/template"
	"crashcart/lambda/domain/config"
)

// full is every stack, with everything on that brings a policy.
const full = `{"slack": {"workspace": "T0123ABCD", "channel": "C0123ABCD"}, "snapshot": "on"}`

// The ways to bring a dump home, each by itself.
const (
	neither   = `{"collect": "off"}`
	diskAlone = `{"collect": "off", "snapshot": "on"}`
)

const (
	region  = template.Region
	account = template.Account

	otherRegion  = "eu-west-1"
	otherAccount = "444455556666"

	hung   = "i-0a1b2c3d4e5f60718"
	web    = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0:autoScalingGroupName/web"
	caseID = hung + "-0123456789abcdef"
)

// world is what the rows speak of, as it is called in one stack.
type world struct {
	docs documents

	intake, notifications, ownAlarms string // topics
	queue, deadLetters               string
	table, bucket, key               string
	function, logs, rule             string
	roleName, slackRole              string    // ARNs
	role                             principal // the interrupt function, at work

	countFunction, countLogs, countRole, countSchedule string
	followupFunction, followupLogs, followupRole       string
	followupQueue, followupDead, sweeps                string
	machine, machineRoleName                           string

	collects, snapshots bool // whether dumps are brought home, and disks copied

	count, followup        principal // the other functions, at work
	machineRole            principal // the state machine, at work
	lambda, person         principal
	administrator, foreign principal
	anybody                principal
	slack, slackUnbound    principal
}

// settle finds everything in a template.
func settle(t *testing.T, tpl template.Template) world {
	t.Helper()
	made := func(kind string) string { return strings.ToLower(tpl.One(t, kind).ID) }
	rule := func(description string) string {
		return arn("events", "rule/"+strings.ToLower(tpl.One(t, "AWS::Events::Rule", "Description", description).ID))
	}
	logs := func(function string) string {
		config, _ := tpl.One(t, "AWS::Lambda::Function", "FunctionName", function).Properties["LoggingConfig"].(map[string]any)
		return arn("logs", fmt.Sprintf("log-group:%v", config["LogGroup"]))
	}
	role := tpl.One(t, "AWS::IAM::Role", "Description", "What Crashcart's interrupt function may do")
	count := tpl.One(t, "AWS::IAM::Role", "Description", "What Crashcart's count may do")
	followup := tpl.One(t, "AWS::IAM::Role", "Description", "What Crashcart's follow-up may do")
	machine := tpl.One(t, "AWS::IAM::Role", "Description", "What Crashcart's state machine may do")
	user := func(name, account string, identity ...string) principal {
		user := "arn:aws:iam::" + account + ":user/" + name
		return principal{arn: user, identity: identity, brings: ofAccount(user)}
	}
	w := world{
		docs:   collect(t, tpl),
		intake: arn("sns", "crashcart-intake"), notifications: arn("sns", "crashcart-notifications"), ownAlarms: arn("sns", "crashcart-alarms"),
		queue: arn("sqs", "crashcart-intake"), deadLetters: arn("sqs", "crashcart-dead-letters"),
		table: arn("dynamodb", "table/"+made("AWS::DynamoDB::Table")), bucket: "arn:aws:s3:::" + made("AWS::S3::Bucket"),
		key: arn("kms", "key/"+made("AWS::KMS::Key")), function: arn("lambda", "function:crashcart-interrupt"),
		logs: logs("crashcart-interrupt"), rule: rule("Alarms that may name an instance to interrupt"),
		followupFunction: arn("lambda", "function:crashcart-followup"), followupLogs: logs("crashcart-followup"),
		followupRole: roleARN(followup), sweeps: rule("Has the follow-up start what has none, and end what was left without an end"),
		followupQueue: arn("sqs", "crashcart-followup"), followupDead: arn("sqs", "crashcart-followup-dead"),
		machine: arn("states", "stateMachine:crashcart-followup"), machineRoleName: roleARN(machine),
		countFunction: arn("lambda", "function:crashcart-count"), countLogs: logs("crashcart-count"),
		countSchedule: rule("Has the open cases counted"), countRole: roleARN(count),
		roleName:      roleARN(role),
		lambda:        service("lambda.amazonaws.com", "", ""),
		person:        user("ada", account),
		administrator: user("root-of-all", account, everything),
		foreign:       user("eve", otherAccount, everything),
	}
	follows, err := config.FollowupFromEnv(template.Environ(tpl.One(t, "AWS::Lambda::Function", "FunctionName", "crashcart-followup")))
	if err != nil {
		t.Fatal(err)
	}
	w.collects, w.snapshots = follows.Collect.Dumps == config.On, follows.Collect.Snapshot == config.On
	w.role = session(role, "crashcart-interrupt", w.docs.attached(t, role)...)
	w.count = session(count, "crashcart-count", w.docs.attached(t, count)...)
	w.machineRole = session(machine, "crashcart-followup", w.docs.attached(t, machine)...)
	w.followup = session(followup, "crashcart-followup", w.docs.attached(t, followup)...)
	for _, channel := range tpl.Of("AWS::Chatbot::SlackChannelConfiguration") {
		slack := tpl.One(t, "AWS::IAM::Role", "Description", "Crashcart's Slack channel")
		w.slackRole = roleARN(slack)
		if channel.Properties["IamRoleArn"] != w.slackRole {
			t.Errorf("the channel has the role %v, want %s", channel.Properties["IamRoleArn"], w.slackRole)
		}
		w.slack = session(slack, "ada", w.docs.attached(t, slack)...)
		w.slackUnbound = session(slack, "ada", everything)
		w.slackUnbound.boundary = w.docs.managed(t, channel.Properties["GuardrailPolicies"])
	}
	return w
}

// session is somebody who has assumed a role.
func session(role template.Resource, name string, identity ...string) principal {
	return principal{
		arn:      "arn:aws:sts::" + account + ":assumed-role/" + strings.ToLower(role.ID) + "/" + name,
		identity: identity, brings: ofAccount(roleARN(role)),
	}
}

// ofAccount is what a user's or a role's request brings. A session's is the ARN of its role
// ("AWS global condition context keys", IAM User Guide).
func ofAccount(arn string) map[string]string {
	return map[string]string{"aws:PrincipalArn": arn, "aws:PrincipalIsAWSService": "false"}
}

// alarm is CloudWatch acting for an alarm of an account and Region.
func alarm(as, region, account, name string) principal {
	return service(as, account, "arn:aws:cloudwatch:"+region+":"+account+":alarm:"+name)
}

// The names under which CloudWatch publishes and invokes.
const (
	publishing = "cloudwatch.amazonaws.com"
	invoking   = "lambda.alarms.cloudwatch.amazonaws.com"
)

// unencrypted is a request without TLS.
var unencrypted = map[string]string{"aws:SecureTransport": "false"}

// table puts all rows together.
func table(w world) []row {
	rows := append(instanceRows(w), groupRows(w)...)
	rows = append(rows, typeRows(w)...)
	rows = append(rows, memoryRows(w)...)
	rows = append(rows, roleRows(w)...)
	rows = append(rows, topicRows(w)...)
	rows = append(rows, queueRows(w)...)
	rows = append(rows, keyRows(w)...)
	rows = append(rows, administratorRows(w)...)
	rows = append(rows, functionRows(w)...)
	rows = append(rows, countRows(w)...)
	rows = append(rows, followupRows(w)...)
	rows = append(rows, collectRows(w)...)
	if w.slackRole != "" {
		rows = append(rows, slackRows(w)...)
	}
	return rows
}
