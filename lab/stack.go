package lab

import (
	"crashcart/lab/cloudformation"
	"crashcart/lambda/domain/config"
)

// functionName is the name of a function that is deployed without one.
const functionName = "crashcart-interrupt"

// stack is the stack that the lab would be, deployed: its outputs are how programs
// find the rest. To have it in another state, or another beside it, put it into
// Lab.Stacks.
func (l *Lab) stack(function string) cloudformation.Stack {
	return cloudformation.Stack{Name: config.StackName, Outputs: map[string]string{
		config.OutputRegion:        l.Region,
		config.OutputFunction:      function,
		config.OutputTable:         l.TableName,
		config.OutputBucket:        l.BucketName,
		config.OutputQueue:         l.QueueURL(),
		config.OutputDeadLetters:   l.DeadLetters.URL(l.URL),
		config.OutputIntake:        l.Topic.ARN(),
		config.OutputNotifications: l.Notifications.ARN(),
	}}
}
