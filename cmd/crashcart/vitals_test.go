package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"crashcart/cmd/crashcart/screen"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/trigger"
	"crashcart/lambda/domain/vitals"
	"crashcart/lambda/intake"
)

var night = time.Date(2026, time.March, 2, 8, 16, 0, 0, time.UTC)

// readings is what is seen of a host that hangs.
func readings() []vitals.Vital {
	return cases.KeepVitals([]vitals.Vital{
		{Name: vitals.SSMPing, Question: vitals.Voice, Says: vitals.Dead, Saw: "SSM ping 11m40s ago", Since: night.Add(-400 * time.Second)},
		{Name: vitals.Heartbeat, Question: vitals.Voice, Says: vitals.Nothing, Saw: "no heartbeat"},
		{Name: vitals.Reachability, Question: vitals.Voice, Says: vitals.Waiting, Saw: "reachability check fails for 2m, 5m required"},
		{Name: vitals.DiskWrites, Question: vitals.Machine, Says: vitals.Dead, Saw: "0 for 6 min, 40 a minute before", Since: night.Add(-330 * time.Second)},
		{Name: vitals.KernelLog, Question: vitals.Machine, Says: vitals.Unknown, Err: errors.New("EC2 gave no console: throttled")},
		{Name: vitals.TargetHealth, Question: vitals.Answers, Says: vitals.Alive, Saw: "target health: healthy (HTTP)", Since: night},
	})
}

const vitalsAsTheyAre = `  QUESTION  VITAL               SAYS     SINCE       SAW
  voice     ssm-ping            dead     6m40s ago   SSM ping 11m40s ago
  voice     heartbeat           nothing  -           no heartbeat
  voice     reachability        not yet  -           reachability check fails
                                                     for 2m, 5m required
  machine   disk-writes         dead     5m30s ago   0 for 6 min, 40 a minute
                                                     before
  machine   kernel-log          unknown  -           no answer: EC2 gave no
                                                     console: throttled
  answers   target-health       alive    0s ago      target health: healthy
                                                     (HTTP)
`

func page(write func(*screen.Page)) string {
	var out bytes.Buffer
	write(screen.New(&out, night))
	return out.String()
}

func TestExplainShowsTheVitalsUnderEachTarget(t *testing.T) {
	e := explanation{
		Records: []trigger.Record{{Ignored: &trigger.Ignored{Reason: trigger.ReasonMuted, Detail: "muted by nightly"}}, {Trigger: &trigger.Trigger{}}},
		Outcomes: []intake.Outcome{
			{InstanceID: hungID, Outcome: cases.OutcomeLater, Rule: cases.RuleUnresponsive, Why: "it is alive: target health: healthy (HTTP)", Vitals: readings()},
			{Target: "Auto Scaling group web", Outcome: cases.OutcomeRefused, Rule: cases.RuleNamed, Why: "no member of it is silent"},
		},
	}
	want := "ignored: muted\n  why       muted by nightly\n\n" +
		hungID + ": later\n  rule      unresponsive\n  why       it is alive: target health: healthy (HTTP)\n\n" + vitalsAsTheyAre + "\n" +
		"Auto Scaling group web: refused\n  rule      named\n  why       no member of it is silent\n"
	if got := page(func(p *screen.Page) { showExplanation(p, e) }); got != want {
		t.Errorf("explained as\n%s\nwant\n%s", got, want)
	}
}

func TestAnExplanationIsNeverEmpty(t *testing.T) {
	if got := page(func(p *screen.Page) { showExplanation(p, explanation{}) }); got != "The event asks for nothing.\n" {
		t.Errorf("explained as %q", got)
	}
}

// Days later, what counts is how it was then.
func TestACaseShowsTheVitalsAsTheyWereWhenItWasClaimed(t *testing.T) {
	r := cases.Record{ID: hungID + "-0123456789abcdef", InstanceID: hungID, State: cases.StateInterrupted, ClaimedAt: night, Vitals: readings()}
	var out bytes.Buffer
	showCase(screen.New(&out, night.Add(72*time.Hour)), r)
	_, got, found := strings.Cut(out.String(), "\n\nWhat was seen when it was claimed:\n")
	if !found || !strings.Contains(got, "6m40s before   SSM ping 11m40s ago\n") || strings.Count(got, " before ") != 3 {
		t.Errorf("shown as\n%s", out.String())
	}
	r.Vitals = nil
	out.Reset()
	showCase(screen.New(&out, night), r)
	if strings.Contains(out.String(), "seen") {
		t.Errorf("a case from before vitals is shown as\n%s", out.String())
	}
}

func TestTheJSONOfACaseHasItsVitals(t *testing.T) {
	text, err := json.Marshal(asJSONCase(cases.Record{Vitals: readings()[:2]}))
	if err != nil {
		t.Fatal(err)
	}
	want := `"vitals":[{"name":"ssm-ping","question":"voice","says":"dead","saw":"SSM ping 11m40s ago","since":"2026-03-02T08:09:20Z"},` +
		`{"name":"heartbeat","question":"voice","says":"nothing","saw":"no heartbeat"}]`
	if !strings.Contains(string(text), want) {
		t.Errorf("%s, want\n%s", text, want)
	}
	if text, err = json.Marshal(asJSONCase(cases.Record{})); err != nil || strings.Contains(string(text), "vitals") {
		t.Errorf("error %v, a case from before vitals is %s", err, text)
	}
}

// The answer of a function, and the table's items, are text from outside.
func TestNoVitalEverSteersTheTerminalOrLeavesItsColumn(t *testing.T) {
	seen := []vitals.Vital{{Name: vitals.Name(evil), Question: vitals.Question(evil), Says: vitals.Says(evil), Saw: evil, Since: time.Unix(1, 0)}}
	got := page(func(p *screen.Page) { showVitals(p, seen, night, "ago") })
	for line := range strings.Lines(got) {
		line = strings.TrimSuffix(line, "\n")
		if strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) || utf8.RuneCountInString(line) > screen.Width || !strings.HasPrefix(line, "  ") {
			t.Errorf("%q", line)
		}
	}
	if strings.Count(got, "\n") < 3 {
		t.Errorf("shown as\n%s", got)
	}
	if got := page(func(p *screen.Page) { showVitals(p, nil, night, "ago") }); got != "" {
		t.Errorf("no vitals are shown as %q", got)
	}
}
