package emf_test

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/aws/emf"
	"crashcart/lambda/aws/emf/emftest"
)

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 345_678_901, time.UTC)

// write logs the attributes as the functions do, and gives the line.
func write(t *testing.T, attrs ...slog.Attr) []byte {
	t.Helper()
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).LogAttrs(t.Context(), slog.LevelInfo, "decision", attrs...)
	return log.Bytes()
}

func TestNoMetricOfALineIsEverLost(t *testing.T) {
	line := write(t, slog.Int("Decisions", 1), slog.Float64("TimeToInterrupt", 2.5), slog.Int("Unanswered", 0),
		slog.String("Outcome", "later"), slog.String("Rule", "survives"),
		emf.Attr("Crashcart", noon,
			emf.Set{
				Dimensions: [][]string{{"Outcome"}, {"Outcome", "Rule"}},
				Metrics:    []emf.Metric{{Name: "Decisions", Unit: emf.Count}, {Name: "TimeToInterrupt", Unit: emf.Seconds}},
			},
			emf.Set{Metrics: []emf.Metric{{Name: "Unanswered", Unit: emf.Count}}},
		))
	got, at, err := emftest.Read(line)
	want := []emftest.Metric{
		of("Decisions", "Outcome=later", 1, "Count"),
		of("Decisions", "Outcome=later,Rule=survives", 1, "Count"),
		of("TimeToInterrupt", "Outcome=later", 2.5, "Seconds"),
		of("TimeToInterrupt", "Outcome=later,Rule=survives", 2.5, "Seconds"),
		of("Unanswered", "", 0, "Count"),
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v\n%s", got, err, line)
	}
	if !at.Equal(noon.Truncate(time.Millisecond)) {
		t.Errorf("they are of %s", at)
	}
}

func of(name, dimensions string, value float64, unit string) emftest.Metric {
	return emftest.Metric{Namespace: "Crashcart", Name: name, Dimensions: dimensions, Value: value, Unit: unit}
}

// CloudWatch reads the specification's names, whatever this package calls them, and
// ignores a line that has others.
func TestTheWordsAreTheSpecifications(t *testing.T) {
	line := write(t, slog.Int("Open", 3), emf.Attr("Crashcart", time.UnixMilli(1_772_452_800_345), emf.Set{Metrics: []emf.Metric{{Name: "Open", Unit: emf.Count}}}))
	const want = `"Open":3,"_aws":{"Timestamp":1772452800345,"CloudWatchMetrics":[` +
		`{"Namespace":"Crashcart","Dimensions":[[]],"Metrics":[{"Name":"Open","Unit":"Count"}]}]}}`
	if !strings.HasSuffix(strings.TrimSpace(string(line)), want) {
		t.Errorf("%s, want it to end in\n%s", line, want)
	}
}

// What the tests of others rely on: a line that publishes nothing is never read as one
// that does.
func TestALineThatCloudWatchIgnoresIsNeverRead(t *testing.T) {
	for _, line := range []string{
		``, `null`, `[]`, `{}`, `{"Open":3}`, `{"Open":3,"_aws":null}`, `{"Open":3,"_aws":{"Timestamp":1772452800345,"CloudWatchMetrics":[]}}`,
		`{"Open":3,"_aws":{"CloudWatchMetrics":[{"Namespace":"Crashcart","Dimensions":[[]],"Metrics":[{"Name":"Open","Unit":"Count"}]}]}}`,
		directive(`"Open":3`, `"Dimensions":[[]],"Metrics":[{"Name":"Open","Unit":"Count"}]`),
		directive(`"Open":3`, `"Namespace":"Crashcart","Dimensions":null,"Metrics":[{"Name":"Open","Unit":"Count"}]`),
		directive(`"Open":3`, `"Namespace":"Crashcart","Dimensions":[null],"Metrics":[{"Name":"Open","Unit":"Count"}]`),
		directive(`"Open":3`, `"Namespace":"Crashcart","Dimensions":[],"Metrics":[{"Name":"Open","Unit":"Count"}]`),
		directive(`"Open":3`, `"Namespace":"Crashcart","Dimensions":[[]],"Metrics":[]`),
		directive(`"Open":3`, `"Namespace":"Crashcart","Dimensions":[[]],"Metrics":[{"Name":"Open"}]`),
		directive(`"Open":3`, `"Namespace":"Crashcart","Dimensions":[[]],"Metrics":[`+strings.Repeat(`{"Name":"Open","Unit":"Count"},`, 100)+`{"Name":"Open","Unit":"Count"}]`),
		directive(`"open":3`, `"Namespace":"Crashcart","Dimensions":[[]],"Metrics":[{"Name":"Open","Unit":"Count"}]`),
		directive(`"Open":"3"`, `"Namespace":"Crashcart","Dimensions":[[]],"Metrics":[{"Name":"Open","Unit":"Count"}]`),
		directive(`"Open":3`, `"Namespace":"Crashcart","Dimensions":[["Rule"]],"Metrics":[{"Name":"Open","Unit":"Count"}]`),
		directive(`"Open":3,"Rule":7`, `"Namespace":"Crashcart","Dimensions":[["Rule"]],"Metrics":[{"Name":"Open","Unit":"Count"}]`),
		directive(`"Open":3,"Rule":""`, `"Namespace":"Crashcart","Dimensions":[["Rule"]],"Metrics":[{"Name":"Open","Unit":"Count"}]`),
		directive(`"Open":3,"Rule":"fresh"`, `"Namespace":"Crashcart","Dimensions":[["Rule"`+strings.Repeat(`,"Rule"`, 30)+`]],"Metrics":[{"Name":"Open","Unit":"Count"}]`),
	} {
		if metrics, at, err := emftest.Read([]byte(line)); err == nil || len(metrics) > 0 || !at.IsZero() {
			t.Errorf("%v of %s in %.300s", metrics, at, line)
		}
	}
	line := directive(`"Open":3,"Rule":"fresh"`, `"Namespace":"Crashcart","Dimensions":[["Rule"]],"Metrics":[{"Name":"Open","Unit":"Count"}]`)
	if metrics, _, err := emftest.Read([]byte(line)); err != nil || len(metrics) != 1 {
		t.Errorf("%v, %v in %s", metrics, err, line)
	}
}

// directive is a line of the members, with one directive.
func directive(members, d string) string {
	return `{` + members + `,"_aws":{"Timestamp":1772452800345,"CloudWatchMetrics":[{` + d + `}]}}`
}
