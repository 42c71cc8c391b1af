package bench

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"crashcart/lab/runtime"
)

// The figures are the machine's; what must hold anywhere is that everything was
// really measured, that the last line can be read by a program, and that no more rounds
// of calls come before the interrupt than are promised.
func TestEveryFigureIsMeasured(t *testing.T) {
	var out strings.Builder
	err := Run(t.Context(), Options{Starts: 1, Warm: 3, Alarms: 20, Out: &out, Note: func(string) {}})
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	last := regexp.MustCompile(`^bench: cold_ratio=\d+\.\d\d mem_ratio=\d+\.\d\d rounds=5 describes_per_1000=[1-9]\d* warm_p50_ms=\d+\.\d$`)
	if !last.MatchString(lines[len(lines)-1]) {
		t.Errorf("the last line is %q", lines[len(lines)-1])
	}
	if bad := regexp.MustCompile(`\b0\.0 m?[sS]\b|\b0\.00\b|unknown|NaN|Inf`).FindString(out.String()); bad != "" {
		t.Errorf("%q was not measured:\n%s", bad, out.String())
	}
	for _, line := range lines {
		if len(line) > 100 {
			t.Errorf("%d columns: %s", len(line), line)
		}
	}
}

func TestAnAnswerThatIsNotTheOneMeantIsNeverMeasured(t *testing.T) {
	for payload, ok := range map[string]bool{
		`{"outcomes":[{"outcome":"duplicate"}]}`:                           true,
		`{"outcomes":[{"outcome":"refused"}]}`:                             false,
		`{"outcomes":[]}`:                                                  false,
		`{"outcomes":[{"outcome":"duplicate"},{"outcome":"interrupted"}]}`: false,
		`"timed out"`: false,
	} {
		if err := expect(runtime.Result{Payload: []byte(payload)}, "duplicate"); (err == nil) != ok {
			t.Errorf("%s: %v", payload, err)
		}
	}
}

func TestABurstIsNeverOverBeforeEveryAlarmIsRefused(t *testing.T) {
	tally := newTally(2)
	over := func() bool {
		select {
		case <-tally.done:
			return true
		default:
			return false
		}
	}
	line := func(id, outcome string) string {
		return `{"msg":"decision","instanceId":"` + id + `","Outcome":"` + outcome + `"}`
	}
	for _, heard := range []string{line("i-1", "refused"), line("i-1", "refused"), "no JSON", `{"msg":"ignored","instanceId":"i-2"}`} {
		if tally.heard(heard); over() {
			t.Fatalf("over after %s", heard)
		}
	}
	if tally.heard(line("i-2", "refused")); !over() || tally.err != nil {
		t.Errorf("over %v, %v", over(), tally.err)
	}
	if tally.heard(line("i-1", "interrupted")); tally.err == nil {
		t.Error("an interrupt passed for a refusal")
	}
}

func TestPercentile(t *testing.T) {
	d := durations{5 * time.Second, time.Second, 4 * time.Second, 2 * time.Second, 3 * time.Second}
	for p, want := range map[int]time.Duration{1: time.Second, 20: time.Second, 50: 3 * time.Second, 99: 5 * time.Second, 100: 5 * time.Second} {
		if got := d.percentile(p); got != want {
			t.Errorf("p%d: %s, want %s", p, got, want)
		}
	}
	if got := (durations{}).median(); got != 0 {
		t.Errorf("of nothing: %s", got)
	}
}
