package notify

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// about is what a decision is about.
func about(d Decision) string { return cmp.Or(d.InstanceID, d.Target, "nothing") }

// mostTopic is how long a subject may be to be a key in its own words. DynamoDB takes
// 2,048 bytes ("Quotas in Amazon DynamoDB", Amazon DynamoDB Developer Guide).
const mostTopic = 128

// topicOf is the limiter's topic of a rule (or an outcome) and what it is about. A
// subject that is long, or not harmless in print, becomes its hash.
func topicOf(rule, subject string) string {
	odd := func(r rune) bool { return !letterOrDigit(r) && !strings.ContainsRune("-_.:=+/", r) }
	if strings.ContainsFunc(subject, odd) || plain(subject, mostTopic) != subject {
		sum := sha256.Sum256([]byte(subject))
		subject = "~" + hex.EncodeToString(sum[:16])
	}
	return rule + "/" + subject
}
