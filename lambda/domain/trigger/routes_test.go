package trigger_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/trigger"
)

// notification is what SNS puts around a message for a queue. attributes are
// name, type, value and so on.
func notification(t testing.TB, message string, attributes ...string) string {
	t.Helper()
	set := map[string]any{}
	for a := range slices.Chunk(attributes, 3) {
		set[a[0]] = map[string]any{"Type": a[1], "Value": a[2]}
	}
	return marshal(t, map[string]any{
		"Type": "Notification", "MessageId": "b3c1", "TopicArn": "arn:aws:sns:eu-central-1:111122223333:intake",
		"Message": message, "Timestamp": "2026-03-02T08:15:31.250Z", "MessageAttributes": set,
	})
}

// invoked is what SNS sends to a function.
func invoked(t testing.TB, message string, attributes ...string) string {
	t.Helper()
	return `{"Records":[{"EventSource":"aws:sns","Sns":` + notification(t, message, attributes...) + `}]}`
}

// rawly is what raw delivery makes of a message in a queue.
func rawly(t testing.TB, message string, attributes ...string) string {
	t.Helper()
	set := map[string]any{}
	for a := range slices.Chunk(attributes, 3) {
		set[a[0]] = map[string]any{"dataType": a[1], "stringValue": a[2]}
	}
	return marshal(t, map[string]any{"Records": []any{map[string]any{
		"messageId": "m-1", "eventSource": "aws:sqs", "body": message, "messageAttributes": set,
	}}})
}

// alarmMessage is the heartbeat fixture's SNS message after edit.
func alarmMessage(t testing.TB, edit func(map[string]any)) string {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(read(t, "testdata/alarm-message-bare.json"), &m); err != nil {
		t.Fatal(err)
	}
	edit(m)
	return marshal(t, m)
}

// alarmAction is the action fixture after edit, which gets the payload and its alarmData.
func alarmAction(t testing.TB, edit func(payload, data map[string]any)) string {
	t.Helper()
	var p map[string]any
	if err := json.Unmarshal(read(t, "testdata/alarm-action.json"), &p); err != nil {
		t.Fatal(err)
	}
	edit(p, p["alarmData"].(map[string]any))
	return marshal(t, p)
}

// routes is one state change at the given time, on every route.
func routes(t testing.TB, timestamp string) map[string]string {
	t.Helper()
	bridge := event(t, func(_, d map[string]any) { d["state"].(map[string]any)["timestamp"] = timestamp })
	message := alarmMessage(t, func(m map[string]any) { m["StateChangeTime"] = timestamp })
	return map[string]string{
		"eventbridge":         bridge,
		"sqs/eventbridge":     queued(t, bridge),
		"sns/eventbridge":     invoked(t, bridge),
		"sqs/sns/eventbridge": queued(t, notification(t, bridge)),
		"alarm":               message,
		"sns/alarm":           invoked(t, message),
		"sqs/sns/alarm":       queued(t, notification(t, message)),
		"sqs/raw/alarm":       rawly(t, message),
		"lambda/alarm": alarmAction(t, func(_, d map[string]any) {
			d["state"].(map[string]any)["timestamp"] = timestamp
		}),
	}
}

func TestOneStateChangeHasOneSourceKeyByEveryRoute(t *testing.T) {
	const want = "alarm/arn:aws:cloudwatch:eu-central-1:111122223333:alarm:heartbeat-lost//2026-03-02T08:15:30.125Z"
	for _, timestamp := range []string{
		"2026-03-02T08:15:30.125+0000", "2026-03-02T10:15:30.125+0200", "2026-03-02T08:15:30.125Z",
		"2026-03-02T08:15:30.125456Z", "2026-03-02T08:15:30.125999999+0000",
	} {
		for source, payload := range routes(t, timestamp) {
			r := one(t, payload)
			if r.Trigger == nil {
				t.Errorf("%s: ignored: %+v", source, r.Ignored)
				continue
			}
			got := r.Trigger
			if got.SourceKey != want || got.Source != source || got.Kind != trigger.KindAlarm {
				t.Errorf("%s at %s: %s from %s has the key %s", source, timestamp, got.Kind, got.Source, got.SourceKey)
			}
			if at := got.At.Truncate(time.Millisecond).Format(time.RFC3339Nano); at != "2026-03-02T08:15:30.125Z" {
				t.Errorf("%s at %s: happened at %s", source, timestamp, at)
			}
			if len(got.Targets) != 1 || got.Targets[0].Instance != long {
				t.Errorf("%s: targets %+v", source, got.Targets)
			}
		}
	}
	for source, payload := range routes(t, "2026-03-02T08:15:30.126+0000") {
		if r := one(t, payload); r.Trigger == nil || r.Trigger.SourceKey == want {
			t.Errorf("%s: two state changes have one key", source)
		}
	}
	for source, payload := range routes(t, "yesterday") {
		if r := one(t, payload); r.Trigger != nil || r.Ignored.Reason != trigger.ReasonMalformed {
			t.Errorf("%s: the time was believed: %+v", source, r)
		}
	}
}

func TestOneContributorHasOneSourceKeyByEveryRoute(t *testing.T) {
	bridge := string(read(t, "testdata/contributor-instance-and-group.json"))
	message := alarmMessage(t, func(m map[string]any) {
		m["AlarmArn"] = "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:hosts-frozen"
		m["AlarmContributorId"] = "9c1f00b2a7d3e415"
		m["AlarmContributorAttributes"] = map[string]any{"InstanceId": long}
		delete(m, "Trigger")
	})
	a, b := one(t, bridge).Trigger, one(t, invoked(t, message)).Trigger
	if a == nil || b == nil || a.SourceKey != b.SourceKey || !strings.Contains(a.SourceKey, "/9c1f00b2a7d3e415/") {
		t.Errorf("%+v\n%+v", a, b)
	}
	another := strings.ReplaceAll(message, "9c1f00b2a7d3e415", "9c1f00b2a7d3e416")
	if c := one(t, invoked(t, another)).Trigger; c == nil || c.SourceKey == a.SourceKey {
		t.Errorf("two contributors have one key: %+v", c)
	}
}

// TestWhatCameByAnyRouteComesBackThroughTheQueue is about the later message: each
// target that is an instance comes back with its time. Without a time it is refused.
func TestWhatCameByAnyRouteComesBackThroughTheQueue(t *testing.T) {
	payloads := routes(t, "2026-03-02T08:15:30.125+0000")
	payloads["contributor"] = string(read(t, "testdata/contributor-instance-and-group.json"))
	payloads["text"] = string(read(t, "testdata/text-queue-dry-run.json"))
	payloads["attribute"] = string(read(t, "testdata/attribute-array.json"))
	for name, payload := range payloads {
		first := one(t, payload).Trigger
		for _, ref := range first.Targets {
			next := trigger.Later(*first, ref)
			out := throughQueue(t, next)
			if out.Trigger == nil || fmt.Sprintf("%+v", out.Trigger.Targets) != fmt.Sprintf("%+v", next.Targets) {
				t.Errorf("%s: put back %+v, came back %+v", name, next, out)
				continue
			}
			if got := out.Trigger; got.SourceKey != first.SourceKey || !got.At.Equal(first.At) || got.Kind != first.Kind || got.DryRun != first.DryRun {
				t.Errorf("%s: put back %+v, came back %+v", name, next, got)
			}
		}
	}
	for _, file := range []string{"text-raw", "attribute-raw"} {
		first := one(t, string(read(t, "testdata/"+file+".json"))).Trigger
		if body, err := trigger.EncodeLater(trigger.Later(*first, first.Targets[0])); err == nil {
			t.Errorf("%s: encoded as %s", file, body)
		}
	}
}

func TestEnvelopeDecidesTheAnswer(t *testing.T) {
	line := "interrupt " + long + " because it hangs"
	for payload, want := range map[string]trigger.Envelope{
		invoked(t, line):                  trigger.EnvelopeEvent,
		notification(t, line):             trigger.EnvelopeEvent,
		queued(t, notification(t, line)):  trigger.EnvelopeSQS,
		rawly(t, line):                    trigger.EnvelopeSQS,
		routes(t, "x")["lambda/alarm"]:    trigger.EnvelopeEvent,
		routes(t, "x")["sqs/eventbridge"]: trigger.EnvelopeSQS,
	} {
		batch := trigger.Decode([]byte(payload), call)
		if batch.Envelope != want || (batch.Records[0].MessageID != "") != (want == trigger.EnvelopeSQS) {
			t.Errorf("%s: envelope %s, message id %q", payload, batch.Envelope, batch.Records[0].MessageID)
		}
	}
}
