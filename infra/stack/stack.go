// Package stack is Crashcart on AWS: one stack, once per account and Region.
//
//	CloudWatch alarms ─ EventBridge rule ┐
//	alarm actions, people, Slack ─ topic ┴► intake queue ─► interrupt function
//	alarm actions, people ─────────────── invoke ──────────────┘     │
//	                                     casebook, evidence, notifications
//	                                                               │
//	interrupt function ─ follow-up's queue ┐                       │
//	schedule ───────────────────────────── ┴► follow-up ◄─► state machine
//	                                              └ document on the host ─► evidence
//	schedule ───────────────────────────────► count: the open cases
//
// What must outlive the stack is kept when the stack is updated or deleted. A first
// deployment that fails takes it away again, since there is nothing in it yet.
//
// New is the table of contents; every part of it has a file. Every name that the
// functions must know too comes from lambda/domain/config, and what they may do
// from infra/permissions. Nothing is granted by the constructs themselves: roles and
// key policies are written out, so that what is granted can be read in one place.
package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"crashcart/infra/props"
	"crashcart/lambda/domain/config"
)

// Name is the stack's name, by which its outputs are found.
const Name = config.StackName

// Stack is the stack with the parts that something else can be put onto.
type Stack struct {
	awscdk.Stack

	Key           awskms.Key
	Casebook      awsdynamodb.Table
	Evidence      awss3.Bucket
	Notifications awssns.Topic
	Alarms        awssns.Topic
	Intake        Intake
	Interrupt     awslambda.Function
	InterruptRole awsiam.IRole
	Count         Count
	FollowupQueue FollowupQueue
	Followup      Followup
}

// Code is where the functions' bootstraps are: for each its directory, as
// bootstrap.Build gives it. Machine is the definition of the follow-up's state machine.
type Code struct{ Interrupt, Count, Followup, Machine string }

// New adds the stack to an app.
func New(scope constructs.Construct, p props.Props, code Code) Stack {
	s := Stack{Stack: awscdk.NewStack(scope, jsii.String(Name), &awscdk.StackProps{
		Description: jsii.String("Crashcart: a diagnostic interrupt for EC2 instances that hang, and the evidence of why they did"),
	})}
	s.Key = newKey(s)
	s.Casebook = newCasebook(s, s.Key)
	s.Evidence = newEvidence(s, s.Key, p.EvidenceDays)
	s.Notifications = newNotifications(s, s.Key)
	s.Alarms = newAlarmTopic(s)
	s.Intake = newIntake(s, p.AlarmPrefixes)
	s.FollowupQueue = newFollowupQueue(s)
	s.Interrupt, s.InterruptRole = newInterrupt(s, p, code.Interrupt)
	s.Count = newCount(s, p, code.Count)
	s.Followup = newFollowup(s, p, code.Followup, code.Machine)
	addAlarms(s)
	addDashboard(s, p.Rules.Budget)
	addWatch(s, p)
	addOutputs(s)
	return s
}
