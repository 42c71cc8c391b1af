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

	"crashcart/lambda/domain/trigger"
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

func TestEveryFixtureDecodesToItsGoldenFile(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(fixtures)+len(shapes) {
		t.Errorf("testdata has %d fixtures, the tables say %d", len(files), len(fixtures)+len(shapes))
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			batch := trigger.Decode(read(t, file), call)
			var got []string
			for _, r := range batch.Records {
				got = append(got, summary(r))
			}
			if want := slices.Concat(fixtures[name], shapes[name]); !slices.Equal(got, want) {
				t.Errorf("decoded to %q, must be %q", got, want)
			}
			checkGolden(t, strings.TrimSuffix(file, ".json")+".golden", batch)
		})
	}
}

// summary is the targets of a record's trigger, or the reason it is ignored.
func summary(r trigger.Record) string {
	if r.Trigger == nil {
		return string(r.Ignored.Reason)
	}
	var ids []string
	for _, ref := range r.Trigger.Targets {
		switch {
		case ref.Instance != "":
			ids = append(ids, ref.Instance)
		case ref.AutoScalingGroup != "":
			ids = append(ids, "group:"+ref.AutoScalingGroup)
		case ref.TargetGroup != "":
			ids = append(ids, "tg:"+ref.TargetGroup)
		default:
			ids = append(ids, "alarm:"+ref.Alarm)
		}
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
