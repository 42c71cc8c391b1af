package trigger_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"crashcart/lambda/domain/trigger"
)

// one decodes a payload that makes one record.
func one(t *testing.T, payload string) trigger.Record {
	t.Helper()
	batch := trigger.Decode([]byte(payload), call)
	if len(batch.Records) != 1 {
		t.Fatalf("%d records, want 1", len(batch.Records))
	}
	return batch.Records[0]
}

// ignoredAs fails unless the record is ignored for the reason, with every hint in its detail.
func ignoredAs(t *testing.T, r trigger.Record, want trigger.Reason, hints ...string) {
	t.Helper()
	if r.Trigger != nil || r.Ignored == nil {
		t.Fatalf("a trigger came of it: %+v", r.Trigger)
	}
	if r.Ignored.Reason != want {
		t.Errorf("ignored as %s (%s), want %s", r.Ignored.Reason, r.Ignored.Detail, want)
	}
	for _, hint := range hints {
		if !strings.Contains(r.Ignored.Detail, hint) {
			t.Errorf("the detail %q does not say %q", r.Ignored.Detail, hint)
		}
	}
}

// queued wraps bodies in a batch from SQS.
func queued(t testing.TB, bodies ...string) string {
	t.Helper()
	var records []map[string]any
	for i, body := range bodies {
		records = append(records, map[string]any{
			"messageId": fmt.Sprintf("message-%d", i), "eventSource": "aws:sqs", "body": body,
		})
	}
	return marshal(t, map[string]any{"Records": records})
}

func marshal(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// event is the metric fixture after edit, which gets the event and its detail.
func event(t testing.TB, edit func(event, detail map[string]any)) string {
	t.Helper()
	var e map[string]any
	if err := json.Unmarshal(read(t, "testdata/metric.json"), &e); err != nil {
		t.Fatal(err)
	}
	edit(e, e["detail"].(map[string]any))
	return marshal(t, e)
}

func TestRequestInsideQueueIsNeverADirectInvoke(t *testing.T) {
	for _, file := range []string{"direct", "direct-full", "direct-empty-list", "direct-in-an-event"} {
		body := string(read(t, "testdata/"+file+".json"))
		ignoredAs(t, one(t, queued(t, body)), trigger.ReasonNotDirect)
	}
	misspelt := string(read(t, "testdata/direct-key-misspelt.json"))
	ignoredAs(t, one(t, queued(t, misspelt)), trigger.ReasonUnknownShape)
}

func TestIdInFreeTextIsNeverATarget(t *testing.T) {
	ignoredAs(t, one(t, event(t, func(e, d map[string]any) {
		sentence := "InstanceId " + long + " hangs"
		e["id"], d["alarmName"] = long, sentence
		e["InstanceId"], d["InstanceId"], d["instance"] = long, long, long
		d["state"].(map[string]any)["reason"] = sentence
		d["state"].(map[string]any)["reasonData"] = `{"InstanceId":"` + long + `"}`
		d["configuration"] = map[string]any{
			"description": sentence, "InstanceId": long,
			"metrics": []any{map[string]any{
				"id": long, "label": sentence, "InstanceId": long,
				"metricStat": map[string]any{"metric": map[string]any{
					"namespace": sentence, "name": sentence,
					"dimensions": map[string]any{"Host": long, "InstanceName": long, "InstanceId ": long},
				}},
			}},
		}
	})), trigger.ReasonNoInstance, "InstanceName")
	ignoredAs(t, one(t, queued(t, "please interrupt "+long+" because it hangs")), trigger.ReasonNotTheGrammar)
}

func TestMutedAlarmNeverTriggers(t *testing.T) {
	for _, mute := range []any{map[string]any{}, map[string]any{"mutedByArn": "x"}, "yes", 0, false, []any{}} {
		ignoredAs(t, one(t, event(t, func(_, d map[string]any) { d["muteDetail"] = mute })), trigger.ReasonMuted)
	}
}

func TestSuppressedAlarmNeverTriggers(t *testing.T) {
	for _, by := range []any{"WaitPeriod", "ExtensionPeriod", "Alarm", "something else", " ", 0, false, map[string]any{}} {
		ignoredAs(t, one(t, event(t, func(_, d map[string]any) {
			d["state"].(map[string]any)["actionsSuppressedBy"] = by
		})), trigger.ReasonSuppressed)
	}
}

// notAlarm is the reason for which an alarm in another state is ignored.
func notAlarm(state any) trigger.Reason {
	switch state {
	case "OK":
		return trigger.ReasonOK
	case "INSUFFICIENT_DATA":
		return trigger.ReasonInsufficientData
	}
	return trigger.ReasonNotInAlarm
}

func TestOnlyStateAlarmTriggers(t *testing.T) {
	for _, value := range []string{"OK", "INSUFFICIENT_DATA", "alarm", "ALARM ", "IN_ALARM", ""} {
		ignoredAs(t, one(t, event(t, func(_, d map[string]any) {
			d["state"].(map[string]any)["value"] = value
			d["previousState"].(map[string]any)["value"] = "ALARM"
			d["muteDetail"] = map[string]any{}
		})), notAlarm(value))
	}
	fromAlarm := one(t, event(t, func(_, d map[string]any) {
		d["previousState"].(map[string]any)["value"] = "ALARM"
	}))
	if fromAlarm.Trigger == nil {
		t.Errorf("ALARM to ALARM did not trigger: %+v", fromAlarm.Ignored)
	}
}

func TestEventOfAnotherSourceNeverTriggers(t *testing.T) {
	for _, source := range []string{"aws.cloudwatch ", "AWS.cloudwatch", "custom", ""} {
		ignoredAs(t, one(t, event(t, func(e, _ map[string]any) { e["source"] = source })), trigger.ReasonUnknownShape)
	}
	for _, key := range []string{"Source", "Detail-Type", "Detail"} {
		r := one(t, event(t, func(e, _ map[string]any) {
			e[key] = e[strings.ToLower(key)]
			delete(e, strings.ToLower(key))
		}))
		if r.Trigger != nil {
			t.Errorf("the key %s was read", key)
		}
	}
}

func TestRecordWithoutAMessageIdNeverTriggers(t *testing.T) {
	body := marshal(t, string(read(t, "testdata/metric.json")))
	for _, id := range []string{``, `"messageId":"",`, `"messageId":null,`, `"MessageId":"x",`, `"messageId":"x","messageId":"y",`} {
		ignoredAs(t, one(t, `{"Records":[{`+id+`"eventSource":"aws:sqs","body":`+body+`}]}`), trigger.ReasonMalformed, "messageId")
	}
}

func TestRegionIsTheARNs(t *testing.T) {
	r := one(t, event(t, func(e, d map[string]any) {
		e["region"], d["region"] = "us-east-1", "US East (N. Virginia)"
		e["resources"] = []any{"arn:aws-cn:cloudwatch:cn-north-1:111122223333:alarm:x:y"}
	}))
	if r.Trigger == nil || r.Trigger.Alarm.Region != "cn-north-1" {
		t.Errorf("got %+v", r)
	}
}

func TestHostileTextStaysSmallAndPrintable(t *testing.T) {
	r := one(t, event(t, func(_, d map[string]any) {
		d["state"].(map[string]any)["reason"] = "a\x00\n\u202e\u2028é" + strings.Repeat("é", 100_000)
		metric := d["configuration"].(map[string]any)["metrics"].([]any)[0].(map[string]any)
		metric["id"] = strings.Repeat("m\r", 50_000)
	}))
	if r.Trigger == nil {
		t.Fatalf("ignored: %+v", r.Ignored)
	}
	for _, s := range []string{r.Trigger.Reason, r.Trigger.Targets[0].From} {
		if len(s) > 1024 || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%d bytes: %.80q", len(s), s)
		}
	}
	if !strings.HasPrefix(r.Trigger.Reason, "a éé") || !strings.HasSuffix(r.Trigger.Reason, "é...") || len(r.Trigger.Reason) < 1023 {
		t.Errorf("reason %.20q of %d bytes", r.Trigger.Reason, len(r.Trigger.Reason))
	}
}

func TestNothingAboveItsLimitIsRead(t *testing.T) {
	whole := `{"instanceIds":["` + long + `"],"reason":"x"}`
	padded := func(size int) string { return whole + strings.Repeat(" ", size-len(whole)) }
	if r := one(t, padded(trigger.MaxBody)); r.Trigger == nil {
		t.Errorf("a message of MaxBody is ignored: %+v", r.Ignored)
	}
	ignoredAs(t, one(t, padded(trigger.MaxBody+1)), trigger.ReasonTooLarge)
	ignoredAs(t, one(t, padded(trigger.MaxPayload+1)), trigger.ReasonTooLarge)

	ignoredAs(t, one(t, "{"+keys(2000)+`"x":0}`), trigger.ReasonMalformed, "keys")

	alarm := string(read(t, "testdata/metric.json"))
	full := strings.Repeat(" ", trigger.MaxBody-len(alarm)) + alarm
	over := trigger.Decode([]byte(queued(t, full, full, full, full, full, full)), call)
	if len(over.Records) != 1 || over.Records[0].Trigger != nil {
		t.Errorf("a batch above MaxPayload makes %d records", len(over.Records))
	}
	huge := alarm + strings.Repeat(" ", trigger.MaxBody+1-len(alarm))
	batch := trigger.Decode([]byte(queued(t, alarm, huge, alarm)), call)
	if len(batch.Records) != 3 || batch.Records[0].Trigger == nil || batch.Records[2].Trigger == nil {
		t.Fatalf("a huge body spoils its neighbours: %+v", batch.Records)
	}
	ignoredAs(t, batch.Records[1], trigger.ReasonTooLarge)
}

func TestManyOrDeepElementsNeverHurt(t *testing.T) {
	deep := strings.Repeat(`{"detail":[`, 80_000)
	for name, payload := range map[string]string{
		"deep, open":   deep,
		"deep, closed": deep + strings.Repeat("]}", 80_000),
		"records":      `{"Records":[` + strings.Repeat("0,", 400_000) + `0]}`,
		"ids":          `{"reason":"x","instanceIds":[` + strings.Repeat(`"",`, 300_000) + `""]}`,
		"keys":         "{" + keys(100_000) + `"Records":[]}`,
		"metrics": event(t, func(_, d map[string]any) {
			d["configuration"] = map[string]any{"metrics": make([]struct{}, 100_000)}
		}),
	} {
		batch := trigger.Decode([]byte(payload), call)
		if len(batch.Records) != 1 || batch.Records[0].Trigger != nil {
			t.Errorf("%s: %d records", name, len(batch.Records))
		}
	}
}

func keys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"%d":0,`, i)
	}
	return b.String()
}

func TestMoreThanMaxTargetsIsNeverATrigger(t *testing.T) {
	ids := func(n int) (list []string) {
		for i := range n {
			list = append(list, fmt.Sprintf("i-%08x", i), fmt.Sprintf("i-%08x", i/2))
		}
		return list
	}
	request := func(n int) string { return marshal(t, map[string]any{"instanceIds": ids(n), "reason": "x"}) }
	alarm := func(n int) string {
		return event(t, func(_, d map[string]any) {
			var metrics []any
			for _, id := range ids(n) {
				metrics = append(metrics, map[string]any{"metricStat": map[string]any{"metric": map[string]any{
					"dimensions": map[string]any{"InstanceId": id},
				}}})
			}
			d["configuration"] = map[string]any{"metrics": metrics}
		})
	}
	for name, payload := range map[string]func(int) string{"request": request, "alarm": alarm} {
		if r := one(t, payload(trigger.MaxTargets)); r.Trigger == nil || len(r.Trigger.Targets) != trigger.MaxTargets {
			t.Errorf("%s: MaxTargets are not taken: %+v", name, r.Ignored)
		}
		ignoredAs(t, one(t, payload(trigger.MaxTargets+1)), trigger.ReasonTooManyTargets)
	}
	ignoredAs(t, one(t, request(4_000)), trigger.ReasonTooManyTargets)
}

func TestReasonsAreAClosedListWithoutRepeats(t *testing.T) {
	list := trigger.Reasons()
	sorted := slices.Sorted(slices.Values(list))
	if len(slices.Compact(sorted)) != len(list) {
		t.Errorf("%q repeats a reason", list)
	}
	seen := map[trigger.Reason]bool{trigger.ReasonTooLarge: true, trigger.ReasonTooManyTargets: true}
	for _, table := range []map[string][]string{fixtures, shapes} {
		for _, results := range table {
			for _, result := range results {
				seen[trigger.Reason(result)] = true
			}
		}
	}
	for _, reason := range list {
		if !seen[reason] {
			t.Errorf("no fixture is ignored as %s", reason)
		}
	}
}
