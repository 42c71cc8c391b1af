package trigger_test

import (
	"encoding/json"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/trigger"
)

func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		f.Fatal("no fixtures to start from: ", err)
	}
	for _, file := range files {
		payload := read(f, file)
		f.Add(payload)
		f.Add([]byte(queued(f, string(payload))))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
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
	})
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
	if len(got.Targets) == 0 || len(got.Targets) > trigger.MaxTargets || got.SourceKey == "" || got.At.IsZero() {
		t.Fatalf("trigger %+v", got)
	}
	if (got.Kind == trigger.KindDirect) != (envelope == trigger.EnvelopeDirect) || got.Kind != trigger.KindDirect && got.Force != nil {
		t.Fatalf("kind %s with force %v in envelope %s", got.Kind, got.Force, envelope)
	}
	if got.Kind == trigger.KindDirect || got.Hop == trigger.MaxHops {
		return
	}
	for _, ref := range got.Targets {
		next := trigger.Later(got, ref)
		if out := throughQueue(t, next); out.Trigger == nil || !reflect.DeepEqual(*out.Trigger, next) {
			t.Fatalf("put back %+v\ncame back as %+v", next, out)
		}
	}
}

// checkNamed fails if a target's id is nowhere in the payload under a key that
// names an instance. It reads the payload in its own, plainer way.
func checkNamed(t *testing.T, payload []byte, batch trigger.Batch) {
	t.Helper()
	named := map[string]bool{}
	var v any
	if json.Unmarshal(payload, &v) == nil {
		collect(v, named)
	}
	for _, r := range batch.Records {
		if r.Trigger == nil {
			continue
		}
		for _, ref := range r.Trigger.Targets {
			if !named[ref.Instance] {
				t.Fatalf("%q is a target, and no field names it", ref.Instance)
			}
		}
	}
}

// collect gathers the strings under the keys that name instances, also in
// bodies, which are JSON inside a string.
func collect(v any, named map[string]bool) {
	switch v := v.(type) {
	case []any:
		for _, element := range v {
			collect(element, named)
		}
	case map[string]any:
		for key, value := range v {
			switch key {
			case "InstanceId", "instance":
				if s, ok := value.(string); ok {
					named[s] = true
				}
			case "instanceIds":
				list, _ := value.([]any)
				for _, element := range list {
					if s, ok := element.(string); ok {
						named[s] = true
					}
				}
			case "body":
				var inner any
				if s, ok := value.(string); ok && json.Unmarshal([]byte(s), &inner) == nil {
					collect(inner, named)
				}
			}
			collect(value, named)
		}
	}
}

func FuzzLater(f *testing.F) {
	f.Add("web: hang", "frozen", "metric m1 (AWS/EC2 CPUUtilization)", "", "", int64(1772439330), int64(125000000), uint64(1), 1, true, false)
	f.Add("ä/\u00a0//", "<&>\u2028", "", "oncall", "sns/1", int64(0), int64(1), uint64(1)<<63, 12, false, true)
	f.Fuzz(func(t *testing.T, name, reason, from, by, key string, sec, nsec int64, id uint64, hop int, failed, dryRun bool) {
		at := time.Unix(sec, nsec).UTC()
		in := trigger.Trigger{
			Kind: trigger.KindText, Source: "sqs/sns", Reason: reason, RequestedBy: by, At: at, SourceKey: key, DryRun: dryRun, Hop: hop,
			Targets: []trigger.Ref{{Instance: "i-0" + hex16(id), From: from, CheckFailed: failed}},
		}
		if key == "" {
			arn := "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:" + name
			in.Kind, in.RequestedBy = trigger.KindAlarm, ""
			in.Alarm = &trigger.Alarm{Name: name, ARN: arn, Region: "eu-central-1", State: "ALARM", ChangedAt: at}
			in.SourceKey = "alarm/" + arn + "/" + by + "/" + at.Format(time.RFC3339Nano)
		}
		body, err := trigger.EncodeLater(in)
		if err != nil {
			return
		}
		if strings.Contains(string(body), `"force"`) && !strings.Contains(name+reason+from+by+key, "force") {
			t.Fatalf("force in %s", body)
		}
		if out := throughQueue(t, in); out.Trigger == nil || !reflect.DeepEqual(*out.Trigger, in) {
			t.Fatalf("sent %+v\ngot  %+v", in, out)
		}
	})
}

// hex16 writes v in 16 lower-case hex digits.
func hex16(v uint64) string {
	const digits = "0123456789abcdef"
	var b [16]byte
	for i := range b {
		b[15-i] = digits[v>>(4*i)&15]
	}
	return string(b[:])
}
