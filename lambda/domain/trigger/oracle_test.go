package trigger_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"crashcart/lambda/domain/trigger"
)

// checkBatch decodes a payload, holds the batch against everything that is true
// of every batch, and gives its first record.
func checkBatch(t *testing.T, payload []byte) trigger.Record {
	t.Helper()
	batch := trigger.Decode(payload, call)
	if len(batch.Records) == 0 {
		t.Fatal("no record")
	}
	if _, err := json.Marshal(batch); err != nil {
		t.Fatalf("the batch cannot be printed: %v", err)
	}
	for _, r := range batch.Records {
		checkRecord(t, batch.Envelope, r)
	}
	checkNamed(t, payload, batch)
	return batch.Records[0]
}

// checkRecord holds for every record, whatever came in.
func checkRecord(t *testing.T, envelope trigger.Envelope, r trigger.Record) {
	t.Helper()
	if (r.Trigger == nil) == (r.Ignored == nil) {
		t.Fatalf("not exactly one of trigger and ignored: %+v", r)
	}
	if r.Ignored != nil {
		if !slices.Contains(trigger.Reasons(), r.Ignored.Reason) || r.Ignored.Detail == "" || len(r.Ignored.Detail) > 1024 {
			t.Fatalf("ignored as %+v", r.Ignored)
		}
		return
	}
	got := *r.Trigger
	if len(got.Targets) == 0 || len(got.Targets) > trigger.MaxTargets || got.SourceKey == "" {
		t.Fatalf("trigger %+v", got)
	}
	if timeless := got.Source == "sqs/raw/text" || got.Source == "sqs/raw/attribute"; timeless != got.At.IsZero() {
		t.Fatalf("a trigger from %s is dated %s", got.Source, got.At)
	}
	if (got.Kind == trigger.KindDirect) != (envelope == trigger.EnvelopeDirect) || got.Kind != trigger.KindDirect && got.Force != nil {
		t.Fatalf("kind %s with force %v in envelope %s", got.Kind, got.Force, envelope)
	}
	checkLater(t, got)
}

// checkLater holds for every trigger: what it names comes back through the queue
// unchanged, and nothing else goes in.
func checkLater(t *testing.T, got trigger.Trigger) {
	t.Helper()
	for _, ref := range got.Targets {
		next := trigger.Later(got, ref)
		if got.Kind == trigger.KindDirect || got.Pass == trigger.MaxPasses || got.At.IsZero() {
			if body, err := trigger.EncodeLater(next); err == nil {
				t.Fatalf("%+v was encoded as %s", next, body)
			}
			continue
		}
		if out := throughQueue(t, next); out.Trigger == nil || !reflect.DeepEqual(*out.Trigger, next) {
			t.Fatalf("put back %+v\ncame back as %+v", next, out)
		}
	}
}

// named is what a payload names, by kind, under keys and in places that do so.
type named struct{ instances, groups, targetGroups, alarms map[string]bool }

// checkNamed fails if a target is nowhere in the payload in a place that names
// one. It reads the payload in its own, plainer way.
func checkNamed(t *testing.T, payload []byte, batch trigger.Batch) {
	t.Helper()
	n := named{map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}}
	var v any
	if json.Unmarshal(payload, &v) == nil {
		n.collect(v)
	}
	for _, r := range batch.Records {
		if r.Trigger == nil {
			continue
		}
		for _, ref := range r.Trigger.Targets {
			_, targetGroup, _ := strings.Cut(ref.TargetGroup, ":targetgroup/")
			switch {
			case ref.Instance != "" && n.instances[ref.Instance], ref.AutoScalingGroup != "" && n.groups[ref.AutoScalingGroup]:
			case ref.TargetGroup != "" && n.targetGroups["targetgroup/"+targetGroup], ref.Alarm != "" && n.alarms[ref.Alarm]:
			default:
				t.Fatalf("%+v is a target, and no field names it", ref)
			}
		}
	}
}

// collect gathers what v names, also in JSON inside a string.
func (n named) collect(v any) {
	switch v := v.(type) {
	case []any:
		for _, element := range v {
			n.collect(element)
		}
	case map[string]any:
		if name, ok := v["name"].(string); ok {
			n.field(name, v["value"])
		}
		for key, value := range v {
			n.field(key, value)
			n.collect(value)
		}
	}
}

// field gathers what the value of one key names.
func (n named) field(key string, value any) {
	switch key {
	case "InstanceId", "instance":
		add(n.instances, value)
	case "instanceIds":
		add(n.instances, value)
	case "instance_id":
		n.attribute(value)
	case "AutoScalingGroupName":
		add(n.groups, value)
	case "TargetGroup":
		add(n.targetGroups, value)
	case "resources", "arn", "Arn", "alarmArn", "AlarmArn":
		add(n.alarms, value)
	case "body", "Message", "reasonData":
		s, ok := value.(string)
		var inner any
		if ok && json.Unmarshal([]byte(s), &inner) == nil {
			n.collect(inner)
		} else if ok && key != "reasonData" {
			n.line(s)
		}
	}
}

// attribute gathers what a message attribute names: its value, or the list in it.
func (n named) attribute(v any) {
	fields, ok := v.(map[string]any)
	if !ok {
		return
	}
	for _, key := range []string{"Value", "stringValue"} {
		add(n.instances, fields[key])
		var list any
		if s, ok := fields[key].(string); ok && json.Unmarshal([]byte(s), &list) == nil {
			add(n.instances, list)
		}
	}
}

// line gathers the words of a text between its two keywords.
func (n named) line(s string) {
	words := strings.Split(s, " ")
	if words[0] != "interrupt" {
		return
	}
	for _, word := range words[1:] {
		if word == "because" {
			return
		}
		n.instances[word] = true
	}
}

// add puts a string, or those of a list, into the set.
func add(set map[string]bool, v any) {
	switch v := v.(type) {
	case string:
		set[v] = true
	case []any:
		for _, element := range v {
			if s, ok := element.(string); ok {
				set[s] = true
			}
		}
	}
}
