package trigger

// isNotification reports whether the message is the envelope that SNS puts around a message
// for a queue ("HTTP/HTTPS notification JSON format" in the Amazon SNS Developer Guide).
func isNotification(message object) bool { return message.has("Type") && message.has("TopicArn") }

// decodePublished reads what SNS sends to a function. It differs from the notification in a
// queue only in the spelling of its URLs, which are not read.
func decodePublished(element object, inv Invocation) Record {
	notice, err := element.object("Sns")
	if err != nil {
		return malformed(err)
	}
	return decodeNotification(notice, origin{inv: inv})
}

// decodeNotification reads the message inside a notification. Two kinds of confirmation
// come in the same envelope. Nothing here answers them.
func decodeNotification(notice object, from origin) Record {
	kind, err := notice.text("Type")
	if err != nil {
		return malformed(err)
	}
	switch kind {
	case "Notification":
	case "SubscriptionConfirmation", "UnsubscribeConfirmation":
		return ignore(ReasonConfirmation, "SNS sent its %s, which is for the owner of the subscription to answer", kind)
	default:
		return ignore(ReasonUnknownShape, "an SNS message of type %s, which is not decoded", quote(kind))
	}
	if from.notified() {
		return ignore(ReasonUnknownShape, "a notification inside a notification, which is not decoded")
	}
	body, err := notice.text("Message")
	if err != nil {
		return malformed(err)
	}
	return decodeBody([]byte(body), from.inside(notice))
}
