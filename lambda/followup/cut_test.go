package followup_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/dump"
)

// advanceUntil advances the case until something is true of it.
func (w *world) advanceUntil(id string, is func(cases.Collecting) bool) {
	w.t.Helper()
	for range 100 {
		a := w.advance(id)
		if is(w.record(id).Followup.Collect) {
			return
		}
		w.at(w.clock().Sub(dawn) + time.Duration(a.WaitSeconds)*time.Second)
	}
	w.t.Fatalf("it never is: %+v", w.record(id).Followup.Collect)
}

// What had arrived stays in the bucket, and people hear what is missing.
func TestADumpThatIsCutShortIsNamedAndLeavesNoURLs(t *testing.T) {
	for name, c := range map[string]struct {
		until func(cases.Collecting) bool
		what  string
	}{
		"before it was asked":  {func(c cases.Collecting) bool { return !c.Began() }, cases.MissingDump},
		"before its survey":    {func(c cases.Collecting) bool { return c.Began() && !c.Surveyed }, cases.MissingDump},
		"before it was sent":   {func(c cases.Collecting) bool { return c.Surveyed }, "/var/crash/0/vmcore"},
		"while it is sent":     {func(c cases.Collecting) bool { return c.Files.Signed > 0 }, "/var/crash/0/vmcore"},
		"when some is counted": {func(c cases.Collecting) bool { return !c.MovedAt.IsZero() }, "/var/crash/0/vmcore"},
	} {
		t.Run(name, func(t *testing.T) {
			w, id := crashed(t)
			w.disk.files, w.disk.dies = dumpFiles(7*partSize), 4
			w.advanceUntil(id, c.until)
			if _, err := w.invoke(t.Context(), finishEvent(id, timedOut)); err != nil {
				t.Fatal(err)
			}
			got := w.wantEnded(id, cases.FindingDumped).Followup.Collect
			if why := missing(got, c.what); !strings.Contains(why, "its follow-up failed, with States.Timeout") {
				t.Errorf("%s is missing because %q: %+v", c.what, why, got)
			}
			w.wantSealed(id)
			if got.Files.Open() || len(w.listed) != 1 {
				t.Errorf("%+v, listed %d times", got, len(w.listed))
			}
			for _, u := range got.Files.Uploads {
				if w.cloud.uploads[u.ID] == nil {
					t.Errorf("what has arrived of %s is gone", u.Key)
				}
			}
		})
	}
}

func TestADumpThatIsHomeIsNeverLostToAFailureOfTheRest(t *testing.T) {
	w, id := crashed(t)
	w.advanceUntil(id, func(c cases.Collecting) bool { return c.Ended() })
	if _, err := w.invoke(t.Context(), finishEvent(id, timedOut)); err != nil {
		t.Fatal(err)
	}
	got := w.wantEnded(id, cases.FindingDumped).Followup.Collect
	w.wantHome(got, w.disk.files...)
	if len(got.Missing) > 0 {
		t.Errorf("missing: %+v", got.Missing)
	}
}

func TestAManifestThatCannotBeSealedNeverKeepsACaseOpen(t *testing.T) {
	w, id := crashed(t)
	r := w.follow(id, func(time.Duration) {
		w.refuses.puts = only(w.record(id).Followup.Collect.Ended(), code("AccessDenied"))
	})
	w.wantEnded(id, cases.FindingDumped)
	if s := r.Followup.Collect.Sealed; s.Done || s.Tries != 3 {
		t.Errorf("%+v", s)
	}
}

func TestAListThatCannotBeWrittenIsTriedAndNeverKeepsACaseOpen(t *testing.T) {
	for fails, want := range map[int]bool{2: true, 99: false} {
		w, id := crashed(t)
		w.noList = fails
		w.follow(id, nil)
		got := w.wantEnded(id, cases.FindingDumped).Followup.Manifest
		if got.Done != want || got.Tries != 3 || !slices.Contains(w.news(), "ended") {
			t.Errorf("%d failures: %+v, people were notified of %q", fails, got, w.news())
		}
	}
}

// The list and the end are both made again by the state machine's retries.
func TestAListAndATopicThatBothFailNeverExhaustTheStateMachine(t *testing.T) {
	w, id := crashed(t)
	w.noList, w.deaf = 99, true
	for !w.advance(id).Done {
		w.at(w.clock().Sub(dawn) + 15*time.Second)
	}
	failures := 0
	for ; ; failures++ {
		if _, err := w.invoke(t.Context(), finishEvent(id, "")); err == nil {
			break
		}
		if failures == 20 {
			t.Fatal("it never ends")
		}
	}
	if most := retriesOfFinish(t); failures > most {
		t.Errorf("Finish failed %d times, and is made again %d times", failures, most)
	}
	w.wantEnded(id, cases.FindingDumped)
}

// A case that somebody closes by hand is not the follow-up's any more.
func TestNobodyIsAskedForTheDumpOfACaseThatWasClosed(t *testing.T) {
	w, id := crashed(t)
	w.advanceUntil(id, func(c cases.Collecting) bool { return c.Surveyed })
	w.closeByHand(id)
	before := len(w.cloud.commands)
	for range 3 {
		w.at(w.clock().Sub(dawn) + time.Minute)
		if a := w.advance(id); !a.Done {
			t.Errorf("%+v", a)
		}
	}
	if len(w.cloud.commands) != before {
		t.Errorf("%d commands, %d before", len(w.cloud.commands), before)
	}
}

// A URL is bound to its upload. It must not be in the log, which more people may read.
func TestNoURLIsEverLogged(t *testing.T) {
	w, id := crashed(t)
	w.disk.most = 1
	w.handler.Collect.For = 10 * time.Minute
	w.disk.files = dumpFiles(20 * partSize)
	w.bring(id, nil)
	if text := w.log.String(); strings.Contains(text, "https://") || strings.Contains(text, "?signed") {
		t.Error("the log has a URL")
	}
	if w.commandsOf(dump.StepSend) < 2 {
		t.Error("nothing was sent")
	}
}

// Each poll is a step, each round has a manifest, and the case may be old by then.
func TestADumpAtItsWorstNeverNeedsMoreLoopsThanAnExecutionHas(t *testing.T) {
	for name, c := range map[string]struct {
		backAfter time.Duration
		trouble   func(*world)
	}{
		"its URLs are refused":       {34 * time.Hour, func(w *world) { w.disk.most = 1 }},
		"no command ever ends":       {34 * time.Hour, func(w *world) { w.disk.dies = 1 }},
		"it is refused":              {34 * time.Hour, func(w *world) { w.disk.absent = code("InvalidInstanceId") }},
		"nothing helps, from dawn":   {0, func(w *world) { w.disk.stopped = dump.StoppedBusy }},
		"S3 opens nothing from dawn": {0, func(w *world) { w.refuses.uploads = code("SlowDown") }},
	} {
		t.Run(name, func(t *testing.T) {
			r, back := stuck(t), dumped(t)
			w, id := ready(t, back)
			w.handler.Collect.For, w.handler.Collect.Snapshot = 12*time.Hour, config.On
			w.noSnapshot = code("UnauthorizedOperation")
			w.disk.files = dumpFiles(400 * partSize)
			loops := 0
			got := w.follow(id, func(since time.Duration) {
				c.trouble(w)
				if loops++; since >= c.backAfter {
					w.play(back, playedFor)
					w.host.ping = dawn.Add(max(since, playedFor))
					return
				}
				w.host.console = append(slices.Clip(r.console), since.String()+slowly(since)...)
			})
			if loops > 1500 || got.State != cases.StateClosed || !got.Followup.Collect.Ended() {
				t.Errorf("%d loops, %s after %s: %+v", loops, got.State, got.ClosedAt.Sub(got.ClaimedAt), got.Followup.Collect)
			}
			t.Logf("%d loops, %d commands, %s", loops, len(w.cloud.commands), got.ClosedAt.Sub(got.ClaimedAt))
		})
	}
}

var errNoList = errors.New("AccessDenied: the bucket cannot be listed")
