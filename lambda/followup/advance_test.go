package followup_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"crashcart/lambda/aws/casebook"
	"crashcart/lambda/aws/emf/emftest"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/followup"
)

// named gives a recording by its name.
func named(t *testing.T, name string) recording {
	t.Helper()
	for _, r := range recordings(t) {
		if r.Name == name {
			return r
		}
	}
	t.Fatalf("there is no recording %s", name)
	return recording{}
}

// ready is a world with a case whose host is about to play a recording.
func ready(t *testing.T, r recording) (*world, string) {
	t.Helper()
	w := newWorld(t)
	id := w.claim(cases.StateInterrupted)
	w.before(id, r.console[:r.SentAt])
	w.host.ping = dawn.Add(-12 * time.Minute)
	return w, id
}

func (w *world) lines(msg string) (found []map[string]any) {
	w.t.Helper()
	for line := range strings.Lines(w.log.String()) {
		var members map[string]any
		if err := json.Unmarshal([]byte(line), &members); err != nil {
			w.t.Fatal(err)
		}
		if members["msg"] == msg {
			found = append(found, members)
		}
	}
	return found
}

// metrics are all metrics that were published, by their names.
func (w *world) metrics() map[string][]emftest.Metric {
	w.t.Helper()
	all := map[string][]emftest.Metric{}
	for line := range strings.Lines(w.log.String()) {
		if !strings.Contains(line, `"_aws"`) {
			continue
		}
		found, _, err := emftest.Read([]byte(line))
		if err != nil {
			w.t.Fatal(err)
		}
		for _, m := range found {
			all[m.Name] = append(all[m.Name], m)
		}
	}
	return all
}

func TestACaseThatEndsIsCountedOnceWithItsTimes(t *testing.T) {
	r := named(t, "dumped")
	w, id := ready(t, r)
	w.follow(id, func(since time.Duration) { w.play(r, since) })
	w.finish(id)
	got := w.metrics()
	if m := got[config.MetricFindings]; len(m) != 1 || m[0].Dimensions != "Finding=dumped" || m[0].Value != 1 {
		t.Errorf("findings: %+v", m)
	}
	for name, most := range map[string]float64{config.MetricTimeToPanic: 60, config.MetricTimeToDump: 100, config.MetricTimeToBack: 120} {
		if m := got[name]; len(m) != 1 || m[0].Value < 10 || m[0].Value > most || m[0].Unit != "Seconds" {
			t.Errorf("%s: %+v", name, m)
		}
	}
	if len(got[config.MetricUntold]) > 0 {
		t.Errorf("untold: %+v", got[config.MetricUntold])
	}
}

func TestAKernelThatNeverCrashedHasNoTimes(t *testing.T) {
	r := named(t, "ignored")
	w, id := ready(t, r)
	w.follow(id, func(since time.Duration) { w.play(r, since) })
	got := w.metrics()
	if m := got[config.MetricFindings]; len(m) != 1 || m[0].Dimensions != "Finding=ignored" {
		t.Errorf("findings: %+v", m)
	}
	for _, name := range []string{config.MetricTimeToPanic, config.MetricTimeToDump, config.MetricTimeToBack} {
		if len(got[name]) > 0 {
			t.Errorf("%s: %+v", name, got[name])
		}
	}
}

// What EC2 refused, what was a dry run, and what nobody knows has nothing to follow.
func TestWhatWasNeverSentIsDoneAndNeverWritten(t *testing.T) {
	w := newWorld(t)
	rejected := w.claim(cases.StateRejected)
	w.at(time.Hour)
	c, err := w.book.Claim(t.Context(), cases.Request{
		InstanceID: hostID, DryRun: true, Budget: 3, Cooldown: time.Hour, Origin: cases.Origin{SourceKey: "dry", Kind: "direct"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{rejected, c.ID, someCase} {
		if a := w.advance(id); !a.Done || a.CaseID != id {
			t.Errorf("%s: %+v", id, a)
		}
		answer, err := w.invoke(t.Context(), finishEvent(id, `,"failure":{"Error":"States.Timeout","Cause":""}`))
		if f, ok := answer.(followup.Finished); err != nil || !ok || f.Finding != "" || f.CaseID != id {
			t.Errorf("%s: %+v, %v", id, answer, err)
		}
	}
	for _, id := range []string{rejected, c.ID} {
		if r := w.record(id); r.Followup.Steps != 0 || r.State == cases.StateClosed {
			t.Errorf("written: %+v", r)
		}
	}
	if len(w.told) > 0 {
		t.Errorf("people were notified of %q", w.news())
	}
}

func (w *world) closeByHand(id string) {
	w.t.Helper()
	if _, err := w.book.CloseCase(w.t.Context(), casebook.Closing{CaseID: id, Reason: "seen to", By: "ops"}); err != nil {
		w.t.Fatal(err)
	}
}

func TestACaseThatIsClosedByHandIsDoneAndNobodyIsToldAnEnd(t *testing.T) {
	r := named(t, "dumped")
	w, id := ready(t, r)
	w.at(30 * time.Second)
	w.play(r, 30*time.Second)
	if a := w.advance(id); a.Done || a.WaitSeconds > 15 {
		t.Fatalf("%+v", a)
	}
	w.closeByHand(id)
	if a := w.advance(id); !a.Done {
		t.Errorf("%+v", a)
	}
	w.finish(id)
	got := w.record(id)
	if got.ClosedBy != "ops" || got.Followup.Finding != "" || slices.Contains(w.news(), "ended") || w.closings != 0 {
		t.Errorf("closed by %s with %q, %d closings, people were notified of %q", got.ClosedBy, got.Followup.Finding, w.closings, w.news())
	}
}

// The state is written within seconds of the claim. Nothing may be concluded before.
func TestAClaimWithoutAResultIsWaitedForAndThenTakenForUnknown(t *testing.T) {
	w := newWorld(t)
	id := w.claim("")
	for _, at := range []time.Duration{0, time.Minute, 2 * time.Minute} {
		w.at(at)
		if a := w.advance(id); a.Done || a.WaitSeconds != 15 {
			t.Errorf("after %s: %+v", at, a)
		}
		if _, err := w.invoke(t.Context(), finishEvent(id, `,"failure":{"Error":"x","Cause":"y"}`)); !errors.Is(err, casebook.ErrUnderWay) {
			t.Errorf("after %s it is finished: %v", at, err)
		}
	}
	if r := w.record(id); r.State != cases.StateClaimed || r.Followup.Steps != 0 {
		t.Fatalf("%+v", r)
	}
	w.at(2*time.Minute + time.Second)
	w.advance(id)
	w.advance(id)
	if r := w.record(id); r.State != cases.StateUnknown || !slices.Equal(w.news(), []string{"lost"}) || !strings.Contains(w.told[0].Why, "may have been sent") {
		t.Errorf("%s, people were notified of %+v", r.State, w.told)
	}
}

func TestAHostThatSomebodyHasTerminatedIsARace(t *testing.T) {
	for name, strike := range map[string]func(*host){
		"terminated": func(h *host) {
			h.state, h.reason = types.InstanceStateNameTerminated, "Client.UserInitiatedShutdown"
		},
		"stopped": func(h *host) {
			h.state, h.reason = types.InstanceStateNameStopped, "Client.UserInitiatedShutdown"
		},
		"gone": func(h *host) { h.gone = true },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			id := w.claim(cases.StateInterrupted)
			w.follow(id, func(since time.Duration) {
				if since >= time.Minute {
					strike(w.host)
				}
			})
			r := w.record(id)
			if r.State != cases.StateClosed || r.Followup.Finding != cases.FindingRaced || r.ClosedAt.Sub(r.ClaimedAt) > 10*time.Minute {
				t.Errorf("%s with %q after %s: %s", r.State, r.Followup.Finding, r.ClosedAt.Sub(r.ClaimedAt), r.Followup.Why)
			}
		})
	}
}

// errOutage is what every call to a service answers that is away.
var errOutage = errors.New("RequestLimitExceeded: no answer")

func TestAnOutageOfEC2NeverEndsACaseAndNeverStopsIt(t *testing.T) {
	r := named(t, "dumped")
	w, id := ready(t, r)
	// Nothing is seen of the host for longer than a host that shows nothing is waited for.
	w.follow(id, func(since time.Duration) {
		if w.play(r, since); since < 80*time.Minute {
			w.blind = errOutage
		} else {
			w.blind = nil
		}
	})
	got := w.wantEnded(id, cases.FindingDumped)
	if got.Followup.Steps < 40 || len(w.lines("missing")) < 40 {
		t.Errorf("%d steps, %d lines of what was missing", got.Followup.Steps, len(w.lines("missing")))
	}
}

func TestACaseOfWhichNothingCanBeSeenEndsUnproven(t *testing.T) {
	w := newWorld(t)
	id := w.claim(cases.StateUnknown)
	w.blind, w.noFiles = errOutage, errOutage
	w.follow(id, nil)
	if r := w.wantEnded(id, cases.FindingUnproven); r.ClosedAt.Sub(r.ClaimedAt) > 7*time.Hour {
		t.Errorf("after %s", r.ClosedAt.Sub(r.ClaimedAt))
	}
}

// The ring may hold a crash of last week.
func TestACrashFromBeforeNeverCountsWhileTheConsoleFromBeforeMayStillCome(t *testing.T) {
	old := named(t, "dumped")
	for name, spoil := range map[string]func(*world, string){
		"it is not stored yet": func(w *world, id string) {},
		"S3 does not answer":   func(w *world, id string) { w.noFiles = errOutage },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c, err := w.book.Claim(t.Context(), cases.Request{
				InstanceID: hostID, Group: group, GroupLimit: 5, Budget: 3, Cooldown: time.Hour, Origin: cases.Origin{SourceKey: "alarm", Kind: "alarm"},
			})
			if err == nil {
				err = w.book.Settle(t.Context(), c, cases.StateInterrupted, "")
			}
			if err != nil {
				t.Fatal(err)
			}
			w.host.console = old.console
			spoil(w, c.ID)
			w.at(20 * time.Second)
			w.advance(c.ID)
			w.noFiles = nil
			w.before(c.ID, old.console)
			w.at(40 * time.Second)
			w.advance(c.ID)
			for _, p := range w.record(c.ID).Followup.Account.Proofs {
				if p.Stage != cases.StageSent {
					t.Errorf("proven: %+v", p)
				}
			}
		})
	}
}

func TestWithoutTheConsoleFromBeforeACaseIsFollowedAllTheSame(t *testing.T) {
	r := named(t, "dumped")
	w := newWorld(t)
	id := w.claim(cases.StateInterrupted)
	w.host.ping = dawn.Add(-12 * time.Minute)
	w.follow(id, func(since time.Duration) { w.play(r, since) })
	w.wantEnded(id, cases.FindingDumped)
}

func TestTheBufferedConsoleStandsInForTheLatestOnlyIfItIsNewer(t *testing.T) {
	r := named(t, "dumped")
	for posted, want := range map[time.Duration]bool{-time.Hour: false, 30 * time.Second: true} {
		w, id := ready(t, r)
		w.host.buffered, w.host.posted = r.console, dawn.Add(posted)
		w.at(time.Minute)
		w.advance(id)
		_, got := w.record(id).Followup.Account.Reached(cases.StageCaptureKernel)
		if got != want {
			t.Errorf("posted %s after the interrupt: the capture kernel is seen: %t, want %t", posted, got, want)
		}
	}
}

func TestEveryNewStageLeavesItsConsoleAndNoneIsEverReplaced(t *testing.T) {
	r := named(t, "dumped")
	w, id := ready(t, r)
	seen := map[string]string{}
	w.follow(id, func(since time.Duration) {
		w.play(r, since)
		for _, key := range w.kept(id) {
			if was, ok := seen[key]; ok && was != string(w.files[key]) {
				t.Errorf("%s was replaced", key)
			}
			seen[key] = string(w.files[key])
		}
	})
	if got := w.record(id).Followup.Kept; got != len(w.kept(id)) || got < 3 || got > 8 {
		t.Errorf("%d consoles are kept, the case says %d: %q", len(w.kept(id)), got, w.kept(id))
	}
}

// slowly is the line of a dump that gets on by two percent an hour.
func slowly(since time.Duration) string {
	return fmt.Sprintf("\nCopying data                       : [ %.1f %%] /        eta: 9m1s", 2*since.Hours())
}

// A dump can go on for two days, and nobody may lose it to the length of a history.
func TestNoCaseEverNeedsMoreLoopsThanAnExecutionHas(t *testing.T) {
	r := stuck(t)
	w, id := ready(t, r)
	loops := 0
	w.follow(id, func(since time.Duration) {
		loops++
		w.host.console = append(slices.Clip(r.console), strings.Repeat("#", loops)...)
		w.host.console = append(w.host.console, slowly(since)...)
	})
	got := w.record(id)
	if loops < 500 || loops > 1500 || got.State != cases.StateClosed || got.ClosedAt.Sub(got.ClaimedAt) < 40*time.Hour {
		t.Errorf("%d loops, %s after %s: %s", loops, got.State, got.ClosedAt.Sub(got.ClaimedAt), got.Followup.Why)
	}
}
