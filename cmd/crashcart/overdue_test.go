package main

import (
	"testing"
	"time"

	"crashcart/lab"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
)

// claimed opens a case of the instance that long ago, as the function would have, and
// gives its id.
func (w *world) claimed(n int, age time.Duration, dryRun bool) string {
	w.t.Helper()
	book := w.book(age)
	c, err := book.Claim(w.t.Context(), cases.Request{
		InstanceID: host(n), Cooldown: 6 * time.Hour, Budget: 3, DryRun: dryRun,
		Origin: cases.Origin{
			SourceKey: "alarm/" + host(n), Kind: "alarm", Source: "eventbridge", Reason: "its heartbeat is missing",
			Alarm: "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:crashcart-heartbeat-" + host(n),
		},
	})
	if err == nil && !dryRun {
		err = book.Settle(w.t.Context(), c, cases.StateInterrupted, "")
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return c.ID
}

// TestACaseThatNobodyClosesIsFoundAndClosed is what a person does after the alarm
// crashcart_overdue, with everything that is printed, in a golden file.
func TestACaseThatNobodyClosesIsFoundAndClosed(t *testing.T) {
	w := newWorld(t, 0, lab.Options{}, lab.Function{})
	first := w.claimed(0, 75*time.Hour+30*time.Minute, false)
	second := w.claimed(1, config.OpenFor+time.Minute, false)
	w.claimed(2, config.OpenFor-time.Hour, false)  // has an hour left
	w.claimed(3, config.OpenFor+time.Minute, true) // a dry run that was killed: nobody's work
	seen := []string{"--reason", "it runs again, the dump is safe"}
	w.session("overdue.txt", []step{
		{0, []string{"status"}},
		{0, []string{"cases", "--open"}},
		{0, []string{"cases", "--overdue"}},
		{0, []string{"cases", "--overdue", "--open"}},
		{0, []string{"cases", "--overdue", "--json"}},
		{0, []string{"case", first}},
		{0, append([]string{"case", "close", first}, seen...)},
		{0, []string{"cases", "--overdue"}},
		{0, append([]string{"case", "close", second}, seen...)},
		{0, []string{"cases", "--overdue"}},
		{0, []string{"cases", "--overdue", "--json"}},
		{0, []string{"status"}},
		{0, []string{"cases"}},
		{0, []string{"cases", "--dry-runs"}},
	})
}
