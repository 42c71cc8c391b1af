package lab

import "crashcart/lambda/domain/config"

// Settings are those of the interrupt function's settings that say where things are in
// this lab. How the function is to decide is not among them.
func (l *Lab) Settings() map[string]string {
	return map[string]string{
		config.EnvTable:            l.TableName,
		config.EnvBucket:           l.BucketName,
		config.EnvQueueURL:         l.QueueURL(),
		config.EnvFollowupQueueURL: l.FollowupQueue.URL(l.URL),
		config.EnvTopic:            l.Notifications.ARN(),
	}
}

// FollowupSettings are all of the follow-up's settings.
func (l *Lab) FollowupSettings() map[string]string {
	return map[string]string{
		config.EnvTable:        l.TableName,
		config.EnvBucket:       l.BucketName,
		config.EnvTopic:        l.Notifications.ARN(),
		config.EnvStateMachine: l.Machine.ARN(),
		config.EnvCollect:      string(config.On),
	}
}
