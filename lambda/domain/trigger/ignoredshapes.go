package trigger

import "strings"

// ignoreByName ignores a message of a shape that asks for nothing. A shape that is known
// has its own reason, so that people can find what became of the message.
func ignoreByName(message object) Record {
	event, err := message.text("Event")
	switch {
	case err == nil && event == "autoscaling:TEST_NOTIFICATION":
		return ignore(ReasonTestNotification, "Auto Scaling tries whether its notifications arrive")
	case err == nil && strings.HasPrefix(event, "autoscaling:"):
		return ignore(ReasonAutoScaling, "Auto Scaling reports %s, as it does for healthy instances too", quote(event))
	case message.has("LifecycleHookName"), message.has("LifecycleTransition"):
		return ignore(ReasonAutoScaling, "a lifecycle hook of Auto Scaling, which waits for healthy instances too")
	case isChatNotification(message):
		return ignore(ReasonChatMessage, "a notification for Amazon Q Developer in chat applications, which is for people to read")
	case isSlackRequest(message):
		return ignore(ReasonChatMessage, "a request from Slack, whose signature nothing here can verify; publish a line of text to the topic instead")
	}
	return ignore(ReasonUnknownShape, "%s", describe(message))
}

// isChatNotification reports whether the message is a custom notification
// ("Custom notifications using Amazon Q Developer in chat applications").
func isChatNotification(message object) bool {
	source, err := message.text("source")
	return err == nil && source == "custom" && message.has("content")
}

// isSlackRequest reports whether the message is an HTTP request that Slack has
// signed ("Verifying requests from Slack"). Header names have no case.
func isSlackRequest(message object) bool {
	headers, err := message.object("headers")
	if err != nil {
		return false
	}
	for key := range headers.fields {
		if strings.EqualFold(key, "X-Slack-Signature") {
			return true
		}
	}
	return false
}

// describe says what a message of no known shape looks like.
func describe(message object) string {
	switch {
	case message.has("Records"):
		return "a batch inside a message, which is not decoded"
	case message.has("headers") && message.has("body"):
		return "an HTTP request, which is not decoded"
	case len(message.fields) == 0:
		return "an empty object"
	}
	return "none of the keys that tell a known shape: instanceIds; source with detail-type; alarmData; AlarmName with NewStateValue; Type with TopicArn"
}
