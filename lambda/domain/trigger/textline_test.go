package trigger_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/trigger"
)

func TestLineOfTheGrammarIsTaken(t *testing.T) {
	for _, tt := range []struct {
		line, targets, reason string
		dryRun                bool
	}{
		{"interrupt " + long + " because it hangs", long, "it hangs", false},
		{"interrupt " + short + " because x\n", short, "x", false},
		{"interrupt " + short + " because x\r\n", short, "x", false},
		{"interrupt  " + short + "   " + long + "  because   ssh  times out  ", short + " " + long, "ssh  times out", false},
		{"interrupt " + long + " " + long + " because because", long, "because", false},
		{"interrupt " + long + " dry-run because a drill", long, "a drill", true},
		{"interrupt " + long + " because " + other + " is its neighbour", long, other + " is its neighbour", false},
		{"interrupt " + long + " because interrupt it", long, "interrupt it", false},
		{"interrupt " + long + " because its reinforced rack hums", long, "its reinforced rack hums", false},
		{"interrupt " + long + " because " + strings.Repeat("é", 512), long, strings.Repeat("é", 512), false},
	} {
		for name, payload := range map[string]string{
			"sns/text": invoked(t, tt.line), "sqs/sns/text": queued(t, notification(t, tt.line)), "sqs/raw/text": rawly(t, tt.line),
		} {
			r := one(t, payload)
			if r.Trigger == nil {
				t.Errorf("%s: %q: ignored: %+v", name, tt.line, r.Ignored)
				continue
			}
			got := *r.Trigger
			if summary(r) != tt.targets || got.Reason != tt.reason || got.DryRun != tt.dryRun {
				t.Errorf("%s: %q: got %+v", name, tt.line, got)
			}
			if got.Kind != trigger.KindText || got.Source != name || got.RequestedBy != "" || got.Force != nil || got.Alarm != nil {
				t.Errorf("%s: %q: got %+v", name, tt.line, got)
			}
		}
	}
}

// nearMisses are lines that are not of the grammar, why they are ignored, and a
// word that the detail must say.
var nearMisses = []struct {
	line string
	want trigger.Reason
	hint string
}{
	{"Interrupt " + long + " because x", trigger.ReasonMalformed, "lower case"},
	{"INTERRUPT " + long + " because x", trigger.ReasonMalformed, "lower case"},
	{" interrupt " + long + " because x", trigger.ReasonMalformed, "nothing before it"},
	{"interrupt" + long + " because x", trigger.ReasonNotTheGrammar, ""},
	{"interrupt\u00a0" + long + " because x", trigger.ReasonMalformed, "does not print"},
	{"interrupt\t" + long + " because x", trigger.ReasonMalformed, "does not print"},
	{"interrupt " + long + " Because x", trigger.ReasonMalformed, "reason"},
	{"interrupt " + long + " because", trigger.ReasonMalformed, "reason"},
	{"interrupt " + long + " because ", trigger.ReasonMalformed, "blank"},
	{"interrupt " + long + " because    \n", trigger.ReasonMalformed, "blank"},
	{"interrupt " + long, trigger.ReasonMalformed, "because"},
	{"interrupt", trigger.ReasonMalformed, "interrupt"},
	{"interrupt because x", trigger.ReasonMalformed, "no instance"},
	{"interrupt dry-run because x", trigger.ReasonMalformed, "no instance"},
	{"interrupt " + long + "," + other + " because x", trigger.ReasonMalformed, "element of its own"},
	{"interrupt " + long + ", " + other + " because x", trigger.ReasonMalformed, "element of its own"},
	{"interrupt " + strings.ToUpper(long) + " because x", trigger.ReasonMalformed, "lower case"},
	{"interrupt " + long[:18] + " because x", trigger.ReasonMalformed, "8 or 17"},
	{"interrupt `" + long + "` because x", trigger.ReasonMalformed, "not an instance id"},
	{"interrupt web-1 because x", trigger.ReasonMalformed, "not an instance id"},
	{"interrupt " + long + " and " + other + " because x", trigger.ReasonMalformed, "not an instance id"},
	{"interrupt dry-run " + long + " because x", trigger.ReasonMalformed, "dry-run"},
	{"interrupt " + long + " dry-run dry-run because x", trigger.ReasonMalformed, "dry-run"},
	{"interrupt " + long + " because x, but dry-run please", trigger.ReasonMalformed, "before because"},
	{"interrupt " + long + " because this is a Dry Run", trigger.ReasonMalformed, "before because"},
	{"interrupt " + long + " because x\ny", trigger.ReasonMalformed, "one line"},
	{"interrupt " + long + " because x\n\n", trigger.ReasonMalformed, "one line"},
	{"interrupt " + long + " because x\r", trigger.ReasonMalformed, "one line"},
	{"interrupt " + long + " because x\u2028y", trigger.ReasonMalformed, "one line"},
	{"interrupt " + long + " because \u202ex", trigger.ReasonMalformed, "one line"},
	{"interrupt " + long + " because " + strings.Repeat("é", 513), trigger.ReasonMalformed, "1024 at most"},
	{"interrupt " + strings.Repeat(long+" ", 450) + "because x", trigger.ReasonMalformed, "8192 at most"},
	{"interrupted " + long + " because x", trigger.ReasonNotTheGrammar, ""},
	{"please interrupt " + long + " because x", trigger.ReasonNotTheGrammar, ""},
	{"> interrupt " + long + " because x", trigger.ReasonNotTheGrammar, ""},
	{"/interrupt " + long + " because x", trigger.ReasonNotTheGrammar, ""},
	{"Hello!\ninterrupt " + long + " because x", trigger.ReasonNotTheGrammar, ""},
	{long, trigger.ReasonNotTheGrammar, ""},
	{"", trigger.ReasonNotTheGrammar, ""},
	{`"interrupt ` + long + ` because x"`, trigger.ReasonNotJSON, "a string"},
	{`["interrupt ` + long + ` because x"]`, trigger.ReasonNotJSON, "a list"},
	{`{"text":"interrupt ` + long + ` because x"}`, trigger.ReasonUnknownShape, ""},
	{"interrupt " + long + " force because x", trigger.ReasonForceOutsideDirect, "force"},
	{"interrupt " + long + " --force=cooldown because x", trigger.ReasonForceOutsideDirect, "force"},
	{"interrupt " + long + " because x; FORCE: unresponsive", trigger.ReasonForceOutsideDirect, "force"},
	{"force interrupt " + long + " because x", trigger.ReasonForceOutsideDirect, "force"},
	{"interrupt " + long + " forced because x", trigger.ReasonForceOutsideDirect, "force"},
}

// TestNearMissOfTheGrammarNeverTriggers holds for every envelope.
func TestNearMissOfTheGrammarNeverTriggers(t *testing.T) {
	for _, tt := range nearMisses {
		for _, payload := range []string{invoked(t, tt.line), queued(t, notification(t, tt.line)), rawly(t, tt.line)} {
			t.Run(tt.line[:min(len(tt.line), 60)], func(t *testing.T) {
				ignoredAs(t, one(t, payload), tt.want, tt.hint)
			})
		}
	}
}

func TestLineOutsideAnEnvelopeNeverTriggers(t *testing.T) {
	line := "interrupt " + long + " because it hangs"
	ignoredAs(t, one(t, line), trigger.ReasonNotJSON)
	ignoredAs(t, one(t, marshal(t, line)), trigger.ReasonNotJSON)
}

func TestLineNeverNamesMoreThanMaxTargets(t *testing.T) {
	line := func(n int) string {
		var ids strings.Builder
		for i := range n {
			fmt.Fprintf(&ids, " i-%08x i-%08x", i, i/2)
		}
		return invoked(t, "interrupt"+ids.String()+" because x")
	}
	if r := one(t, line(trigger.MaxTargets)); r.Trigger == nil || len(r.Trigger.Targets) != trigger.MaxTargets {
		t.Errorf("MaxTargets are not taken: %+v", r.Ignored)
	}
	ignoredAs(t, one(t, line(trigger.MaxTargets+1)), trigger.ReasonTooManyTargets)
}

func TestRawTextIsNeverDated(t *testing.T) {
	line := "interrupt " + long + " because it hangs"
	attributes := []string{"instance_id", "String", long, "status", "String", "firing"}
	for name, payload := range map[string]string{"text": rawly(t, line), "attribute": rawly(t, "x", attributes...)} {
		r := one(t, payload)
		if r.Trigger == nil || !r.Trigger.At.IsZero() || r.Trigger.SourceKey != "sqs/m-1" || r.Trigger.Source != "sqs/raw/"+name {
			t.Errorf("%s: got %+v", name, r)
			continue
		}
		if from := r.Trigger.Targets[0].From; !strings.Contains(from, "raw") || !strings.Contains(from, "without a time") {
			t.Errorf("%s: from %q does not say that it has no time", name, from)
		}
		if strings.Contains(marshal(t, r.Trigger), `"at"`) {
			t.Errorf("%s: a zero time is printed: %s", name, marshal(t, r.Trigger))
		}
	}
	published := time.Date(2026, time.March, 2, 8, 15, 31, 250e6, time.UTC)
	for _, payload := range []string{invoked(t, line), queued(t, notification(t, line)), invoked(t, "x", attributes...)} {
		r := one(t, payload)
		if r.Trigger == nil || !r.Trigger.At.Equal(published) || r.Trigger.SourceKey != "sns/b3c1" || strings.Contains(r.Trigger.Targets[0].From, "raw") {
			t.Errorf("got %+v", r)
		}
	}
}

// TestTextWithoutAStampNeverTriggers spoils the notification's own time and id.
func TestTextWithoutAStampNeverTriggers(t *testing.T) {
	good := notification(t, "interrupt "+long+" because it hangs")
	for _, tt := range [][2]string{
		{`"2026-03-02T08:15:31.250Z"`, `"yesterday"`},
		{`"2026-03-02T08:15:31.250Z"`, `1772439331`},
		{`"2026-03-02T08:15:31.250Z"`, `null`},
		{`"Timestamp"`, `"timestamp"`},
		{`"b3c1"`, `""`},
		{`"b3c1"`, `7`},
		{`"b3c1"`, `"alarm/x"`},
		{`"b3c1"`, `"a\nb"`},
		{`"b3c1"`, `"` + strings.Repeat("x", 129) + `"`},
		{`"MessageId"`, `"messageId"`},
	} {
		if !strings.Contains(good, tt[0]) {
			t.Fatalf("%s is not in %s", tt[0], good)
		}
		bad := strings.Replace(good, tt[0], tt[1], 1)
		ignoredAs(t, one(t, queued(t, bad)), trigger.ReasonMalformed)
	}
}
