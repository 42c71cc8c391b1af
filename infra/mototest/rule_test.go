package mototest_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"crashcart/lambda/domain/trigger"
)

// change is something that an event is made by.
type change func(*event)

func named(name string) change     { return func(e *event) { e.Detail["alarmName"] = name } }
func from(source string) change    { return func(e *event) { e.Source = source } }
func ofType(name string) change    { return func(e *event) { e.DetailType = name } }
func without(detail string) change { return func(e *event) { delete(e.Detail, detail) } }
func inState(value string) change {
	return func(e *event) {
		if state, ok := e.Detail["state"].(map[string]any); ok {
			state["value"] = value
		}
	}
}

// crossing is one event: a shape that CloudWatch has, as the decoder's tests have it,
// and what is different. passes says whether the rule may let it into the queue,
// ignored why the function then asks for nothing.
type crossing struct {
	name, shape string
	changes     []change
	passes      bool
	ignored     trigger.Reason
}

const ours = "crashcart-web-heartbeat"

var crossings = []crossing{
	{"a metric alarm with the prefix", "metric", []change{named(ours)}, true, ""},
	{"a metric alarm whose name is the prefix", "metric", []change{named("crashcart-")}, true, ""},
	{"a composite alarm with the prefix", "composite", []change{named(ours)}, true, ""},
	{"a contributor of an alarm with the prefix", "contributor", []change{named(ours)}, true, ""},
	{"an alarm on a Metrics Insights query with the prefix", "metrics-insights", []change{named(ours)}, true, trigger.ReasonNoInstance},
	{"a muted contributor, which the function refuses and not the rule", "contributor-muted", []change{named(ours)}, true, trigger.ReasonMuted},
	{"a suppressed composite, which the function refuses and not the rule", "composite-suppressed", []change{named(ours)}, true, trigger.ReasonSuppressed},
	{"an alarm that watches Crashcart", "metric", []change{named("crashcart_dead-letters")}, false, ""},
	{"an alarm without the prefix", "metric", []change{named("web-heartbeat")}, false, ""},
	{"a composite without the prefix", "composite", []change{named("web")}, false, ""},
	{"a contributor of an alarm without the prefix", "contributor", []change{named("web")}, false, ""},
	{"the prefix in the middle", "metric", []change{named("not-crashcart-web")}, false, ""},
	{"the prefix in upper case", "metric", []change{named("Crashcart-web")}, false, ""},
	{"the prefix cut short", "metric", []change{named("crashcart")}, false, ""},
	{"no name", "metric", []change{without("alarmName")}, false, ""},
	{"a name that is no text", "metric", []change{func(e *event) { e.Detail["alarmName"] = 7 }}, false, ""},
	{"the name elsewhere", "metric", []change{without("alarmName"), func(e *event) { e.Detail["configuration"] = map[string]any{"alarmName": ours} }}, false, ""},
	{"an alarm that is OK again", "metric", []change{named(ours), inState("OK")}, false, ""},
	{"a contributor that is OK again", "contributor", []change{named(ours), inState("OK")}, false, ""},
	{"an alarm without data", "metric", []change{named(ours), inState("INSUFFICIENT_DATA")}, false, ""},
	{"a state in lower case", "metric", []change{named(ours), inState("alarm")}, false, ""},
	{"an alarm that was in ALARM before", "metric", []change{named(ours), inState("OK"), func(e *event) {
		e.Detail["previousState"] = map[string]any{"value": "ALARM"}
	}}, false, ""},
	{"no state", "metric", []change{named(ours), without("state")}, false, ""},
	{"an alarm's configuration change", "configuration-change", []change{named(ours), inState("ALARM")}, false, ""},
	{"an alarm's configuration change by the state change's name in lower case", "metric", []change{named(ours), ofType("cloudwatch alarm state change")}, false, ""},
	{"an event of an application", "metric", []change{named(ours), from("my.application")}, false, ""},
	{"an event of another service", "metric", []change{named(ours), from("aws.health")}, false, ""},
	{"a termination in an Auto Scaling group", "autoscaling-terminated", nil, false, ""},
}

func (c crossing) event(t *testing.T) event {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "lambda", "domain", "trigger", "testdata", c.shape+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var e event
	if err := json.Unmarshal(raw, &e); err != nil {
		t.Fatal(err)
	}
	for _, do := range c.changes {
		do(&e)
	}
	return e
}

func TestTheRuleLetsInAlarmsWithThePrefixAndNothingElse(t *testing.T) {
	in := build(t)
	for _, c := range crossings {
		t.Run(c.name, func(t *testing.T) {
			e := c.event(t)
			bodies := in.put(t, e)
			if len(bodies) > 1 || (len(bodies) == 1) != c.passes {
				t.Fatalf("in the queue: %q; it passes: %v", bodies, c.passes)
			}
			if !c.passes {
				return
			}
			var got event
			if err := json.Unmarshal([]byte(bodies[0]), &got); err != nil || got.Source != "aws.cloudwatch" || text(t, got.Detail) != text(t, e.Detail) {
				t.Errorf("the queue has %s, which was %+v (%v)", bodies[0], e, err)
			}
			switch r := decode(t, bodies[0]); {
			case c.ignored != "" && (r.Ignored == nil || r.Ignored.Reason != c.ignored):
				t.Errorf("the function reads it as %+v, %+v, want %s", r.Trigger, r.Ignored, c.ignored)
			case c.ignored == "" && (r.Trigger == nil || r.Trigger.Kind != trigger.KindAlarm || len(r.Trigger.Targets) == 0 || r.Trigger.At.IsZero()):
				t.Errorf("the function reads it as %+v, %+v", r.Trigger, r.Ignored)
			}
		})
	}
}

// Every part of the pattern keeps something out or lets something in. A change of one
// shows here.
func TestNoPartOfThePatternCanGoUnnoticed(t *testing.T) {
	in := build(t)
	for name, change := range map[string]func(pattern, detail map[string]any){
		"every source":      func(pattern, _ map[string]any) { delete(pattern, "source") },
		"every detail type": func(pattern, _ map[string]any) { delete(pattern, "detail-type") },
		"no contributors":   func(pattern, _ map[string]any) { pattern["detail-type"] = []string{"CloudWatch Alarm State Change"} },
		"nothing else": func(pattern, _ map[string]any) {
			pattern["detail-type"] = []string{"CloudWatch Alarm Contributor State Change"}
		},
		"every name":       func(_, detail map[string]any) { delete(detail, "alarmName") },
		"a shorter prefix": func(_, detail map[string]any) { detail["alarmName"] = []any{map[string]any{"prefix": "crashcart"}} },
		"a longer prefix":  func(_, detail map[string]any) { detail["alarmName"] = []any{map[string]any{"prefix": "crashcart-web"}} },
		"the prefix in any case": func(_, detail map[string]any) {
			detail["alarmName"] = []any{map[string]any{"prefix": map[string]any{"equals-ignore-case": "crashcart-"}}}
		},
		"every state": func(_, detail map[string]any) { delete(detail, "state") },
		"recoveries":  func(_, detail map[string]any) { detail["state"] = map[string]any{"value": []string{"ALARM", "OK"}} },
		"missing data": func(_, detail map[string]any) {
			detail["state"] = map[string]any{"value": []string{"ALARM", "INSUFFICIENT_DATA"}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			rule := synthesized(t, "AWS::Events::Rule", "Description", alarmRule)
			pattern := rule["EventPattern"].(map[string]any)
			change(pattern, pattern["detail"].(map[string]any))
			in.makeRule(t, rule)
			for _, c := range slices.Backward(crossings) { // moto is slow with what passes
				if passed := len(in.put(t, c.event(t))) == 1; passed != c.passes {
					return
				}
			}
			t.Error("no event shows the difference")
		})
	}
}
