package trigger_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"crashcart/lambda/domain/trigger"
)

// firing is the attributes of a notification that names hosts.
func firing(kind, value string) []string {
	return []string{"instance_id", kind, value, "status", "String", "firing"}
}

// carried is a message with attributes in every envelope that has room for them.
func carried(t testing.TB, message string, attributes ...string) map[string]string {
	t.Helper()
	return map[string]string{
		"sns/attribute":     invoked(t, message, attributes...),
		"sqs/sns/attribute": queued(t, notification(t, message, attributes...)),
		"sqs/raw/attribute": rawly(t, message, attributes...),
	}
}

func TestAttributeNamesTheOnlyTargets(t *testing.T) {
	for _, message := range []string{
		"", "Hello!", "{", "null", `{"unclosed": "` + other + `"`, other, "interrupt " + other + " because x",
		"Alerts Firing:\n - instance_id = " + other + "\nAlerts Resolved:\n - instance_id = " + short,
		`{"instanceIds":["` + other + `"],"reason":"x"}`, `{"Records":[]}`, `{"alarmData":{}}`,
		`{"Event":"autoscaling:EC2_INSTANCE_TERMINATE","EC2InstanceId":"` + other + `"}`,
		`{"source":"shop","detail-type":"Host Silent","detail":{"InstanceId":"` + other + `"}}`,
		`{"instance_id":"` + other + `","status":"resolved"}`,
	} {
		for source, payload := range carried(t, message, firing("String", long)...) {
			r := one(t, payload)
			if r.Trigger == nil || r.Trigger.Kind != trigger.KindAttribute || r.Trigger.Source != source || summary(r) != long {
				t.Errorf("%s: %q: got %+v", source, message, r)
			}
		}
	}
	for source, payload := range carried(t, "x", firing("String.Array", `["`+short+`", "`+long+`", "`+short+`"]`)...) {
		if r := one(t, payload); r.Trigger == nil || summary(r) != short+" "+long {
			t.Errorf("%s: got %+v", source, r)
		}
	}
}

func TestAttributeThatIsNotAnInstanceIdNeverTriggers(t *testing.T) {
	for _, a := range [][2]string{
		{"String", ""},
		{"String", " " + long},
		{"String", long + "," + other},
		{"String", strings.ToUpper(long)},
		{"String", `["` + long + `"]`},
		{"String", "web-1"},
		{"string", long},
		{"Number", "12345678"},
		{"Binary", long},
		{"String.Array", long},
		{"String.Array", `"` + long + `"`},
		{"String.Array", `[]`},
		{"String.Array", `["` + long + `"`},
		{"String.Array", `["` + long + `",""]`},
		{"String.Array", `["` + long + `",null]`},
		{"String.Array", `[["` + long + `"]]`},
		{"String.Array", `{"0":"` + long + `"}`},
		{"String.Array", `["` + long + ` ` + other + `"]`},
	} {
		for _, payload := range carried(t, "interrupt "+other+" because x", firing(a[0], a[1])...) {
			t.Run(fmt.Sprint(a), func(t *testing.T) { ignoredAs(t, one(t, payload), trigger.ReasonMalformed, "instance_id") })
		}
	}
}

// A Go template, as Alertmanager's, prints "<no value>" for a label that the alert lacks.
func TestALabelThatIsMissingIsNeverCalledABadId(t *testing.T) {
	for _, a := range [][2]string{
		{"String", "<no value>"},
		{"String", "i-<no value>"},
		{"String.Array", `["` + long + `","<no value>"]`},
		{"String.Array", `["\u003cno value\u003E"]`},
		{"String.Array", `[<no value>]`},
		{"String.Array", `<no value>`},
	} {
		for _, payload := range carried(t, "interrupt "+other+" because x", firing(a[0], a[1])...) {
			ignoredAs(t, one(t, payload), trigger.ReasonMalformed,
				"instance_id", `"<no value>"`, "the alert has no such label", "give the alert's rule", "leave the attribute out")
		}
	}
	for _, payload := range carried(t, "x", firing("String", "web-1")...) {
		if r := one(t, payload); strings.Contains(r.Ignored.Detail, "label") {
			t.Errorf("a name is called a missing label: %s", r.Ignored.Detail)
		}
	}
}

func TestOnlyStatusFiringTriggers(t *testing.T) {
	line := "interrupt " + other + " because x"
	for _, status := range []string{"", "Firing", "FIRING", " firing", "firing,resolved", "alerting", "Resolved", `["firing"]`} {
		for _, payload := range carried(t, line, "instance_id", "String", long, "status", "String", status) {
			ignoredAs(t, one(t, payload), trigger.ReasonNotFiring, "firing")
		}
	}
	for _, payload := range carried(t, line, "instance_id", "String", long) {
		ignoredAs(t, one(t, payload), trigger.ReasonNotFiring, "without")
	}
	for _, message := range []string{line, "{}", alarmMessage(t, func(map[string]any) {}), event(t, func(_, _ map[string]any) {})} {
		for _, payload := range carried(t, message, "status", "String", "resolved") {
			ignoredAs(t, one(t, payload), trigger.ReasonResolved)
		}
	}
}

func TestForceInAnAttributeNeverTriggers(t *testing.T) {
	for _, name := range []string{"force", "Force", "FORCE"} {
		for _, message := range []string{"x", "interrupt " + other + " because x", alarmMessage(t, func(map[string]any) {})} {
			for _, attributes := range [][]string{{name, "String", ""}, append(firing("String", long), name, "String", "cooldown")} {
				for _, payload := range carried(t, message, attributes...) {
					ignoredAs(t, one(t, payload), trigger.ReasonForceOutsideDirect, name)
				}
			}
		}
	}
}

// TestAttributeNeverAddsToAnAlarm is about an alarm's own message or event that
// somebody forwards with attributes.
func TestAttributeNeverAddsToAnAlarm(t *testing.T) {
	message := alarmMessage(t, func(map[string]any) {})
	off := alarmMessage(t, func(m map[string]any) { m["NewStateValue"] = "OK" })
	broken := strings.Replace(message, `"AlarmName"`, `"AlarmName":"x","AlarmName"`, 1)
	bridge := event(t, func(_, _ map[string]any) {})
	muted := event(t, func(_, d map[string]any) { d["muteDetail"] = map[string]any{} })
	for _, attributes := range [][]string{firing("String", other), firing("String", "x"), {"instance_id", "String", other}} {
		for _, payload := range carried(t, message, attributes...) {
			if r := one(t, payload); r.Trigger == nil || r.Trigger.Kind != trigger.KindAlarm || summary(r) != long {
				t.Errorf("%q: got %+v", attributes, r)
			}
		}
		for _, payload := range carried(t, bridge, attributes...) {
			if r := one(t, payload); r.Trigger == nil || r.Trigger.Kind != trigger.KindAlarm || summary(r) != long {
				t.Errorf("%q: got %+v", attributes, r)
			}
		}
		for body, want := range map[string]trigger.Reason{
			off: trigger.ReasonOK, broken: trigger.ReasonMalformed, muted: trigger.ReasonMuted,
		} {
			for _, payload := range carried(t, body, attributes...) {
				ignoredAs(t, one(t, payload), want)
			}
		}
	}
}

// TestAttributeOnAQueuesMessageNeverChangesWhatIsInIt is about attributes that
// somebody put on the record itself, around an envelope or a later message.
func TestAttributeOnAQueuesMessageNeverChangesWhatIsInIt(t *testing.T) {
	body, err := trigger.EncodeLater(put(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, message := range []string{string(body), notification(t, alarmMessage(t, func(map[string]any) {}))} {
		r := one(t, rawly(t, message, firing("String", other)...))
		if r.Trigger == nil || r.Trigger.Kind != trigger.KindAlarm || summary(r) != long {
			t.Errorf("got %+v", r)
		}
	}
}

func TestAttributesThatCannotBeReadNeverTrigger(t *testing.T) {
	good := notification(t, "interrupt "+other+" because x", firing("String", long)...)
	for _, tt := range [][2]string{
		{`"MessageAttributes":{`, `"MessageAttributes":[],"x":{`},
		{`"MessageAttributes":{`, `"MessageAttributes":"","x":{`},
		{`"instance_id":{`, `"instance_id":{"Type":"String","Value":"x"},"instance_id":{`},
		{`{"Type":"String","Value":"` + long + `"}`, `"` + long + `"`},
		{`{"Type":"String","Value":"` + long + `"}`, `{"type":"String","value":"` + long + `"}`},
		{`{"Type":"String","Value":"` + long + `"}`, `{"Type":"String","Value":"` + long + `","Value":"` + other + `"}`},
		{`{"Type":"String","Value":"` + long + `"}`, `{"Value":"` + long + `"}`},
		{`{"Type":"String","Value":"firing"}`, `{"Type":"String","Value":["firing"]}`},
		{`{"Type":"String","Value":"firing"}`, `"firing"`},
	} {
		if !strings.Contains(good, tt[0]) {
			t.Fatalf("%s is not in %s", tt[0], good)
		}
		bad := strings.Replace(good, tt[0], tt[1], 1)
		ignoredAs(t, one(t, queued(t, bad)), trigger.ReasonMalformed)
	}
}

func TestAttributeNeverNamesMoreThanMaxTargets(t *testing.T) {
	array := func(n int) string {
		var ids []string
		for i := range n {
			ids = append(ids, fmt.Sprintf("i-%08x", i))
		}
		return marshal(t, slices.Concat(ids, ids))
	}
	r := one(t, invoked(t, "x", firing("String.Array", array(trigger.MaxTargets))...))
	if r.Trigger == nil || len(r.Trigger.Targets) != trigger.MaxTargets {
		t.Errorf("MaxTargets are not taken: %+v", r.Ignored)
	}
	ignoredAs(t, one(t, invoked(t, "x", firing("String.Array", array(trigger.MaxTargets+1))...)), trigger.ReasonTooManyTargets)
	ignoredAs(t, one(t, invoked(t, "x", firing("String.Array", array(10_000))...)), trigger.ReasonMalformed)
}
