package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"crashcart/lambda/domain/trigger"
)

// isLine says whether a payload is meant as a line of text. Broken JSON is not: its
// writer must be told that it is broken, and not that it is no line. Neither is what
// is not UTF-8, which SNS does not take ("Publish", Amazon SNS API Reference).
func isLine(payload []byte) bool {
	if len(payload) > trigger.MaxPayload || json.Valid(payload) || !utf8.Valid(payload) {
		return false
	}
	text := bytes.TrimSpace(payload)
	return len(text) > 0 && !bytes.ContainsAny(text[:1], `{["`)
}

// published is a line of text in the envelope in which SNS gives it to a function
// ("Using Lambda with Amazon SNS", AWS Lambda Developer Guide). Only there is a text
// a request.
func published(text string, now time.Time) ([]byte, error) {
	payload, err := json.Marshal(map[string]any{"Records": []any{map[string]any{
		"EventSource": "aws:sns",
		"Sns": map[string]any{
			"Type":      "Notification",
			"MessageId": "explain",
			"TopicArn":  "arn:aws:sns:eu-central-1:111122223333:intake", // any topic will do
			"Message":   text,
			"Timestamp": now.UTC().Format(time.RFC3339Nano),
		},
	}}})
	if err != nil {
		return nil, fmt.Errorf("writing the line as a notification: %w", err)
	}
	return payload, nil
}

// explainLine explains a line of text as the notification that it would be. A person
// has just typed it, so a line that asks for nothing is a failure, whatever is wrong
// with it.
func explainLine(c *cobra.Command, text []byte, now time.Time, l *live) error {
	payload, err := published(string(text), now)
	if err != nil {
		return err
	}
	batch := trigger.Decode(payload, invocation(now))
	if err := explain(c.Context(), batch, l, c.OutOrStdout()); err != nil {
		return err
	}
	for _, r := range batch.Records {
		if r.Ignored != nil {
			return errNoRequest
		}
	}
	return nil
}
