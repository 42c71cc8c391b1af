package trigger_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/trigger"
)

// request is a direct request that is right but for edit.
func request(t *testing.T, edit func(map[string]any)) string {
	t.Helper()
	r := map[string]any{"instanceIds": []any{long}, "reason": "no answer"}
	edit(r)
	return marshal(t, r)
}

func TestBrokenRequestIsToldWhatToMend(t *testing.T) {
	for _, tt := range []struct {
		key   string
		value any
		hint  string
	}{
		{"instanceIds", []any{}, "name at least one"},
		{"instanceIds", nil, `a list such as ["i-..."]`},
		{"instanceIds", long, `a list such as ["i-..."]`},
		{"instanceIds", map[string]any{"0": long}, `a list such as ["i-..."]`},
		{"instanceIds", []any{12345678}, "as a string"},
		{"instanceIds", []any{[]any{long}}, "as a string"},
		{"instanceIds", []any{strings.ToUpper(long)}, "lower case"},
		{"instanceIds", []any{long + "\n"}, "white space"},
		{"instanceIds", []any{long + " " + other}, "element of its own"},
		{"instanceIds", []any{long, ""}, "instanceIds[1]"},
		{"instanceIds", []any{"i-0a1b2c3d4e5f6071"}, "8 or 17"},
		{"instanceIds", []any{"i-0a1b2c3g"}, "8 or 17"},
		{"reason", "", "reason is blank"},
		{"reason", "\u2028\x00 ", "reason is blank"},
		{"reason", nil, "reason is null"},
		{"reason", 7, "reason is a number"},
		{"reason", strings.Repeat("x", 1025), "1024 at most"},
		{"requestedBy", strings.Repeat("x", 257), "256 at most"},
		{"requestedBy", nil, "requestedBy is null"},
		{"requestId", "", "leave it out"},
		{"requestId", strings.Repeat("x", 129), "128 at most"},
		{"requestId", "a b", "letters, digits"},
		{"requestId", "ä", "letters, digits"},
		{"requestId", nil, "requestId is null"},
		{"dryRun", nil, "true or false"},
		{"dryRun", "true", "true or false"},
		{"dryRun", 1, "true or false"},
		{"force", "unresponsive", "not a list"},
		{"force", nil, "not a list"},
		{"force", []any{"unresponsive", "group"}, "force[1] cannot be forced"},
		{"force", []any{"Cooldown"}, "only unresponsive, cooldown and quiet can"},
		{"force", []any{"unresponsive"}, "at is missing: a request with force says when it was made"},
		{"force", []any{"lever"}, "at is missing: "},
		{"at", nil, "at is null"},
		{"at", 1772439360, "at is a number"},
		{"at", "", "at \"\" is not a time"},
		{"at", "now", "such as 2006-01-02T15:04:05Z"},
		{"at", "2026-03-02 08:16:00Z", "such as 2006-01-02T15:04:05Z"},
		{"at", "2026-03-02T08:16:00", "such as 2006-01-02T15:04:05Z"},
		{"at", "2026-03-02T08:16:00.000+0000", "such as 2006-01-02T15:04:05Z"},
		{"at", "0001-01-01T00:00:00Z", "the year 1"},
		{"force", []any{nil}, "cannot be forced"},
		{"force", []any{true}, "cannot be forced"},
		{"targets", []any{long}, `"targets"`},
	} {
		payload := request(t, func(r map[string]any) { r[tt.key] = tt.value })
		ignoredAs(t, one(t, payload), trigger.ReasonMalformed, tt.hint)
	}
	ignoredAs(t, one(t, request(t, func(r map[string]any) { delete(r, "reason") })), trigger.ReasonMalformed, "reason is missing")
}

func TestRequestThatIsNotJSONShapedExactlyIsRefused(t *testing.T) {
	for _, payload := range []string{
		`{"instanceIds":["` + long + `"],"reason":"x","dryRun":true,"dryRun":false}`,
		`{"instanceIds":["` + long + `"],"reason":"x","DryRun":true}`,
		`{"instanceIds":["` + long + `"],"Reason":"x"}`,
		`{"INSTANCEIDS":["` + long + `"],"reason":"x"}`,
		`{"instanceId":"` + long + `","reason":"x"}`,
	} {
		batch := trigger.Decode([]byte(payload), call)
		ignoredAs(t, batch.Records[0], trigger.ReasonMalformed)
		if batch.Envelope != trigger.EnvelopeDirect {
			t.Errorf("%s: envelope %s, so nobody gets an answer", payload, batch.Envelope)
		}
	}
	ignoredAs(t, one(t, `{"instanceIds":["`+long+`"],"reason":"x"} {}`), trigger.ReasonNotJSON)
}

func TestRequestAtItsLimitsIsTaken(t *testing.T) {
	r := one(t, request(t, func(r map[string]any) {
		r["reason"] = strings.Repeat("é", 512)
		r["requestedBy"] = strings.Repeat("x", 256)
		r["requestId"] = strings.Repeat("azAZ09._:/+=@-AB", 8)
		r["force"] = []any{}
	}))
	if r.Trigger == nil {
		t.Fatalf("ignored: %+v", r.Ignored)
	}
	if got := r.Trigger; len(got.Reason) != 1024 || got.Force != nil || got.SourceKey != "request/"+strings.Repeat("azAZ09._:/+=@-AB", 8) {
		t.Errorf("got %+v", got)
	}
}

// Lambda keeps an asynchronous invoke for up to six hours ("Asynchronous invocation", AWS
// Lambda Developer Guide), and says nothing of its age when it comes.
func TestRequestThatWaitedIsNeverTakenForANewOne(t *testing.T) {
	made := call.At.Add(-5 * time.Hour)
	for name, at := range map[string]string{
		"in UTC": made.Format(time.RFC3339), "elsewhere": made.In(time.FixedZone("", -7*3600)).Format(time.RFC3339),
	} {
		for _, force := range [][]any{nil, {"unresponsive"}, {"quiet"}} {
			r := one(t, request(t, func(r map[string]any) {
				r["at"] = at
				if force != nil {
					r["force"] = force
				}
			}))
			if r.Trigger == nil || !r.Trigger.At.Equal(made) || r.Trigger.At.Location() != time.UTC {
				t.Errorf("%s, force %v: got %+v, want the time %s", name, force, r, made)
			}
		}
	}
	precise := one(t, request(t, func(r map[string]any) { r["at"] = "2026-03-02T08:15:59.999999999Z" }))
	if want := call.At.Add(-1); precise.Trigger == nil || !precise.Trigger.At.Equal(want) {
		t.Errorf("got %+v, want the time %s", precise, want)
	}
	// Who does not force need not say it, and an empty list forces nothing.
	for _, force := range []any{nil, []any{}} {
		r := one(t, request(t, func(r map[string]any) {
			if force != nil {
				r["force"] = force
			}
		}))
		if r.Trigger == nil || !r.Trigger.At.Equal(call.At) {
			t.Errorf("force %v: got %+v, want the time of the invocation", force, r)
		}
	}
}

func TestForceableCannotBeChangedFromOutside(t *testing.T) {
	trigger.Forceable()[0] = "lever"
	if slices.Contains(trigger.Forceable(), "lever") {
		t.Error("the list of rules that can be forced was written to")
	}
}
