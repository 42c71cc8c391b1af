package config

// StackName is the name of the CloudFormation stack, by which its outputs are found.
// An account and Region have one.
const StackName = "Crashcart"

// The outputs of the stack that programs read. Whatever CloudFormation makes up a name
// for, the casebook first of all, is found by them alone.
const (
	OutputRegion        = "Region"
	OutputFunction      = "FunctionName"
	OutputTable         = "TableName"
	OutputBucket        = "BucketName"
	OutputQueue         = "QueueUrl"
	OutputDeadLetters   = "DeadLettersUrl"
	OutputIntake        = "IntakeTopicArn"
	OutputNotifications = "NotificationTopicArn"
)
