package sqs

import (
	"encoding/json"
	"maps"
	"reflect"
	"testing"
	"time"
)

// FuzzShift checks that every body that goes through the queue keeps its meaning,
// but for the times of a later message.
func FuzzShift(f *testing.F) {
	for _, body := range []string{
		`{"crashcart":"later","trigger":{"at":"2026-11-22T05:00:00.123456789Z","alarm":{"changedAt":"2026-11-22T05:00:00Z","name":"<&>"},"sourceKey":"k","n":12345678901234567890}}`,
		`{"crashcart":"later","trigger":{"targets":[{"instance":"i","seen":{"at":"2026-11-22T05:00:00Z","kernel":1e3}},{"seen":{"ebs":"2026-11-22T05:00:00Z","screens":["0123456789abcdef"],"still":"2026-11-22T05:00:00Z"}},7]}}`,
		`{"crashcart":"later","trigger":{"at":"nonsense","alarm":[]}}`, `{"crashcart":"later"}`, `{"crashcart":"other","trigger":{"at":"2026-11-22T05:00:00Z"}}`,
		`not json`, `[]`, `null`, ``, "{\"crashcart\":\"later\",\"trigger\":{\"at\":\"2026-11-22T05:00:00Z\",\"x\":\"\\u2028\"}} ",
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		got := shift(body, time.Minute)
		if got == body {
			return
		}
		before, after := parsed(t, body), parsed(t, got)
		for _, m := range []map[string]any{before, after} {
			trigger, _ := m["trigger"].(map[string]any)
			delete(trigger, "at")
			if alarm, ok := trigger["alarm"].(map[string]any); ok {
				delete(alarm, "changedAt")
			}
			targets, _ := trigger["targets"].([]any)
			for _, one := range targets {
				target, _ := one.(map[string]any)
				if seen, ok := target["seen"].(map[string]any); ok {
					maps.DeleteFunc(seen, func(_ string, value any) bool { return isTime(value) })
				}
			}
		}
		if before["crashcart"] != "later" || !reflect.DeepEqual(before, after) {
			t.Errorf("%q became %q", body, got)
		}
	})
}

func isTime(value any) bool {
	text, ok := value.(string)
	if !ok {
		return false
	}
	_, err := time.Parse(time.RFC3339, text)
	return err == nil
}

func parsed(t *testing.T, body string) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		t.Fatalf("%q is rewritten, yet no object: %v", body, err)
	}
	return m
}
