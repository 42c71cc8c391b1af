package trigger_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"crashcart/lambda/domain/trigger"
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
	f.Fuzz(func(t *testing.T, payload []byte) { checkBatch(t, payload) })
}

// FuzzNotification is about a message that was published: what it asks for may
// not depend on the envelope, but for the time.
func FuzzNotification(f *testing.F) {
	for _, file := range []string{
		"alarm-message-bare", "sns-metrics", "sns-composite", "sns-contributor", "sns-target-group", "metric",
		"composite-two-children", "text", "attribute-alertmanager", "attribute-on-alarm", "autoscaling-notification", "direct",
	} {
		var payload struct {
			Records []struct{ Sns struct{ Message string } }
		}
		whole := read(f, "testdata/"+file+".json")
		if err := json.Unmarshal(whole, &payload); err != nil {
			f.Fatal(err)
		}
		message := string(whole)
		if len(payload.Records) > 0 {
			message = payload.Records[0].Sns.Message
		}
		f.Add(message, "", "")
		f.Add(message, long, "firing")
	}
	f.Fuzz(func(t *testing.T, message, id, status string) {
		var attributes []string
		if id != "" {
			attributes = append(attributes, "instance_id", "String", id)
		}
		if status != "" {
			attributes = append(attributes, "status", "String", status)
		}
		topic := checkBatch(t, []byte(invoked(t, message, attributes...)))
		both := checkBatch(t, []byte(queued(t, notification(t, message, attributes...))))
		if a, b := summary(topic), summary(both); a != b {
			t.Fatalf("by SNS %s, by SNS and SQS %s", a, b)
		}
		checkBatch(t, []byte(rawly(t, message, attributes...)))
		checkBatch(t, []byte(message))
	})
}

// grammar is the line's, written another way.
var grammar = regexp.MustCompile(`^interrupt( +i-([0-9a-f]{8}|[0-9a-f]{17}))+( +dry-run)? +because +[^ ].*\r?\n?$`)

func FuzzLine(f *testing.F) {
	for _, line := range []string{
		"interrupt " + long + " because it hangs", "interrupt " + short + " " + long + " dry-run because x\r\n",
		"Interrupt " + long + " because x", "interrupt " + long + " force because x", "interrupt " + long + " because x\n\n",
		"interrupt " + long + " because dry-run", "interrupt  " + long + "  because \u00a0", "Hello!", "interrupt", "{", `["x"]`,
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ToValidUTF8(text, "?") // as SNS does
		r := checkBatch(t, []byte(invoked(t, text)))
		meant := r.Trigger != nil && r.Trigger.Kind == trigger.KindText
		if meant && !grammar.MatchString(text) {
			t.Fatalf("%q is not of the grammar, but %+v", text, r.Trigger)
		}
		if meant && (strings.Contains(strings.ToLower(text), " force") || strings.Count(strings.TrimRight(text, "\n"), "\n") > 0) {
			t.Fatalf("%q triggers %+v", text, r.Trigger)
		}
		plain := len(text) < 1000 && !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) &&
			!strings.Contains(strings.ToLower(text), "force") && !strings.Contains(strings.ToLower(text), "dry")
		if plain && grammar.MatchString(text) && !meant {
			t.Fatalf("%q is of the grammar, but ignored: %+v", text, r.Ignored)
		}
	})
}

func FuzzAttribute(f *testing.F) {
	f.Add("String", long, "String", "firing", "instance_id", "x")
	f.Add("String.Array", `["`+long+`","`+short+`"]`, "String", "firing", "instance_id", "interrupt "+other+" because x")
	f.Add("String.Array", `["`+long+`",7]`, "String", "resolved", "instance_id", "{}")
	f.Add("Binary", "aS0w", "String", "firing", "Force", `{"instanceIds":["`+other+`"]}`)
	f.Fuzz(func(t *testing.T, kind, value, statusKind, status, name, message string) {
		attributes := []string{name, kind, value, "status", statusKind, status}
		published := checkBatch(t, []byte(invoked(t, message, attributes...)))
		raw := checkBatch(t, []byte(rawly(t, message, attributes...)))
		for _, r := range []trigger.Record{published, raw} {
			if r.Trigger == nil || r.Trigger.Kind != trigger.KindAttribute {
				continue
			}
			if status != "firing" || name != "instance_id" || strings.EqualFold(name, "force") {
				t.Fatalf("%q %q %q triggers %+v", name, value, status, r.Trigger)
			}
			for _, ref := range r.Trigger.Targets {
				if !strings.Contains(value, ref.Instance) {
					t.Fatalf("%s is not from the attribute %q", ref.Instance, value)
				}
			}
		}
	})
}

func FuzzAlarmAction(f *testing.F) {
	for _, file := range []string{"alarm-action", "alarm-action-math", "alarm-action-composite", "alarm-action-contributor", "alarm-action-group-by", "alarm-action-ok"} {
		var payload struct {
			AlarmARN  string          `json:"alarmArn"`
			AlarmData json.RawMessage `json:"alarmData"`
		}
		if err := json.Unmarshal(read(f, "testdata/"+file+".json"), &payload); err != nil {
			f.Fatal(err)
		}
		f.Add(payload.AlarmARN, []byte(payload.AlarmData))
	}
	f.Fuzz(func(t *testing.T, arn string, data []byte) {
		if !json.Valid(data) || !utf8.ValidString(arn) {
			return
		}
		payload := fmt.Sprintf(`{"source":"aws.cloudwatch","alarmArn":%s,"alarmData":%s}`, marshal(t, arn), data)
		r := checkBatch(t, []byte(payload))
		if r.Trigger != nil && (r.Trigger.Kind != trigger.KindAlarm || r.Trigger.Alarm.ARN != arn) {
			t.Fatalf("%s makes %+v", payload, r.Trigger)
		}
		if r := checkBatch(t, []byte(queued(t, payload))); r.Trigger != nil {
			t.Fatalf("in a queue %s makes %+v", payload, r.Trigger)
		}
	})
}

func FuzzLater(f *testing.F) {
	f.Add("web: hang", "frozen", "metric m1 (AWS/EC2 CPUUtilization)", "", "", int64(1772439330), int64(125000000), uint64(1), 1, true, false)
	f.Add("ä/\u00a0//", "<&>\u2028", "", "oncall", "sns/1", int64(0), int64(1), uint64(1)<<63, 12, false, true)
	f.Fuzz(func(t *testing.T, name, reason, from, by, key string, sec, nsec int64, id uint64, pass int, seen, dryRun bool) {
		at := time.Unix(sec, nsec).UTC()
		in := trigger.Trigger{
			Kind: trigger.KindText, Source: "sqs/sns", Reason: reason, RequestedBy: by, At: at, SourceKey: key, DryRun: dryRun, Pass: pass,
			Targets: []trigger.Ref{{Instance: "i-0" + hex16(id), From: from}},
		}
		if seen {
			in.Targets[0].Seen = &trigger.Seen{At: at, Kernel: float64(id % 1000), Lines: int(id % 100)}
		}
		if key == "" {
			arn := "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:" + name
			in.Kind, in.RequestedBy = trigger.KindAlarm, ""
			in.Alarm = &trigger.Alarm{Name: name, ARN: arn, Region: "eu-central-1", State: "ALARM", ChangedAt: at}
			in.SourceKey = "alarm/" + arn + "/" + by + "/" + at.Truncate(time.Millisecond).Format(time.RFC3339Nano)
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

// FuzzSeen is about what one pass leaves for the next.
func FuzzSeen(f *testing.F) {
	f.Add(int64(300), int64(1), 86400.5, 12, int64(240), true)
	f.Add(int64(-60), int64(0), 0.0, 0, int64(0), false)
	f.Add(int64(7200), int64(0), 1e308, 100_000, int64(7200), true)
	f.Fuzz(func(t *testing.T, sec, nsec int64, kernel float64, lines int, ebs int64, impaired bool) {
		in := text()
		seen := trigger.Seen{At: in.At.Add(time.Duration(sec%1e6)*time.Second + time.Duration(nsec%1e9)), Kernel: kernel, Lines: lines}
		if impaired {
			seen.EBS = in.At.Add(time.Duration(ebs%1e6) * time.Second)
		}
		in.Targets[0].Seen = &seen
		if _, err := trigger.EncodeLater(in); err != nil {
			return
		}
		if kernel < 0 || lines < 0 || seen.At.Sub(in.At).Abs() > 2*time.Hour || seen.EBS.After(seen.At) {
			t.Fatalf("taken for a pass: %+v", seen)
		}
		if out := throughQueue(t, in); out.Trigger == nil || !reflect.DeepEqual(*out.Trigger, in) {
			t.Fatalf("sent %+v\ngot  %+v", seen, out)
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
