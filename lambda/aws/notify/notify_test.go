package notify_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"crashcart/lambda/aws/notify"
	"crashcart/lambda/domain/cases"
)

func TestNobodyIsNotifiedTwiceInAnHour(t *testing.T) {
	w := newWorld()
	for _, d := range []notify.Decision{
		refused(host, "opted-in"),
		refused(host, "cooldown"), // another rule
		refused(host2, "cooldown"),
		{InstanceID: host, Outcome: "held", Rule: "asked", Why: "its tag crashcart is manual, so a person must ask"},
		{Target: "load balancer app/web", Outcome: "refused", Rule: "named", Why: "it names nobody"},
		{Target: "load balancer app/api", Outcome: "refused", Rule: "named", Why: "it names nobody"},
		refused(host, ""),
		{Outcome: "refused", Rule: "named"},
	} {
		for range 3 {
			w.notify(t, d, d)
		}
		if got := len(w.notes); got != 1 {
			t.Errorf("%+v was published %d times: %q", d, got, w.titles())
		}
		w.notes = nil
		w.memory.now = w.memory.now.Add(time.Minute)
	}
	w.memory.now = w.memory.now.Add(time.Hour)
	if got := w.notify(t, refused(host, "opted-in")); len(got) != 1 {
		t.Errorf("an hour later: %q", got)
	}
}

func TestAStormIsNeverOneMessagePerInstance(t *testing.T) {
	for _, rule := range []string{"lever", "region", "budget", "group"} {
		t.Run(rule, func(t *testing.T) {
			w := newWorld()
			var storm []notify.Decision
			for i := range 1000 {
				d := refused(fmt.Sprintf("i-%017x", i), rule)
				d.Group = "asg/web"
				storm = append(storm, d)
			}
			got := w.notify(t, storm[:100]...)
			if want := []string{"100 refusals (" + rule + ": because of " + rule + ")"}; !slices.Equal(got, want) {
				t.Fatalf("published %q, not %q", got, want)
			}
			if n := w.notes[0]; len(n.Metadata.RelatedResources) != 20 || n.Metadata.AdditionalContext["instanceId"] != "" || strings.Contains(n.raw, "aws ec2") {
				t.Errorf("one of the instances stands for all: %s", n.raw)
			}
			for i := 100; i < 1000; i += 10 {
				if got := w.notify(t, storm[i:i+10]...); len(got) != 0 {
					t.Fatalf("published again: %q", got)
				}
			}
			w.memory.now = w.memory.now.Add(time.Hour)
			if got := w.notify(t, storm[:1]...); len(got) != 1 || !strings.HasPrefix(got[0], "Not interrupted: "+storm[0].InstanceID) {
				t.Errorf("another event has got the size of the storm: %q", got)
			}
			if d := w.notes[1].Content.Description; !strings.Contains(d, "Count: 1 now; ") || !strings.Contains(d, "Another 900 came in the hour after the last message") {
				t.Errorf("description %s", d)
			}
		})
	}
}

func TestAnotherGroupIsNeverSilenced(t *testing.T) {
	w := newWorld()
	var decisions []notify.Decision
	for _, g := range []string{"asg/web", "asg/api", "tag/web", "asg/web", "asg/w\x00b", "asg/" + strings.Repeat("ü", 255), ""} {
		decisions = append(decisions, with(refused(host, "group"), func(d *notify.Decision) { d.Group = g }))
	}
	if got := w.notify(t, decisions...); len(got) != 6 {
		t.Errorf("%d messages of 6 groups: %q", len(got), got)
	}
	threads := map[string]bool{}
	for _, n := range w.notes {
		threads[n.Metadata.ThreadID] = true
	}
	if len(threads) != 6 {
		t.Errorf("threads %v", slices.Sorted(maps.Keys(threads)))
	}
}

// What comes back for another pass, was decided before, or could not be decided.
func TestNobodyIsNotifiedOfWhatIsNotDecided(t *testing.T) {
	w := newWorld()
	for _, outcome := range []string{"later", "duplicate", "failed", "", "REFUSED"} {
		if got := w.notify(t, notify.Decision{InstanceID: host, Outcome: cases.Outcome(outcome), Rule: "booted", Why: "launched 5m ago"}); len(got) != 0 {
			t.Errorf("%s was published: %q", outcome, got)
		}
	}
	duplicate := notify.Decision{InstanceID: host, Outcome: "duplicate", Rule: "episode", CaseID: host + "-00"}
	if got := w.notify(t, duplicate); len(got) != 0 || w.memory.asked != 0 {
		t.Errorf("published %q, limiter asked %d times", got, w.memory.asked)
	}
	if _, err := w.notifier.Notify(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

var sends = []string{"interrupted", "rejected", "unknown", "failed"}

func sent(i int, outcome string) notify.Decision {
	id := fmt.Sprintf("i-%017x", i)
	return notify.Decision{InstanceID: id, Outcome: cases.Outcome(outcome), Rule: "unresponsive", Why: "silent for 10m", CaseID: id + "-0011223344556677"}
}

func TestAnInterruptIsNeverLeftOut(t *testing.T) {
	for name, broken := range map[string]func(*memory){
		"the limiter answers":    func(*memory) {},
		"the limiter fails":      func(m *memory) { m.fails = errors.New("DynamoDB is away") },
		"the limiter never ends": func(m *memory) { m.hangs = true },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				w.takes = 100 * time.Millisecond
				broken(w.memory)
				var decisions []notify.Decision
				for i := range 2000 { // more than there is time for
					decisions = append(decisions, refused(fmt.Sprintf("i-%017x", 1000+i), "opted-in"))
				}
				for i, outcome := range sends {
					decisions = append(decisions, sent(i, outcome))
				}
				// Whatever else is said of it, an interrupt is real.
				decisions = append(decisions, dryRun(sent(9, "interrupted")))
				if untold, err := w.notifier.Notify(t.Context(), decisions); err == nil || untold != len(decisions)-len(w.notes) {
					t.Errorf("of %d there was time for %d, and it counts %d untold: %v", len(decisions), len(w.notes), untold, err)
				}
				published := map[string]int{}
				for _, n := range w.notes {
					published[n.Metadata.ThreadID+" "+n.attributes["outcome"]]++
					if strings.Contains(n.Content.Title, "DRY RUN") {
						t.Errorf("title %q", n.Content.Title)
					}
				}
				for i, outcome := range sends {
					if d := sent(i, outcome); published[d.CaseID+" "+outcome] != 1 {
						t.Errorf("%s was published %d times", outcome, published[d.CaseID+" "+outcome])
					}
				}
				if published[sent(9, "").CaseID+" interrupted"] != 1 {
					t.Error("there was no message of the interrupt that was called a dry run")
				}
			})
		})
	}
}

func TestARefusalIsNeverPublishedWithoutItsLimit(t *testing.T) {
	w := newWorld()
	w.memory.fails = errors.New("DynamoDB is away")
	untold, err := w.notifier.Notify(t.Context(), []notify.Decision{refused(host, "region"), refused(host, "opted-in"), dryRun(refused(host, "fresh"))})
	if len(w.notes) != 0 || untold != 3 || !errors.Is(err, w.memory.fails) || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("published %q, %v", w.titles(), err)
	}
}

func TestADryRunNeverSilencesWhatIsReal(t *testing.T) {
	w := newWorld()
	for _, d := range []notify.Decision{refused(host, "opted-in"), refused(host, "region"), {InstanceID: host, Outcome: "held", Rule: "asked"}} {
		w.notes = nil
		got := append(w.notify(t, dryRun(d)), w.notify(t, dryRun(d))...)
		got = append(got, w.notify(t, d)...)
		if len(got) != 2 || !strings.HasPrefix(got[0], "DRY RUN: ") || strings.Contains(got[1], "DRY RUN") {
			t.Errorf("published %q", got)
		}
		if n := w.notes[0]; n.attributes["dryRun"] != "true" || n.Metadata.AdditionalContext["dryRun"] != "true" ||
			!slices.Contains(n.Content.Keywords, "dry-run") || !strings.Contains(n.subject, "DRY RUN") || n.ID == w.notes[1].ID {
			t.Errorf("%s %q %v", n.raw, n.subject, n.attributes)
		}
	}
	// Both at once.
	w = newWorld()
	if got := w.notify(t, dryRun(refused(host, "region")), refused(host2, "region"), dryRun(refused(host2, "region"))); len(got) != 2 {
		t.Errorf("published %q", got)
	}
}

// A dry run has neither a budget nor a cooldown that would keep it from happening
// again with the next alarm.
func TestADryRunOfAnInterruptIsNeverPublishedTwiceInAnHour(t *testing.T) {
	w := newWorld()
	for _, outcome := range []string{"dry-run", "rejected", "unknown", "failed"} {
		first, again := dryRun(sent(1, outcome)), dryRun(sent(1, outcome))
		again.CaseID = again.InstanceID + "-8899aabbccddeeff"
		if got := append(w.notify(t, first), w.notify(t, again, again)...); len(got) != 1 || !strings.HasPrefix(got[0], "DRY RUN: ") {
			t.Errorf("published %q", got)
		}
	}
	w.memory.fails = errors.New("DynamoDB is away")
	untold, err := w.notifier.Notify(t.Context(), []notify.Decision{sent(1, "dry-run")})
	if len(w.notes) != 5 || untold != 0 || !errors.Is(err, w.memory.fails) {
		t.Errorf("published %q, %v", w.titles(), err)
	}
}

func TestNotifyingNeverTakesLongerThanItsBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.takes = time.Hour
		var decisions []notify.Decision
		for i := range 100 {
			decisions = append(decisions, sent(i, "interrupted"))
		}
		began := time.Now()
		untold, err := w.notifier.Notify(t.Context(), decisions)
		if took := time.Since(began); took != notify.Bound || untold != len(decisions) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("took %s: %v", took, err)
		}
		if w.most != 8 || w.running != 0 {
			t.Errorf("%d publishes at once, %d left behind", w.most, w.running)
		}
		if lines := strings.Split(err.Error(), "\n"); len(lines) != 9 || lines[8] != "and 92 more" {
			t.Errorf("the error has %d lines: %s", len(lines), err)
		}
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := w.notifier.Notify(cancelled, decisions[:1]); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	}) // which waits for every goroutine
}

func TestAFailureToPublishIsNeverSwallowed(t *testing.T) {
	w := newWorld()
	w.refuse = errors.New("SNS is away")
	untold, err := w.notifier.Notify(t.Context(), []notify.Decision{sent(1, "interrupted"), refused(host, "opted-in")})
	if untold != 2 || !errors.Is(err, w.refuse) || !strings.Contains(err.Error(), "interrupted/"+sent(1, "").CaseID) || !strings.Contains(err.Error(), "opted-in/"+host) {
		t.Errorf("%v", err)
	}
}
