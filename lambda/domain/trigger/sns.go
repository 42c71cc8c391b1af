package trigger

// isNotification reports whether the message is the envelope that SNS puts around
// another, as it delivers it to queues ("HTTP/HTTPS notification JSON format" in
// the Amazon SNS Developer Guide).
func isNotification(message object) bool { return message.has("Type") && message.has("TopicArn") }

// decodePublished reads what SNS sends to a function. Only the spelling of its
// URLs, which are not read, differs from the notification in a queue.
func decodePublished(element object, inv Invocation) Record {
	notice, err := element.object("Sns")
	if err != nil {
		return malformed(err)
	}
	return decodeNotification(notice, origin{inv: inv})
}

// decodeNotification reads the message inside a notification. Two confirmations
// come in the same envelope; nothing here answers them.
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
