package sns

// The event that a function gets ("Invoking Lambda functions with Amazon SNS
// notifications", AWS Lambda Developer Guide). Its keys differ from the
// envelope's: Url for URL, and null for a subject that was not given.
type lambdaEvent struct {
	Records []lambdaRecord
}

type lambdaRecord struct {
	EventVersion         string
	EventSubscriptionARN string `json:"EventSubscriptionArn"`
	EventSource          string
	SNS                  lambdaNotification `json:"Sns"`
}

type lambdaNotification struct {
	SignatureVersion  string
	Timestamp         string
	Signature         string
	SigningCertURL    string `json:"SigningCertUrl"`
	MessageID         string `json:"MessageId"`
	Message           string
	MessageAttributes map[string]Attribute
	Type              string
	UnsubscribeURL    string `json:"UnsubscribeUrl"`
	TopicARN          string `json:"TopicArn"`
	Subject           *string
}

// Notification is the event with which SNS invokes a function that is subscribed
// to the topic. Nothing is delivered.
func (t *Topic) Notification(message, subject string, attributes map[string]Attribute) ([]byte, error) {
	m, err := t.envelope(message, subject, attributes)
	if err != nil {
		return nil, err
	}
	if attributes == nil {
		attributes = map[string]Attribute{}
	}
	id := uuid()
	n := lambdaNotification{
		SignatureVersion: m.SignatureVersion, Timestamp: m.Timestamp, Signature: m.Signature, SigningCertURL: m.SigningCertURL,
		MessageID: m.MessageID, Message: message, MessageAttributes: attributes, Type: m.Type,
		UnsubscribeURL: t.unsubscribe(id), TopicARN: m.TopicARN,
	}
	if subject != "" {
		n.Subject = &subject
	}
	out, err := indented(lambdaEvent{Records: []lambdaRecord{{
		EventVersion: "1.0", EventSubscriptionARN: t.ARN() + ":" + id, EventSource: "aws:sns", SNS: n,
	}}})
	return []byte(out), err
}
