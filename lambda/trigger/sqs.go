package trigger

import (
	"encoding/json"
	"fmt"
)

// maxRecords is the largest batch that Lambda polls from a standard queue
// ("Creating and configuring an Amazon SQS event source mapping").
const maxRecords = 10_000

// decodeRecords reads a payload with Records: a batch from SQS, whose keys are
// lower-case ("Using Lambda with Amazon SQS", example event), or from a service
// that is not decoded.
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

// decodeRecord reads one element of Records, and says whether SQS wrote it. A
// broken one keeps its message id, if that can be read, so that it can be told
// apart from its neighbours.
func decodeRecord(path string, raw json.RawMessage, inv Invocation) (record Record, queued bool) {
	element, err := readObject(path, raw)
	if source, _ := element.text("eventSource"); source != "aws:sqs" {
		if err != nil {
			return malformed(err), false
		}
		return ignore(ReasonUnknownShape, "%s", describeRecord(element)), false
	}
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
		record = decodeBody([]byte(body), origin{inv: inv, path: "sqs"})
	}
	record.MessageID = id
	return record, true
}

// describeRecord names the service that wrote a record that is not from SQS.
func describeRecord(element object) string {
	for _, key := range []string{"eventSource", "EventSource"} {
		if source, err := element.text(key); err == nil {
			return fmt.Sprintf("a record with %s %s, which is not decoded", key, quote(source))
		}
	}
	return element.name() + " does not name its source"
}
