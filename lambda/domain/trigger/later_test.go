package trigger_test

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/trigger"
)

// put is the trigger of the metric fixture, put back once.
func put(t testing.TB) trigger.Trigger {
	t.Helper()
	r := trigger.Decode(read(t, "testdata/metric.json"), call).Records[0]
	if r.Trigger == nil {
		t.Fatalf("ignored: %+v", r.Ignored)
	}
	return trigger.Later(*r.Trigger, r.Trigger.Targets[0])
}

// text is a trigger of a kind without an alarm, with everything that it may carry.
func text() trigger.Trigger {
	return trigger.Trigger{
		Kind: trigger.KindText, Source: "sqs/sns/text", Reason: "frozen <disk>", RequestedBy: "oncall@example.com",
		At: time.Date(2026, time.March, 2, 8, 15, 30, 123456789, time.UTC), SourceKey: "sns/b3c1", DryRun: true,
		Targets: []trigger.Ref{{
			Instance: short, From: "the text",
			Via: "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/api/50dc6c495c0c9188",
			Seen: &trigger.Seen{
				At:     time.Date(2026, time.March, 2, 8, 20, 30, 987654321, time.UTC),
				Kernel: 86400.000001, Lines: 100_000, EBS: time.Date(2026, time.March, 2, 8, 19, 29, 5, time.UTC),
				Still: time.Date(2026, time.March, 2, 8, 16, 1, 7, time.UTC), Screens: []string{"0123456789abcdef", "fedcba9876543210"},
				Back:  time.Date(2026, time.March, 2, 8, 17, 0, 3, time.UTC),
				Stuck: time.Date(2026, time.March, 2, 8, 18, 2, 0, time.UTC),
			},
		}}, Pass: trigger.MaxPasses,
	}
}

// throughQueue encodes a trigger and decodes it from a batch.
func throughQueue(t testing.TB, in trigger.Trigger) trigger.Record {
	t.Helper()
	body, err := trigger.EncodeLater(in)
	if err != nil {
		t.Fatal(err)
	}
	return trigger.Decode([]byte(queued(t, string(body))), trigger.Invocation{RequestID: "another", At: time.Now()}).Records[0]
}

func TestLaterMessageComesBackUnchanged(t *testing.T) {
	for _, in := range []trigger.Trigger{put(t), text()} {
		out := throughQueue(t, in)
		if out.Trigger == nil || !reflect.DeepEqual(*out.Trigger, in) {
			t.Errorf("sent %+v\ngot  %+v", in, out)
		}
	}
	local := put(t)
	local.At = local.At.In(time.FixedZone("", 7200))
	local.Alarm.ChangedAt = local.At
	if out := throughQueue(t, local); out.Trigger == nil || !reflect.DeepEqual(*out.Trigger, put(t)) {
		t.Errorf("a time in another zone came back as %+v", out)
	}
	body := strings.ReplaceAll(wire(t, `"pass"`, `"pass"`), `:"2026-03-02T08:15:30.125Z"`, `:"2026-03-02T10:15:30.125+02:00"`)
	if out := one(t, queued(t, body)); out.Trigger == nil || !reflect.DeepEqual(*out.Trigger, put(t)) {
		t.Errorf("a body with another zone came back as %+v", out)
	}
}

// TestLaterMessageCarriesEveryField fails when a field is added to Trigger that
// the queue would lose or refuse.
func TestLaterMessageCarriesEveryField(t *testing.T) {
	for _, v := range []any{trigger.Trigger{}, trigger.Alarm{}, trigger.Ref{}, trigger.Seen{}} {
		fields := reflect.VisibleFields(reflect.TypeOf(v))
		alarm, other := reflect.ValueOf(put(t)), reflect.ValueOf(text())
		for _, f := range fields {
			var set bool
			switch v.(type) {
			case trigger.Trigger:
				set = !alarm.FieldByIndex(f.Index).IsZero() || !other.FieldByIndex(f.Index).IsZero() || f.Name == "Force"
			case trigger.Alarm:
				set = !reflect.ValueOf(*put(t).Alarm).FieldByIndex(f.Index).IsZero()
			case trigger.Seen:
				set = !reflect.ValueOf(*text().Targets[0].Seen).FieldByIndex(f.Index).IsZero()
			case trigger.Ref:
				set = !reflect.ValueOf(text().Targets[0]).FieldByIndex(f.Index).IsZero() ||
					f.Name == "AutoScalingGroup" || f.Name == "TargetGroup" || f.Name == "Alarm" || f.Name == "Candidate"
			}
			if !set {
				t.Errorf("no round trip covers %T.%s", v, f.Name)
			}
		}
	}
}

func TestLaterGoesOnePassOnAndSharesNothing(t *testing.T) {
	first := *trigger.Decode(read(t, "testdata/math-several-instances.json"), call).Records[0].Trigger
	const group = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/api/50dc6c495c0c9188"
	ref := first.Targets[1]
	ref.From, ref.Via, ref.Candidate = "long\n"+strings.Repeat("é", 2000), group, true
	seen := &trigger.Seen{At: first.At, Kernel: 7}
	ref.Seen = seen
	next := trigger.Later(first, ref)
	if next.Pass != 1 || len(next.Targets) != 1 || next.Targets[0].Instance != long || next.Targets[0].Via != group {
		t.Errorf("got %+v", next)
	}
	if next.SourceKey != first.SourceKey || !next.At.Equal(first.At) {
		t.Error("the source key or the time moved, so it would never lapse")
	}
	if _, err := trigger.EncodeLater(next); err != nil {
		t.Errorf("a long From keeps it out of the queue: %v", err)
	}
	if next.Targets[0].Seen == seen || !reflect.DeepEqual(next.Targets[0].Seen, seen) {
		t.Errorf("what the pass saw is %+v, want a copy of %+v", next.Targets[0].Seen, seen)
	}
	next.Alarm.Name = "changed"
	if first.Alarm.Name == "changed" || len(first.Targets) != 2 || first.Pass != 0 {
		t.Error("the trigger it was made of changed")
	}
}

func TestLaterMessageNeverCarriesForce(t *testing.T) {
	forced := put(t)
	forced.Force = []string{"unresponsive"}
	direct := put(t)
	direct.Kind, direct.Alarm = trigger.KindDirect, nil
	for _, in := range []trigger.Trigger{forced, direct} {
		if body, err := trigger.EncodeLater(in); err == nil {
			t.Errorf("encoded as %s", body)
		}
	}
	for _, add := range []string{`"force":["unresponsive"],`, `"force":[],`, `"Force":["cooldown"],`, `"FORCE":null,`} {
		ignoredAs(t, one(t, queued(t, wire(t, `"sourceKey"`, add+`"sourceKey"`))), trigger.ReasonMalformed)
	}
	ignoredAs(t, one(t, queued(t, wire(t, `"kind":"alarm"`, `"kind":"direct"`))), trigger.ReasonMalformed)
}

// wire is a good later message with the first old replaced.
func wire(t *testing.T, old, replacement string) string {
	t.Helper()
	body, err := trigger.EncodeLater(put(t))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(body), old) {
		t.Fatalf("%s is not in %s", old, body)
	}
	return strings.Replace(string(body), old, replacement, 1)
}

func TestForgedLaterMessageNeverTriggers(t *testing.T) {
	for _, tt := range [][2]string{
		{`"later"`, `"Later"`},
		{`"later"`, `true`},
		{`"crashcart":"later"`, `"crashcart":"later","crashcart":"later"`},
		{`"crashcart":"later"`, `"crashcart":"later","mode":"auto"`},
		{`"trigger":{`, `"trigger":{"permit":1,`},
		{`"trigger":{`, `"trigger":null,"x":{`},
		{`"pass":1`, `"pass":0`},
		{`"pass":1`, `"pass":33`},
		{`"pass":1`, `"pass":-1`},
		{`"pass":1`, `"pass":"1"`},
		{`"pass":1`, `"pass":1,"pass":2`},
		{`,"pass":1`, ``},
		{`"kind":"alarm"`, `"kind":"root"`},
		{`"kind":"alarm"`, `"kind":"text"`},
		{`"kind":"alarm"`, `"kind":"alarm","requestedBy":"root"`},
		{`"at":"2026-`, `"at":"2027-`},
		{`"at":"2026-03-02T08:15:30.125Z",`, ``},
		{`"at":"2026-03-02T08:15:30.125Z"`, `"at":"0001-01-01T00:00:00Z"`},
		{`"sourceKey":"alarm/`, `"sourceKey":"request/`},
		{`//2026-03-02T08:15:30.125Z`, `//2026-03-02 08:15:31`},
		{`"state":"ALARM"`, `"state":"OK"`},
		{`"state":"ALARM"`, `"state":"ALARM","muteDetail":{}`},
		{`"region":"eu-central-1"`, `"region":"eu-west-1"`},
		{`:alarm:`, `:alarm-mute-rule:`},
		{`"source":"eventbridge"`, `"source":"lambda\n"`},
		{`"source":"eventbridge"`, `"source":""`},
		{long, strings.ToUpper(long)},
		{long, long + `"},{"instance":"` + other},
		{`"instance"`, `"Instance"`},
		{`"instance"`, `"alarm":"x","instance"`},
		{`"from":"`, `"from":"\n`},
		{`"reason":"`, `"reason":"\u0000`},
	} {
		t.Run(fmt.Sprint(tt), func(t *testing.T) {
			ignoredAs(t, one(t, queued(t, wire(t, tt[0], tt[1]))), trigger.ReasonMalformed)
		})
	}
}

// A text's later message has what the pass before saw.
func TestForgedPassBeforeIsNeverBelieved(t *testing.T) {
	body, err := trigger.EncodeLater(text())
	if err != nil {
		t.Fatal(err)
	}
	const seen = `"seen":{"at":"2026-03-02T08:20:30.987654321Z"`
	whole := regexp.MustCompile(`"seen":{[^}]*}`).Find(body)
	for _, tt := range [][2]string{
		{seen, `"Seen":{"at":"2026-03-02T08:20:30.987654321Z"`},
		{string(whole), `"seen":null`},
		{string(whole), `"seen":[]`},
		{seen, `"seen":{"At":"2026-03-02T08:20:30.987654321Z"`},
		{seen, `"seen":{"at":null`},
		{seen, `"seen":{"x":0`},
		{seen, seen + `,"at":"2026-03-02T08:20:31Z"`},
		{seen, seen + `,"silent":true`},
		{`"kernel":86400.000001`, `"kernel":-1`},
		{`"kernel":86400.000001`, `"kernel":1e400`},
		{`"kernel":86400.000001`, `"kernel":"86400"`},
		{`"kernel":86400.000001`, `"kernel":1,"kernel":86400.000001`},
		{`"lines":100000`, `"lines":100001`},
		{`"lines":100000`, `"lines":0.5`},
		{`"ebs":"2026-03-02T08:19`, `"ebs":"2026-03-02T08:21`},
		{`"ebs":"2026-03-02T08:19:29.000000005Z"`, `"ebs":"yesterday"`},
		{`"instance":"` + short + `"`, `"autoScalingGroup":"web"`},
	} {
		forged := strings.Replace(string(body), tt[0], tt[1], 1)
		if forged == string(body) {
			t.Fatalf("%s is not in %s", tt[0], body)
		}
		ignoredAs(t, one(t, queued(t, forged)), trigger.ReasonMalformed)
	}
}

func TestPassBeforeIsTakenAtItsLimits(t *testing.T) {
	at := text().At
	for name, seen := range map[string]trigger.Seen{
		"nothing":                {At: at},
		"a minute early":         {At: at.Add(-time.Minute), EBS: at.Add(-time.Minute)},
		"stuck long before":      {At: at, Stuck: at.Add(-15 * time.Minute)},
		"two hours late":         {At: at.Add(2 * time.Hour), EBS: at.Add(2 * time.Hour)},
		"everything":             {At: at.Add(time.Minute), Kernel: math.MaxFloat64, Lines: 100_000, EBS: at},
		"the smallest of a time": {At: at, Kernel: math.SmallestNonzeroFloat64, Lines: 1},
	} {
		in := text()
		in.Targets[0].Seen = &seen
		if out := throughQueue(t, in); out.Trigger == nil || !reflect.DeepEqual(*out.Trigger, in) {
			t.Errorf("%s: sent %+v, got %+v", name, seen, out)
		}
	}
	local := text()
	seen := local.Targets[0].Seen
	seen.At, seen.EBS = seen.At.In(time.FixedZone("", 7200)), seen.EBS.In(time.FixedZone("", -7200))
	seen.Still, seen.Stuck = seen.Still.In(time.FixedZone("", 3600)), seen.Stuck.In(time.FixedZone("", -3600))
	seen.Back = seen.Back.In(time.FixedZone("", 3600))
	if out := throughQueue(t, local); out.Trigger == nil || !reflect.DeepEqual(*out.Trigger, text()) {
		t.Errorf("times in another zone came back as %+v", out)
	}
	if seen.At.Location() == time.UTC {
		t.Error("encoding changed the trigger that it was given")
	}
}

func TestUnfitTriggerIsNeverPutBack(t *testing.T) {
	for name, spoil := range map[string]func(*trigger.Trigger){
		"pass 0":                 func(t *trigger.Trigger) { t.Pass = 0 },
		"a pass too many":        func(t *trigger.Trigger) { t.Pass = trigger.MaxPasses + 1 },
		"no time":                func(t *trigger.Trigger) { t.At = time.Time{} },
		"year 10000":             func(t *trigger.Trigger) { t.At = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"no source key":          func(t *trigger.Trigger) { t.SourceKey = "" },
		"a request's key":        func(t *trigger.Trigger) { t.SourceKey = "request/1" },
		"an invoke's key":        func(t *trigger.Trigger) { t.SourceKey = "invoke/1" },
		"an alarm's key":         func(t *trigger.Trigger) { t.SourceKey = "alarm/1" },
		"long key":               func(t *trigger.Trigger) { t.SourceKey = strings.Repeat("x", 2049) },
		"unknown kind":           func(t *trigger.Trigger) { t.Kind = "" },
		"alarm of a text":        func(t *trigger.Trigger) { t.Alarm = &trigger.Alarm{} },
		"alarm without one":      func(t *trigger.Trigger) { t.Kind = trigger.KindAlarm },
		"no source":              func(t *trigger.Trigger) { t.Source = "" },
		"no target":              func(t *trigger.Trigger) { t.Targets = nil },
		"two targets":            func(t *trigger.Trigger) { t.Targets = append(t.Targets, t.Targets[0]) },
		"a group without a name": func(t *trigger.Trigger) { t.Targets = []trigger.Ref{{From: "nowhere"}} },
		"no target group's ARN":  func(t *trigger.Trigger) { t.Targets = []trigger.Ref{{TargetGroup: "web"}} },
		"no alarm's ARN":         func(t *trigger.Trigger) { t.Targets = []trigger.Ref{{Alarm: "web"}} },
		"a group beside":         func(t *trigger.Trigger) { t.Targets[0].AutoScalingGroup = "web" },
		"an alarm beside":        func(t *trigger.Trigger) { t.Targets[0].Alarm = "x" },
		"a candidate":            func(t *trigger.Trigger) { t.Targets[0].Candidate = true },
		"via nowhere":            func(t *trigger.Trigger) { t.Targets[0].Via = "targetgroup/api/50dc6c495c0c9188" },
		"via an alarm":           func(t *trigger.Trigger) { t.Targets[0].Via = "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:x" },
		"a bad id":               func(t *trigger.Trigger) { t.Targets = []trigger.Ref{{Instance: "i-1"}} },
		"seen a group":           func(t *trigger.Trigger) { t.Targets[0].Instance, t.Targets[0].TargetGroup = "", t.Targets[0].Via },
		"seen at no time":        func(t *trigger.Trigger) { t.Targets[0].Seen.At = time.Time{} },
		"seen before it was":     func(t *trigger.Trigger) { t.Targets[0].Seen.At = t.At.Add(-time.Minute - 1) },
		"seen in the future":     func(t *trigger.Trigger) { t.Targets[0].Seen.At = t.At.Add(2*time.Hour + 1) },
		"a kernel before boot":   func(t *trigger.Trigger) { t.Targets[0].Seen.Kernel = -1e-6 },
		"a kernel without time":  func(t *trigger.Trigger) { t.Targets[0].Seen.Kernel = math.NaN() },
		"a kernel for ever":      func(t *trigger.Trigger) { t.Targets[0].Seen.Kernel = math.Inf(1) },
		"less than no line":      func(t *trigger.Trigger) { t.Targets[0].Seen.Lines = -1 },
		"too many lines":         func(t *trigger.Trigger) { t.Targets[0].Seen.Lines = 100_001 },
		"EBS after the pass":     func(t *trigger.Trigger) { t.Targets[0].Seen.EBS = t.Targets[0].Seen.At.Add(1) },
		"EBS before it was":      func(t *trigger.Trigger) { t.Targets[0].Seen.EBS = t.At.Add(-time.Minute - 1) },
		"still after the pass":   func(t *trigger.Trigger) { t.Targets[0].Seen.Still = t.Targets[0].Seen.At.Add(1) },
		"still before it was":    func(t *trigger.Trigger) { t.Targets[0].Seen.Still = t.At.Add(-time.Minute - 1) },
		"back after the pass":    func(t *trigger.Trigger) { t.Targets[0].Seen.Back = t.Targets[0].Seen.At.Add(1) },
		"stuck after the pass":   func(t *trigger.Trigger) { t.Targets[0].Seen.Stuck = t.Targets[0].Seen.At.Add(1) },
		"stuck before it was":    func(t *trigger.Trigger) { t.Targets[0].Seen.Stuck = t.At.Add(-15*time.Minute - 1) },
		"three screens": func(t *trigger.Trigger) {
			t.Targets[0].Seen.Screens = append(t.Targets[0].Seen.Screens, "0123456789abcdee")
		},
		"a screen that is no hash": func(t *trigger.Trigger) { t.Targets[0].Seen.Screens = []string{"0123456789ABCDEF"} },
		"a screen too long":        func(t *trigger.Trigger) { t.Targets[0].Seen.Screens = []string{"0123456789abcdef0"} },
		"bad UTF-8":                func(t *trigger.Trigger) { t.Reason = "\xff" },
		"long requestedBy":         func(t *trigger.Trigger) { t.RequestedBy = strings.Repeat("x", 257) },
	} {
		in := text()
		spoil(&in)
		if body, err := trigger.EncodeLater(in); err == nil {
			t.Errorf("%s: encoded as %s", name, body)
		}
		body := marshal(t, map[string]any{"crashcart": "later", "trigger": unsafe(in)})
		lost := name == "bad UTF-8" || name == "a candidate" // JSON does not keep it
		if r := one(t, queued(t, body)); r.Trigger != nil && !lost {
			t.Errorf("%s: decoded to %+v", name, r.Trigger)
		}
	}
}

// unsafe gives the JSON of a trigger, also for a time that JSON cannot hold.
func unsafe(in trigger.Trigger) json.RawMessage {
	body, err := json.Marshal(in)
	if err != nil {
		return json.RawMessage("null")
	}
	return body
}
