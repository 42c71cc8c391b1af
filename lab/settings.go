package lab

import "crashcart/lambda/domain/config"

// Settings are those of the function's settings that say where things are in this
// lab. How the function is to decide is not among them.
func (l *Lab) Settings() map[string]string {
	return map[string]string{
		config.EnvTable:    l.TableName,
		config.EnvBucket:   l.BucketName,
		config.EnvQueueURL: l.QueueURL(),
		config.EnvTopic:    l.Notifications.ARN(),
		// No queue of the lab has that address yet.
		config.EnvFollowupQueueURL: l.QueueURL() + "-followup",
	}
}
