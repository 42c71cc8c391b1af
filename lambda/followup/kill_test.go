package followup_test

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"crashcart/lambda/aws/notify"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/followup"
)

// rounds is how often each step is killed at each of its moments.
const rounds = 100

// stuck is a recording whose dump has stopped in its midst. Of its thousand lines those are
// left that speak of a kernel's begin and of the dump, since it is played thousands of times.
func stuck(t *testing.T) recording {
	t.Helper()
	for _, r := range recordings(t) {
		cut := bytes.Index(r.console, []byte("[ 56.8 %]"))
		if r.Name != "dumped" || cut < 0 {
			continue
		}
		short := recording{Name: r.Name, Finding: cases.FindingHungInDump, console: r.console[r.SentAt-2000 : r.SentAt], SentAt: 2000}
		for line := range bytes.Lines(r.console[r.SentAt:cut]) {
			if bytes.Contains(line, []byte("Linux version")) || bytes.Contains(line, []byte("Command line")) || bytes.Contains(line, []byte("kdump-tools")) {
				short.console = append(short.console, line...)
			}
		}
		return short
	}
	t.Fatal("no recording shows how far its dump is")
	return recording{}
}

// times are those at which the case of a killed function is advanced: when its claim is
// lost, when its dump has not moved for ten minutes, and when it has not for two hours.
var times = []time.Duration{2*time.Minute + time.Second, 20 * time.Minute, 150 * time.Minute}

// murder is a plan to kill the function once.
type murder struct {
	step   string
	moment moment
	nth    int
	struck bool
}

// call makes one call as the state machine does: what gives no answer is called again.
func (w *world) call(m *murder, id, event string) (answer any) {
	w.t.Helper()
	for tries := 0; ; tries++ {
		due := ""
		if !m.struck || w.due != nil {
			due = followup.Due(w.handler, w.record(id))
		}
		if w.due != nil {
			w.due(due)
		}
		ctx, murdered := w.t.Context(), !m.struck && due == m.step
		if murdered {
			ctx = w.gate.arm(ctx, m.moment, m.nth)
		}
		answer, err := w.invoke(ctx, event)
		if murdered {
			m.struck = w.gate.disarm()
		}
		switch {
		case murdered && m.struck:
		case err == nil:
			return answer
		default:
			w.t.Fatal(err)
		}
		if tries == 5 {
			w.t.Fatal("it is killed again and again")
		}
	}
}

// begin is a case that has everything to come: its claim is lost, it dumps, and it gets
// stuck.
func begin(t *testing.T, r recording) (*world, string) {
	t.Helper()
	w := newWorld(t)
	w.host.console, w.host.check = r.console, "impaired"
	id := w.claim("")
	w.before(id, r.console[:r.SentAt])
	w.at(times[0])
	return w, id
}

// life follows the case to its end.
func (w *world) life(m *murder, id string) {
	w.t.Helper()
	for _, at := range times {
		if at < w.clock().Sub(dawn) {
			continue
		}
		w.at(at)
		for {
			a := w.call(m, id, advanceEvent(id)).(followup.Advanced)
			if a.Done {
				w.call(m, id, finishEvent(id, ""))
				return
			}
			if a.WaitSeconds > 0 {
				break
			}
		}
	}
	w.t.Fatalf("it does not end: %+v", w.record(id).Followup)
}

// scene is a world just before a step, so that not every round must play what comes
// before it.
type scene struct {
	id    string
	now   time.Time
	items []map[string]types.AttributeValue
	files map[string][]byte
	told  []notify.Update
}

// sceneOf plays the life until the step is due, for the time after the given number of
// times.
func sceneOf(t *testing.T, r recording, step string, after int) scene {
	t.Helper()
	w, id := begin(t, r)
	var found *scene
	w.due = func(due string) {
		if due != step || found != nil {
			return
		}
		if after--; after < 0 {
			found = &scene{id: id, now: w.clock(), items: w.items(), files: maps.Clone(w.files), told: slices.Clone(w.told)}
		}
	}
	// Finish makes two steps: it is killed between them.
	w.life(&murder{step: "notify of the end", moment: afterWrite}, id)
	if found == nil {
		t.Fatalf("the step %q is never due", step)
	}
	return *found
}

// world is a new one in which everything is as in the scene.
func (s scene) world(t *testing.T, r recording) *world {
	t.Helper()
	w := newWorld(t)
	w.host.console, w.host.check = r.console, "impaired"
	w.now, w.files, w.told = s.now, maps.Clone(s.files), slices.Clone(s.told)
	for _, it := range s.items {
		w.put(it)
	}
	return w
}

// momentsOf are the moments at which a step can be killed.
func momentsOf(step string) []moment {
	switch step {
	case "settle the lost claim", "conclude", "close": // their write is all their effect
		return []moment{beforeWrite, afterWrite}
	default:
		return []moment{beforeEffect, midway, beforeWrite, afterWrite}
	}
}

func TestACaseWhoseFunctionIsKilledAtAnyMomentOfAnyStepEndsExactlyOnce(t *testing.T) {
	steps, r := followup.Steps(), stuck(t)
	if len(steps) < 8 {
		t.Fatalf("only the steps %q", steps)
	}
	for _, step := range steps {
		scenes := []scene{sceneOf(t, r, step, 0)}
		if step == "observe" {
			scenes = append(scenes, sceneOf(t, r, step, 1), sceneOf(t, r, step, 2))
		}
		for _, m := range momentsOf(step) {
			t.Run(step+"/"+string(m), func(t *testing.T) {
				t.Parallel()
				for round := range rounds {
					from := scenes[round%len(scenes)]
					w, plan := from.world(t, r), murder{step: step, moment: m, nth: round % callsOf(step)}
					if w.life(&plan, from.id); !plan.struck {
						t.Fatalf("round %d: it has no such moment", round)
					}
					got := w.wantEnded(from.id, cases.FindingHungInDump)
					w.wantNews(step, m)
					if n := len(w.kept(from.id)); n < 2 || n > 4 || got.Followup.Kept < 2 {
						t.Errorf("%d consoles are kept: %q", n, w.kept(from.id))
					}
					if t.Failed() {
						t.Fatalf("round %d: %+v", round, plan)
					}
				}
			})
		}
	}
}

// callsOf is twice the number of calls that a step makes outside of the casebook: it is
// killed before each, and after each.
func callsOf(step string) int {
	if step == "observe" {
		return 12
	}
	return 2
}

// wantNews checks that people got all news in their order, each once. The one whose step
// was killed between its notification and its write they may get twice.
func (w *world) wantNews(step string, m moment) {
	w.t.Helper()
	twice := map[string]string{
		"notify of the lost claim": "lost", "notify of the dump": "dumping", "notify of the stall": "stalled", "notify of the end": "ended",
	}[step]
	var want []string
	for _, kind := range []string{"lost", "dumping", "stalled", "ended"} {
		want = append(want, kind)
		if kind == twice && m == beforeWrite {
			want = append(want, kind)
		}
	}
	got := w.news()
	if m == midway { // before the notification, or after it
		got = slices.Compact(got)
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("people were notified of %q, want %q", got, want)
	}
}

// Several executions of a step are unlikely, and must be harmless.
func TestStepsAtOnceNeverEndACaseTwiceOrReplaceEachOther(t *testing.T) {
	r := stuck(t)
	for range 20 {
		w := newWorld(t)
		id := w.claim(cases.StateInterrupted)
		w.before(id, r.console[:r.SentAt])
		w.host.console = r.console
		for _, at := range times {
			w.at(at)
			for range 6 {
				w.atOnce(t.Context(), advanceEvent(id))
			}
		}
		w.atOnce(t.Context(), finishEvent(id, ""))
		// A step that was written over another would be missing in the count.
		if got := w.wantEnded(id, cases.FindingHungInDump); got.Followup.Steps != w.steps {
			t.Errorf("%d steps were written, the case has %d", w.steps, got.Followup.Steps)
		}
	}
}

// atOnce gives an event to the function four times at once.
func (w *world) atOnce(ctx context.Context, event string) {
	w.t.Helper()
	errs := make(chan error)
	for range 4 {
		go func() {
			_, err := w.invoke(ctx, event)
			errs <- err
		}()
	}
	for range 4 {
		if err := <-errs; err != nil {
			w.t.Error(err)
		}
	}
}

// Finish is made again until it has an answer, whatever it has done before.
func TestAFollowUpThatFailedEndsOnceHoweverOftenItsEndIsKilled(t *testing.T) {
	moments := []moment{beforeEffect, beforeWrite, afterWrite}
	for round := range rounds {
		w := newWorld(t)
		id := w.claim(cases.StateInterrupted)
		for n := round; n > 0; n /= len(moments) {
			ctx := w.gate.arm(t.Context(), moments[n%len(moments)], 0)
			_, err := w.invoke(ctx, finishEvent(id, timedOut))
			if struck := w.gate.disarm(); struck == (err == nil) {
				t.Fatalf("round %d: killed %t, %v", round, struck, err)
			}
		}
		if _, err := w.invoke(t.Context(), finishEvent(id, timedOut)); err != nil {
			t.Fatal(err)
		}
		w.wantEnded(id, cases.FindingUnproven)
		if n := len(w.lines("end")); n > 1 {
			t.Errorf("round %d: its end is counted %d times", round, n)
		}
	}
}
