package intake_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/trigger"
	"crashcart/lambda/intake"
)

// The same scenes, explained beforehand: nothing changes, and what is explained is done.
func TestExplainChangesNothingAndIsRight(t *testing.T) {
	for name, s := range scenes() {
		for _, mode := range []config.Mode{config.ModeAuto, config.ModeManual, config.ModeDryRun} {
			t.Run(fmt.Sprintf("%s, stack %s", name, mode), func(t *testing.T) {
				w := newWorld(t, mode)
				s.prepare(w)
				for range 2 {
					before := w.handler.Explain(t.Context(), trigger.Decode([]byte(s.event), trigger.Invocation{At: w.now}))
					w.changedNothing()
					if got := outcomes(before); mode == config.ModeAuto && !slices.Equal(got, slices.Sorted(slices.Values(s.want))) {
						t.Errorf("it says %q, want %q", got, s.want)
					}
				}
				before := outcomes(w.handler.Explain(t.Context(), trigger.Decode([]byte(s.event), trigger.Invocation{At: w.now})))
				answer, err := w.invoke(s.event)
				if err != nil {
					t.Fatal(err)
				}
				if after := outcomes(answer.(intake.Answer).Outcomes); !slices.Equal(before, after) {
					t.Errorf("explained %q, done %q", before, after)
				}
			})
		}
	}
}

func outcomes(all []intake.Outcome) (lines []string) {
	for _, o := range all {
		lines = append(lines, o.InstanceID+o.Target+" "+string(o.Outcome)+" by "+o.Rule)
	}
	slices.Sort(lines)
	return lines
}

// changedNothing checks that all calls so far were questions.
func (w *world) changedNothing() {
	w.t.Helper()
	for _, call := range w.calls {
		op := strings.TrimPrefix(call, "dynamodb:")
		if !strings.HasPrefix(op, "Describe") && !strings.HasPrefix(op, "Get") && op != "BatchGetItem" && op != "Query" {
			w.t.Errorf("%s was called", call)
		}
	}
	if w.sent() != 0 || len(w.queue) != 0 || len(w.objects) != 0 || w.logs.String() != "" {
		w.t.Errorf("%d interrupts, %d messages, %d objects, the log %q", w.sent(), len(w.queue), len(w.objects), w.logs.String())
	}
}

func TestExplainForeseesTheQueueAndTheConsole(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	w.add(webA, machine{tag: "auto", silentSince: at(11, 58, 0), console: consoleUp})
	w.add(webB, machine{tag: "auto", silentSince: fellSilent, console: consoleDumping})
	event := alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA, webB)
	got := outcomes(w.handler.Explain(t.Context(), trigger.Decode([]byte(event), trigger.Invocation{At: w.now})))
	w.changedNothing()
	if want := []string{webA + " later by unresponsive", webB + " refused by quiet"}; !slices.Equal(got, want) {
		t.Errorf("it says %q, want %q", got, want)
	}
	ignored := trigger.Decode([]byte(`{"hello":"world"}`), trigger.Invocation{At: w.now})
	if got := w.handler.Explain(t.Context(), ignored); len(got) != 0 {
		t.Errorf("of nothing it says %+v", got)
	}
}
