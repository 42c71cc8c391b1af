package trigger

import (
	"encoding/json"
	"fmt"
)

// maxRecords is the largest batch that Lambda polls from a standard queue
// ("Creating and configuring an Amazon SQS event source mapping").
const maxRecords = 10_000

// decodeRecords reads a payload with Records. A batch from SQS has keys in lower case
// ("Using Lambda with Amazon SQS", example event); a notification from SNS has not
// ("Invoking Lambda functions with Amazon SNS notifications"). The records of other
// services are not decoded.
func decodeRecords(payload object, inv Invocation) Batch {
	batch := Batch{Envelope: EnvelopeEvent}
	elements, err := payload.list("Records", maxRecords)
	if err != nil {
		batch.Records = []Record{malformed(err)}
		return batch
	}
	for i, raw := range elements {
		record, queued := decodeRecord(fmt.Sprintf("Records[%d]", i), raw, inv)
		batch.Records = append(batch.Records, record)
		if queued {
			batch.Envelope = EnvelopeSQS
		}
	}
	if len(elements) == 0 {
		batch.Records = []Record{ignore(ReasonUnknownShape, "Records is empty")}
	}
	return batch
}

// decodeRecord reads one element of Records, and says whether SQS wrote it.
func decodeRecord(path string, raw json.RawMessage, inv Invocation) (record Record, queued bool) {
	element, err := readObject(path, raw)
	if source, sourceErr := element.text("eventSource"); sourceErr == nil && source == "aws:sqs" {
		return decodeQueued(element, err, inv), true
	}
	if err != nil {
		return malformed(err), false
	}
	if source, sourceErr := element.text("EventSource"); sourceErr == nil && source == "aws:sns" {
		return decodePublished(element, inv), false
	}
	return ignore(ReasonUnknownShape, "%s", describeRecord(element)), false
}

// decodeQueued reads a message of a queue. err says what is broken in it. A broken message
// keeps its message id if that can be read, so that the others of the batch are not
// mistaken for it.
func decodeQueued(element object, err error, inv Invocation) (record Record) {
	id, idErr := element.text("messageId")
	if idErr == nil && id == "" {
		idErr = fmt.Errorf("%s is empty", element.at("messageId"))
	}
	if err == nil {
		err = idErr
	}
	body, bodyErr := element.text("body")
	if err == nil {
		err = bodyErr
	}
	if err != nil {
		record = malformed(err)
	} else {
		record = decodeBody([]byte(body), origin{inv: inv, path: pathQueue, queued: element})
	}
	record.MessageID = id
	return record
}

// describeRecord names the service that wrote a record that is not decoded.
func describeRecord(element object) string {
	for _, key := range []string{"eventSource", "EventSource"} {
		if source, err := element.text(key); err == nil {
			return fmt.Sprintf("a record with %s %s, which is not decoded", key, quote(source))
		}
	}
	return element.name() + " does not name its source"
}
