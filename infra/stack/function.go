package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"

	"crashcart/infra/permissions"
	"crashcart/infra/props"
	"crashcart/lambda/domain/config"
)

const (
	// interruptName is fixed, because people type it.
	interruptName = "crashcart-interrupt"
	// memory in MB. The function needs about 22; but Lambda gives CPU in proportion,
	// a whole one at 1,769 MB ("Configure Lambda function memory", AWS Lambda
	// Developer Guide). A cold start opens TLS to eight services at once: 512 MB is
	// almost a third of a CPU for that, and costs cents a month at a few calls a day.
	memory = 512
	// batch is how many messages are decided together: they share their describes.
	batch = 10
	// asyncRetries is the most that Lambda allows. The source key makes a repeated
	// event harmless, and an alarm's action fires only once.
	asyncRetries = 2
	// asyncSeconds is how old an event may get that waits for the function: as old as
	// a trigger may be, by the default of config.EnvFresh.
	asyncSeconds = 1800
)

// newInterrupt makes the interrupt function with its role, its log, and the two ways
// to it. It gives the role, too: the follow-up's queue takes messages of nobody else. The third way, an invoke by a person, is decided by IAM alone:
// lambda:InvokeFunction on it is enough to interrupt what is tagged.
func newInterrupt(s Stack, p props.Props, code string) (awslambda.Function, awsiam.IRole) {
	logs := awslogs.NewCfnLogGroup(s.Stack, jsii.String("InterruptLog"), &awslogs.CfnLogGroupProps{
		RetentionInDays: jsii.Number(p.LogDays),
	})
	logs.ApplyRemovalPolicy(awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE, nil) // the record of who asked for what
	role := newRole(s, "InterruptRole", "What Crashcart's interrupt function may do", lambdaService(), permissions.Interrupt(places(s, logs)))
	closeQueue(s, role)
	fn := newFunction(s, "Interrupt", awslambda.FunctionProps{
		FunctionName: jsii.String(interruptName),
		Description:  jsii.String("Decides whether an EC2 instance may be interrupted, and interrupts it"),
		Code:         awslambda.Code_FromAsset(jsii.String(code), nil),
		Role:         role,
		Environment:  environment(s, p),
		MemorySize:   jsii.Number(memory),
		Timeout:      awscdk.Duration_Seconds(jsii.Number(config.FunctionTimeout.Seconds())),
		LogGroup:     awslogs.LogGroup_FromLogGroupName(s.Stack, jsii.String("InterruptLogs"), logs.Ref()),
		// A target can go around queue and function for up to 32 passes (trigger.MaxPasses).
		// Lambda stops what it takes for a loop at about sixteen.
		RecursiveLoop:                awslambda.RecursiveLoop_ALLOW,
		ReservedConcurrentExecutions: reserved(p, p.ReservedConcurrency),
	})
	readQueue(s, fn)
	takeInvokes(s, fn)
	return fn, role
}

// newFunction makes a function as bootstrap.Build compiles it.
func newFunction(s Stack, id string, f awslambda.FunctionProps) awslambda.Function {
	f.Runtime = awslambda.Runtime_PROVIDED_AL2023()
	f.Architecture = awslambda.Architecture_ARM_64()
	f.Handler = jsii.String("bootstrap")
	return awslambda.NewFunction(s.Stack, jsii.String(id), &f)
}

// places are where a function with that log works.
func places(s Stack, logs awslogs.CfnLogGroup) permissions.Places {
	return permissions.Places{
		Partition: *s.Partition(), Region: *s.Region(), Account: *s.Account(),
		Table: *s.Casebook.TableArn(), Bucket: *s.Evidence.BucketArn(), Queue: *s.Intake.Queue.QueueArn(),
		DeadLetters: *s.Intake.DeadLetters.QueueArn(), Topic: *s.Notifications.TopicArn(), Key: *s.Key.KeyArn(),
		LogGroup: *s.FormatArn(&awscdk.ArnComponents{
			Service: jsii.String("logs"), Resource: jsii.String("log-group"), ResourceName: logs.Ref(),
			ArnFormat: awscdk.ArnFormat_COLON_RESOURCE_NAME,
		}),
		FollowupQueue: *s.FollowupQueue.Queue.QueueArn(), Machine: *stateMachineARN(s), Executions: *executionsARN(s),
	}
}

// environment are the function's variables: where everything is, and the settings.
func environment(s Stack, p props.Props) *map[string]*string {
	env := map[string]*string{
		config.EnvTable:            s.Casebook.TableName(),
		config.EnvBucket:           s.Evidence.BucketName(),
		config.EnvQueueURL:         s.Intake.Queue.QueueUrl(),
		config.EnvFollowupQueueURL: s.FollowupQueue.Queue.QueueUrl(),
		config.EnvTopic:            s.Notifications.TopicArn(),
	}
	for name, value := range p.Environment() {
		env[name] = jsii.String(value)
	}
	return &env
}

// reserved is a function's own share of the account's concurrent executions.
func reserved(p props.Props, share int) *float64 {
	if p.ReservedConcurrency == 0 {
		return nil // for an account whose quota leaves nothing to reserve
	}
	return jsii.Number(share)
}

// readQueue lets Lambda hand the queue's messages to the function. Only those that
// it names as failed come again.
func readQueue(s Stack, fn awslambda.Function) {
	awslambda.NewEventSourceMapping(s.Stack, jsii.String("InterruptQueue"), &awslambda.EventSourceMappingProps{
		Target:                  fn,
		EventSourceArn:          s.Intake.Queue.QueueArn(),
		BatchSize:               jsii.Number(batch),
		MaxConcurrency:          jsii.Number(props.QueueConcurrency),
		ReportBatchItemFailures: jsii.Bool(true),
	})
}

// takeInvokes settles what becomes of an asynchronous invoke, and lets alarms make
// one. It is one statement for all alarms of the account: CDK's own action adds one
// for each, and a function's policy ends at 20 KB. Which alarms do is decided by
// giving an alarm its actions.
func takeInvokes(s Stack, fn awslambda.Function) {
	awslambda.NewCfnEventInvokeConfig(s.Stack, jsii.String("InterruptAsync"), &awslambda.CfnEventInvokeConfigProps{
		FunctionName:             fn.FunctionName(),
		Qualifier:                jsii.String("$LATEST"),
		MaximumRetryAttempts:     jsii.Number(asyncRetries),
		MaximumEventAgeInSeconds: jsii.Number(asyncSeconds),
		DestinationConfig: &awslambda.CfnEventInvokeConfig_DestinationConfigProperty{
			OnFailure: &awslambda.CfnEventInvokeConfig_OnFailureProperty{Destination: s.Intake.DeadLetters.QueueArn()},
		},
	})
	awslambda.NewCfnPermission(s.Stack, jsii.String("InterruptByAlarms"), &awslambda.CfnPermissionProps{
		Action:        jsii.String("lambda:InvokeFunction"),
		FunctionName:  fn.FunctionArn(),
		Principal:     jsii.String("lambda.alarms.cloudwatch.amazonaws.com"), // "Invoke a Lambda function from an alarm", Amazon CloudWatch User Guide
		SourceAccount: s.Account(),
		SourceArn:     alarmARN(s, "*"),
	})
}
