package count_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/aws/casebook"
	"crashcart/lambda/aws/emf/emftest"
	"crashcart/lambda/count"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
)

// wantCount compares what is answered and what is published, which must be the same.
func (w *world) wantCount(want count.Report) {
	w.t.Helper()
	if got := w.count(); !reflect.DeepEqual(got, want) {
		w.t.Errorf("the count found\n%+v, want\n%+v", got, want)
	}
	metrics := []emftest.Metric{metric(config.MetricOpenCases, want.Open), metric(config.MetricOverdueCases, want.Overdue)}
	level := "INFO"
	if want.Open+want.Overdue > 0 {
		metrics = append(metrics, emftest.Metric{Namespace: config.MetricNamespace, Name: config.MetricOldestCase, Value: want.OldestSeconds, Unit: "Seconds"})
	}
	if want.Stuck > 0 {
		metrics = append(metrics, metric(config.MetricStuckCases, want.Stuck))
	}
	if want.Overdue+want.Stuck > 0 {
		level = "WARN"
	}
	if got := w.published(); !slices.Equal(got, metrics) {
		w.t.Errorf("published %v, want %v", got, metrics)
	}
	line := w.line()
	for key, ids := range map[string][]string{"overdue": want.OverdueCases, "stuck": want.StuckCases} {
		var got []string
		for _, id := range list(line[key]) {
			got = append(got, id.(string))
		}
		if !slices.Equal(got, ids) {
			w.t.Errorf("the line names %q as %s, want %q", got, key, ids)
		}
	}
	if line["level"] != level || line["msg"] != "count" {
		w.t.Errorf("the line is %v: %v", line["level"], line["msg"])
	}
}

func metric(name string, n int) emftest.Metric {
	return emftest.Metric{Namespace: config.MetricNamespace, Name: name, Value: float64(n), Unit: "Count"}
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

func TestNoOpenCaseIsCountedAsNoneAndNotLeftAway(t *testing.T) {
	newWorld(t).wantCount(count.Report{})
}

// The life of a case that nobody closes, seen by the counts.
func TestNoCaseThatIsLeftOpenGoesUnnoticed(t *testing.T) {
	w := newWorld(t)
	first := w.claim(1, false, cases.StateInterrupted)
	w.wantCount(count.Report{Open: 1})
	w.at(20 * time.Hour)
	w.claim(2, false, cases.StateUnknown)
	w.wantCount(count.Report{Open: 2, OldestSeconds: 20 * 3600})
	w.at(48 * time.Hour)
	w.wantCount(count.Report{Open: 2, OldestSeconds: 48 * 3600})
	w.at(48*time.Hour + time.Second)
	w.wantCount(count.Report{Open: 1, Overdue: 1, OldestSeconds: 48*3600 + 1, OverdueCases: []string{first}})

	// Its instance hangs again, which is another case, and the first is still nobody's.
	w.at(60 * time.Hour)
	w.claim(1, false, cases.StateInterrupted)
	w.wantCount(count.Report{Open: 2, Overdue: 1, OldestSeconds: 60 * 3600, OverdueCases: []string{first}})

	if _, err := w.book.CloseCase(t.Context(), casebook.Closing{CaseID: first, Reason: "seen to", By: "ops"}); err != nil {
		t.Fatal(err)
	}
	w.wantCount(count.Report{Open: 2, OldestSeconds: 40 * 3600})
}

func TestWhatIsNoOpenCaseIsNeverCounted(t *testing.T) {
	w := newWorld(t)
	w.claim(1, false, cases.StateRejected)
	w.claim(2, true, cases.StateDryRun)
	w.claim(3, true, "") // a dry run that was killed: its item stays in the index
	w.at(72 * time.Hour)
	w.wantCount(count.Report{})
}

func TestAnInterruptWithoutAResultIsStuckWhenTheFunctionCannotRunAnyMore(t *testing.T) {
	w := newWorld(t)
	id := w.claim(1, false, "")
	w.at(config.FunctionTimeout)
	w.wantCount(count.Report{Open: 1, OldestSeconds: config.FunctionTimeout.Seconds()})
	w.at(config.FunctionTimeout + time.Second)
	w.wantCount(count.Report{Open: 1, Stuck: 1, OldestSeconds: 61, StuckCases: []string{id}})
	w.at(49 * time.Hour)
	w.wantCount(count.Report{Overdue: 1, Stuck: 1, OldestSeconds: 49 * 3600, OverdueCases: []string{id}, StuckCases: []string{id}})
}

func TestAStormIsCountedWholeAndNamedInPart(t *testing.T) {
	w := newWorld(t)
	var ids []string
	for i := range 12 {
		w.at(time.Duration(i) * time.Minute)
		ids = append(ids, w.claim(i, false, ""))
	}
	w.at(50 * time.Hour)
	w.wantCount(count.Report{Overdue: 12, Stuck: 12, OldestSeconds: 50 * 3600, OverdueCases: ids[:10], StuckCases: ids[:10]})
}

// The clock of whoever claimed may be ahead of this one's.
func TestACaseIsNeverYoungerThanNothing(t *testing.T) {
	w := newWorld(t)
	w.at(time.Minute)
	w.claim(1, false, cases.StateInterrupted)
	w.at(0)
	w.wantCount(count.Report{Open: 1})
}

// unreadable is a casebook during an outage.
type unreadable struct{ err error }

func (u unreadable) Unclosed(context.Context) ([]cases.Record, error) { return nil, u.err }

func TestWhatCouldNotBeReadIsNeverPublishedAsNone(t *testing.T) {
	w := newWorld(t)
	outage := errors.New("InternalServerError: the table is not there")
	w.handler.Book = unreadable{outage}
	r, err := w.handler.Handle(t.Context(), json.RawMessage(config.CountEvent))
	if !errors.Is(err, outage) || !strings.HasPrefix(err.Error(), "counting the cases: ") {
		t.Errorf("%+v, %v, want the outage", r, err)
	}
	if w.log.Len() > 0 {
		t.Errorf("published %s", w.log.Bytes())
	}
}
