package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsstepfunctions"
	"github.com/aws/jsii-runtime-go"

	"crashcart/infra/permissions"
	"crashcart/infra/props"
	"crashcart/lambda/domain/config"
)

const (
	// followupName is the name of the function, its queue and its state machine. It is fixed,
	// because the function must know the machine that invokes it.
	followupName = "crashcart-followup"
	// followupMemory in MB. Nobody waits for a step, but one sweep observes several cases.
	// 256 MB are a seventh of a CPU ("Configure Lambda function memory", AWS Lambda Developer
	// Guide). Signing the URLs of a dump of 1,000 parts takes 0.65 s of a whole one, measured,
	// so 5 s here; the most that a manifest can have is 8,000 parts, with 16 MB of URLs.
	followupMemory = 256
	// followupSpare is how many may run at once in any case: the queue's two batches, a
	// sweep, and two steps.
	followupSpare = 5
	// followupOverlap: in its first minutes a case has a step every 15 s, and a step takes
	// some 3 s. So when all of an hour's interrupts are sent at once, a fifth of their cases
	// has a step at the same time.
	followupOverlap = 5
	// followupPollers is the least that Lambda lets a queue have ("Configuring scaling
	// behavior for SQS event source mappings", AWS Lambda Developer Guide).
	followupPollers = 2
	// sweepMinutes is how often it sweeps.
	sweepMinutes = 5
)

// Followup follows every case to its end: the function, the state machine that invokes it
// again and again, and the schedule of the sweeps.
type Followup struct {
	Function awslambda.Function
	Machine  awsstepfunctions.CfnStateMachine
	Rule     awsevents.CfnRule
}

// newFollowup makes the follow-up with its roles and its log. definition is the state
// machine's, in the Amazon States Language.
//
// Lambda never takes it for a loop. A chain of messages comes to it once, however often the
// chain has come to the interrupt function; and what Step Functions invokes is not counted
// ("Use Lambda recursive loop detection to prevent infinite loops", AWS Lambda Developer
// Guide).
func newFollowup(s Stack, p props.Props, code, definition string) Followup {
	// The log goes with the stack: what it has found is in the casebook.
	logs := awslogs.NewCfnLogGroup(s.Stack, jsii.String("FollowupLog"), &awslogs.CfnLogGroupProps{
		RetentionInDays: jsii.Number(p.LogDays),
	})
	role := newRole(s, "FollowupRole", "What Crashcart's follow-up may do", lambdaService(), permissions.Followup(places(s, logs), permissions.Collecting{
		Dumps: p.Collect.Dumps == config.On, Snapshots: p.Collect.Snapshot == config.On,
	}))
	fn := newFunction(s, "Followup", awslambda.FunctionProps{
		FunctionName:                 jsii.String(followupName),
		Description:                  jsii.String("Follows a case to its end: did the kernel crash, did it dump, is the host back; brings the dump home"),
		Code:                         awslambda.Code_FromAsset(jsii.String(code), nil),
		Role:                         role,
		Environment:                  followupEnvironment(s, p),
		MemorySize:                   jsii.Number(followupMemory),
		Timeout:                      awscdk.Duration_Seconds(jsii.Number(config.FollowupTimeout.Seconds())),
		LogGroup:                     awslogs.LogGroup_FromLogGroupName(s.Stack, jsii.String("FollowupLogs"), logs.Ref()),
		ReservedConcurrentExecutions: reserved(p, followupSpare+p.Rules.Budget/followupOverlap),
	})
	readFollowupQueue(s, fn, role)
	if p.Collect.Dumps == config.On {
		fn.Node().AddDependency(newCollectDocument(s)) // the function must never ask for one that is not there yet
	}
	rule := schedule{
		id: "Sweeps", description: "Has the follow-up start what has none, and end what was left without an end",
		target: "Followup", event: config.SweepEvent, minutes: sweepMinutes,
	}.invoke(s, fn)
	return Followup{Function: fn, Machine: newStateMachine(s, fn, definition), Rule: rule}
}

// followupEnvironment is where everything is that the follow-up needs, and how dumps are
// brought home.
func followupEnvironment(s Stack, p props.Props) *map[string]*string {
	env := map[string]*string{
		config.EnvTable:        s.Casebook.TableName(),
		config.EnvBucket:       s.Evidence.BucketName(),
		config.EnvTopic:        s.Notifications.TopicArn(),
		config.EnvStateMachine: stateMachineARN(s),
	}
	for name, value := range p.Bring.Environment() {
		env[name] = jsii.String(value)
	}
	return &env
}

// readFollowupQueue lets Lambda hand the queue's messages to the function, and closes the
// queue to everybody else. Only what the function names as failed comes again.
func readFollowupQueue(s Stack, fn awslambda.Function, role awsiam.IRole) {
	s.FollowupQueue.close(s.InterruptRole, role)
	awslambda.NewEventSourceMapping(s.Stack, jsii.String("FollowupByQueue"), &awslambda.EventSourceMappingProps{
		Target:                  fn,
		EventSourceArn:          s.FollowupQueue.Queue.QueueArn(),
		BatchSize:               jsii.Number(batch),
		MaxConcurrency:          jsii.Number(followupPollers),
		ReportBatchItemFailures: jsii.Bool(true),
	})
}
