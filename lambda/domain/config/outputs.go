package config

// StackName is the name of the CloudFormation stack. Its outputs are found by it. An
// account and Region have one such stack.
const StackName = "Crashcart"

// The outputs of the stack that programs read. CloudFormation makes up most names, such
// as that of the casebook. The outputs say what they are.
const (
	OutputRegion        = "Region"
	OutputFunction      = "FunctionName"
	OutputTable         = "TableName"
	OutputBucket        = "BucketName"
	OutputQueue         = "QueueUrl"
	OutputDeadLetters   = "DeadLettersUrl"
	OutputIntake        = "IntakeTopicArn"
	OutputNotifications = "NotificationTopicArn"

	OutputStateMachine        = "StateMachineArn"
	OutputFollowupQueue       = "FollowupQueueUrl"
	OutputFollowupDeadLetters = "FollowupDeadLettersUrl"
)
