package trigger_test

import (
	"strings"
	"testing"

	"crashcart/lambda/domain/trigger"
)

func TestWhatIsNotAnAlarmsARNNeverTriggers(t *testing.T) {
	const stem = "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:"
	for _, arn := range []any{
		"", "web-hang", nil, 7,
		[]any{stem + "x"},
		"arn:aws:sns:eu-central-1:111122223333:alarm:x",
		"arn:aws:cloudwatch:eu-central-1:111122223333:dashboard:x",
		"arn::cloudwatch:eu-central-1:111122223333:alarm:x",
		"arn:AWS:cloudwatch:eu-central-1:111122223333:alarm:x",
		"arn:aws:cloudwatch::111122223333:alarm:x",
		"arn:aws:cloudwatch:eu central:111122223333:alarm:x",
		"arn:aws:cloudwatch:" + strings.Repeat("e", 33) + ":111122223333:alarm:x",
		"arn:aws:cloudwatch:eu-central-1:1111222233334:alarm:x",
		"arn:aws:cloudwatch:eu-central-1:11112222333a:alarm:x",
		"ARN:aws:cloudwatch:eu-central-1:111122223333:alarm:x",
		stem, stem + "a\nb", stem + "a\uffff", stem + strings.Repeat("é", 256),
	} {
		r := one(t, event(t, func(e, d map[string]any) {
			delete(d, "alarmName")
			e["resources"] = []any{arn}
		}))
		ignoredAs(t, r, trigger.ReasonMalformed)
	}
	for _, name := range []string{strings.Repeat("é", 255), "a:b/c", " "} {
		r := one(t, event(t, func(e, d map[string]any) {
			delete(d, "alarmName")
			e["resources"] = []any{stem + name, "arn:aws:other"}
		}))
		if r.Trigger == nil || r.Trigger.Alarm.Name != name || r.Trigger.Alarm.ARN != stem+name {
			t.Errorf("%q: got %+v", name, r)
		}
	}
}

func TestOneStateChangeHasOneSourceKey(t *testing.T) {
	keyAt := func(timestamp string) string {
		r := one(t, event(t, func(_, d map[string]any) { d["state"].(map[string]any)["timestamp"] = timestamp }))
		if r.Trigger == nil {
			t.Fatalf("%s: ignored: %+v", timestamp, r.Ignored)
		}
		if !r.Trigger.At.Equal(r.Trigger.Alarm.ChangedAt) {
			t.Errorf("%s: happened at %s, changed at %s", timestamp, r.Trigger.At, r.Trigger.Alarm.ChangedAt)
		}
		return r.Trigger.SourceKey
	}
	want := "alarm/arn:aws:cloudwatch:eu-central-1:111122223333:alarm:heartbeat-lost//2026-03-02T08:15:30.5Z"
	for _, timestamp := range []string{
		"2026-03-02T08:15:30.500+0000", "2026-03-02T10:15:30.5+0200",
		"2026-03-02T08:15:30.500Z", "2026-03-02T03:15:30.500000-05:00",
	} {
		if got := keyAt(timestamp); got != want {
			t.Errorf("%s has the key %s", timestamp, got)
		}
	}
	if keyAt("2026-03-02T08:15:30Z") == want {
		t.Error("two state changes have one key")
	}
	for _, timestamp := range []any{"", "2026-03-02", "2026-03-02T08:15:30", 1772439330, nil, "0000-01-01T00:00:00+01:00"} {
		ignoredAs(t, one(t, event(t, func(_, d map[string]any) {
			d["state"].(map[string]any)["timestamp"] = timestamp
		})), trigger.ReasonMalformed, "detail.state.timestamp")
	}
}
