package trigger_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/trigger"
)

var update = flag.Bool("update", false, "rewrite testdata/*.golden")

// call is the invocation that all fixtures come by.
var call = trigger.Invocation{
	RequestID: "8f14e45f-ceea-467f-a4b7-000000000001",
	At:        time.Date(2026, time.March, 2, 8, 16, 0, 0, time.UTC),
}

const (
	long  = "i-0a1b2c3d4e5f60718"
	other = "i-0fedcba9876543210"
	short = "i-1a2b3c4d"
)

// fixtures says of every file in testdata what it must decode to: the ids of a
// trigger, or the reason it is ignored. The golden files hold the rest, but
// -update cannot change this.
var fixtures = map[string][]string{
	"metric":                       {long},
	"metric-short-id":              {short},
	"metric-time-rfc3339":          {long},
	"metric-unknown-fields":        {long},
	"metric-name-with-colons":      {long},
	"status-check":                 {long},
	"status-check-both":            {long},
	"status-check-system":          {long},
	"status-check-ebs":             {long},
	"status-check-other-namespace": {long},
	"status-check-in-expression":   {long},
	"math-one-instance":            {long},
	"math-several-instances":       {other + " " + long},
	"math-mixed-dimensions":        {long},
	"anomaly":                      {long},
	"mute-null":                    {long},
	"suppressed-blank":             {long},
	"id-twice":                     {long},
	"id-one-good-one-bad":          {long},

	"muted":                    {"muted"},
	"muted-odd-type":           {"muted"},
	"composite-suppressed":     {"suppressed"},
	"suppressed-with-instance": {"suppressed"},
	"ok":                       {"not-in-alarm"},
	"ok-and-muted":             {"not-in-alarm"},
	"insufficient-data":        {"not-in-alarm"},
	"state-lower-case":         {"not-in-alarm"},
	"configuration-change":     {"not-a-state-change"},
	"composite":                {"no-instance"},
	"metrics-insights":         {"no-instance"},
	"log-alarm":                {"no-instance"},
	"id-in-text-only":          {"no-instance"},
	"id-with-newline":          {"no-instance"},
	"id-upper-case":            {"no-instance"},
	"id-too-short":             {"no-instance"},
	"id-is-an-arn":             {"no-instance"},
	"id-is-a-list":             {"no-instance"},
	"dimension-wrong-case":     {"no-instance"},
	"dimension-group":          {"no-instance"},
	"no-dimensions":            {"no-instance"},

	"dimensions-as-list":   {"malformed"},
	"arn-of-a-mute-rule":   {"malformed"},
	"arn-without-region":   {"malformed"},
	"arn-missing":          {"malformed"},
	"time-unreadable":      {"malformed"},
	"time-missing":         {"malformed"},
	"time-out-of-range":    {"malformed"},
	"state-missing":        {"malformed"},
	"duplicate-dimension":  {"malformed"},
	"duplicate-mute":       {"malformed"},
	"direct-duplicate-key": {"malformed"},

	"contributor":           {"unknown-shape"},
	"other-source":          {"unknown-shape"},
	"autoscaling-lifecycle": {"unknown-shape"},
	"scheduled":             {"unknown-shape"},
	"alarm-action":          {"unknown-shape"},
	"sns-records":           {"unknown-shape"},
	"records-empty":         {"unknown-shape"},
	"empty-object":          {"unknown-shape"},
	"list":                  {"not-json"},

	"direct":                  {long},
	"direct-full":             {long + " " + short},
	"direct-empty-list":       {"malformed"},
	"direct-null-list":        {"malformed"},
	"direct-string":           {"malformed"},
	"direct-numbers":          {"malformed"},
	"direct-upper-case":       {"malformed"},
	"direct-white-space":      {"malformed"},
	"direct-joined":           {"malformed"},
	"direct-key-misspelt":     {"malformed"},
	"direct-everything-wrong": {"malformed"},
	"direct-unknown-field":    {"malformed"},
	"direct-dry-run-null":     {"malformed"},
	"direct-in-an-event":      {"malformed"},

	"later-bare":           {"malformed"},
	"sqs-event":            {long},
	"sqs-later":            {long},
	"sqs-later-with-force": {"malformed"},
	"sqs-mixed": {
		"not-json", long, "not-a-direct-invoke", long, "malformed", "malformed", "malformed",
		"unknown-shape", "unknown-shape", "unknown-shape", "unknown-shape", "not-json", short,
	},
}

func TestEveryFixtureDecodesToItsGoldenFile(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(fixtures) {
		t.Errorf("testdata has %d fixtures, the table says %d", len(files), len(fixtures))
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			batch := trigger.Decode(read(t, file), call)
			var got []string
			for _, r := range batch.Records {
				got = append(got, summary(r))
			}
			if !slices.Equal(got, fixtures[name]) {
				t.Errorf("decoded to %q, must be %q", got, fixtures[name])
			}
			checkGolden(t, strings.TrimSuffix(file, ".json")+".golden", batch)
		})
	}
}

// summary is the ids of a record's trigger, or the reason it is ignored.
func summary(r trigger.Record) string {
	if r.Trigger == nil {
		return string(r.Ignored.Reason)
	}
	var ids []string
	for _, ref := range r.Trigger.Targets {
		ids = append(ids, ref.Instance)
	}
	return strings.Join(ids, " ")
}

// checkGolden compares a batch, with the fields that its own JSON leaves out.
func checkGolden(t *testing.T, file string, batch trigger.Batch) {
	t.Helper()
	var ids []string
	for _, r := range batch.Records {
		ids = append(ids, r.MessageID)
	}
	var got bytes.Buffer
	enc := json.NewEncoder(&got)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(struct {
		Envelope   trigger.Envelope `json:"envelope"`
		MessageIDs []string         `json:"messageIds"`
		trigger.Batch
	}{batch.Envelope, ids, batch}); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, got.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want := read(t, file); !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%s is\n%s\nbut the batch is\n%s", file, want, got.Bytes())
	}
}

func read(t testing.TB, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
