package followup_test

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"crashcart/lambda/aws/notify"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/followup"
)

const nameOfObserve = "observe"

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

// story is what may happen to a case. Together they have every step.
type story struct {
	name    string
	finding cases.Finding
	play    func(*testing.T) recording
	set     func(*world, recording)    // puts the world into its state
	times   []time.Duration            // at which the case is advanced
	news    []string                   // that people get
	steps   []string                   // that are killed in it
	check   func(*world, cases.Record) // what must be true at its end
}

// lostAndStuck is a case whose claim is lost, and whose dump does not move for ten minutes,
// and then for two hours.
var lostAndStuck = story{
	name: "lost and stuck", finding: cases.FindingHungInDump, play: stuck,
	set:   func(w *world, r recording) { w.host.console, w.host.check = r.console, "impaired" },
	times: []time.Duration{2*time.Minute + time.Second, 20 * time.Minute, 150 * time.Minute},
	news:  []string{"lost", "dumping", "stalled", "ended"},
	steps: []string{
		"settle the lost claim", "notify of the lost claim", "conclude", "notify of the dump", "notify of the stall", "observe", "notify of the end", "close",
	},
	check: func(w *world, r cases.Record) {
		if n := len(w.kept(r.ID)); n < 2 || n > 4 || r.Followup.Kept < 2 {
			w.t.Errorf("%d consoles are kept: %q", n, w.kept(r.ID))
		}
	},
}

// atHome is a case whose dump comes home.
var atHome = story{
	name: "at home", finding: cases.FindingDumped, play: dumped,
	set:   func(w *world, r recording) { w.isBack(r) },
	times: []time.Duration{3 * time.Minute, 3*time.Minute + 20*time.Second, 4 * time.Minute, 5 * time.Minute, 7 * time.Minute, 10 * time.Minute, 20 * time.Minute},
	news:  []string{"lost", "ended"},
	steps: []string{"ask for a survey", "read the survey", "send", "read the report", "seal the manifest", "list the evidence"},
	check: func(w *world, r cases.Record) {
		w.wantHome(r.Followup.Collect, w.disk.files...)
		if len(w.cloud.dumps) != 2 || len(r.Followup.Collect.Missing) > 0 {
			w.t.Errorf("objects %v: %+v", w.cloud.dumps, r.Followup.Collect)
		}
	},
}

// halfWay is a case whose host dies half-way home, for good.
var halfWay = story{
	name: "half-way", finding: cases.FindingDumped, play: dumped,
	set: func(w *world, r recording) {
		w.isBack(r)
		w.disk.dies = 3
		w.handler.Collect.Snapshot, w.handler.Collect.For = config.On, 10*time.Minute
	},
	times: []time.Duration{3 * time.Minute, 3*time.Minute + 20*time.Second, 6 * time.Minute, 7 * time.Minute, 14 * time.Minute, 20 * time.Minute, 30 * time.Minute},
	news:  []string{"lost", "collect", "ended"},
	steps: []string{"read the report", "notify of the way home", "give up the dump", "snapshot"},
	check: func(w *world, r cases.Record) {
		c := r.Followup.Collect
		u := c.Files.Uploads[1]
		if kept := w.cloud.uploads[u.ID]; kept == nil || len(kept.parts) == 0 || u.Done || !strings.Contains(u.Lost, u.ID) {
			w.t.Errorf("%+v, in the bucket: %+v", u, kept)
		}
		if len(w.cloud.snapshots) != 1 || !slices.Equal(c.Snapshots, []string{w.cloud.snapshots[0].id}) {
			w.t.Errorf("snapshots %q, EC2 has %+v", c.Snapshots, w.cloud.snapshots)
		}
	},
}

var stories = []story{lostAndStuck, atHome, halfWay}

// isBack has the host be back from its dump.
func (w *world) isBack(r recording) {
	w.play(r, playedFor)
	w.host.ping = dawn.Add(2*time.Minute + 30*time.Second)
}

// murder is a plan to kill the function once.
type murder struct {
	step   string
	moment moment
	nth    int
	struck bool
	ends   bool // every call of Finish is killed after its first write
}

// plans says that the next call is to be killed, and when.
func (m *murder) plans(due, event string) (moment, int, bool) {
	if m.ends && due != "" && strings.HasPrefix(event, `{"finish"`) {
		return afterWrite, 0, true
	}
	return m.moment, m.nth, !m.struck && due == m.step
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
		ctx := w.t.Context()
		at, nth, murdered := m.plans(due, event)
		if murdered {
			ctx = w.gate.arm(ctx, at, nth)
		}
		answer, err := w.invoke(ctx, event)
		struck := murdered && w.gate.disarm()
		m.struck = m.struck || struck
		switch {
		case struck:
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

// begin is a case of a story, whose claim is lost.
func (s story) begin(t *testing.T, r recording) (*world, string) {
	t.Helper()
	w := newWorld(t)
	s.set(w, r)
	id := w.claim("")
	w.before(id, r.console[:r.SentAt])
	w.at(s.times[0])
	return w, id
}

// life follows the case to its end.
func (s story) life(w *world, m *murder, id string) {
	w.t.Helper()
	for _, at := range s.times {
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
	cloud cloud
	disk  disk
	open  int
}

// scene plays the story until the step is due, for the time after the given number of
// times.
func (s story) scene(t *testing.T, r recording, step string, after int) scene {
	t.Helper()
	w, id := s.begin(t, r)
	var found *scene
	w.due = func(due string) {
		if due != step || found != nil {
			return
		}
		if after--; after < 0 {
			found = &scene{
				id: id, now: w.clock(), items: w.items(), files: maps.Clone(w.files), told: slices.Clone(w.told),
				cloud: w.cloud.clone(), disk: w.disk, open: w.opened,
			}
		}
	}
	// Finish makes some steps: it is killed between them.
	s.life(w, &murder{ends: true}, id)
	if found == nil {
		t.Fatalf("the step %q is never due", step)
	}
	return *found
}

// world is a new one in which everything is as in the scene.
func (s scene) world(t *testing.T, of story, r recording) *world {
	t.Helper()
	w := newWorld(t)
	of.set(w, r)
	w.now, w.files, w.told = s.now, maps.Clone(s.files), slices.Clone(s.told)
	w.cloud, w.disk, w.opened = s.cloud.clone(), s.disk, s.open
	for _, it := range s.items {
		w.put(it)
	}
	return w
}

// momentsOf are the moments at which a step can be killed. Where a step makes some calls
// outside, the first moment in its midst is that before its effect.
func (s story) momentsOf(step string) []moment {
	if s.callsOf(step) > 2 && step != nameOfObserve {
		return []moment{midway, beforeWrite, afterWrite}
	}
	switch step {
	case "settle the lost claim", "conclude", "close": // their write is all their effect
		return []moment{beforeWrite, afterWrite}
	default:
		return []moment{beforeEffect, midway, beforeWrite, afterWrite}
	}
}

func TestACaseWhoseFunctionIsKilledAtAnyMomentOfAnyStepEndsExactlyOnce(t *testing.T) {
	killed := map[string]bool{}
	for _, s := range stories {
		r := s.play(t)
		for _, step := range s.steps {
			killed[step] = true
			scenes := []scene{s.scene(t, r, step, 0)}
			if step == nameOfObserve {
				scenes = append(scenes, s.scene(t, r, step, 1), s.scene(t, r, step, 2))
			}
			for _, m := range s.momentsOf(step) {
				t.Run(s.name+"/"+step+"/"+string(m), func(t *testing.T) {
					t.Parallel()
					for round := range rounds {
						from := scenes[round%len(scenes)]
						w, plan := from.world(t, s, r), murder{step: step, moment: m, nth: round % s.callsOf(step)}
						if s.life(w, &plan, from.id); !plan.struck {
							t.Fatalf("round %d: it has no such moment", round)
						}
						got := w.wantEnded(from.id, s.finding)
						w.wantNews(s.news, step, m)
						w.wantSealed(from.id)
						if s.check(w, got); t.Failed() {
							t.Fatalf("round %d: %+v", round, plan)
						}
					}
				})
			}
		}
	}
	for _, step := range followup.Steps() {
		if !killed[step] {
			t.Errorf("the step %q is never killed", step)
		}
	}
}

// callsOf is twice the number of calls that a step makes outside of the casebook: it is
// killed before each, and after each.
func (s story) callsOf(step string) int {
	switch step {
	case nameOfObserve:
		return 12
	case "read the survey", "give up the dump": // one call for the command, and one for each upload
		return 6
	case "send": // the parts of each upload, the manifest, the command
		return 8
	case "read the report": // the command, and of each upload its parts and its end
		return 10
	case "snapshot":
		return 6
	}
	return 2
}

// wantNews checks that people got all news in their order, each once. The one whose step
// was killed between its notification and its write they may get twice.
func (w *world) wantNews(all []string, step string, m moment) {
	w.t.Helper()
	twice := map[string]string{
		"notify of the lost claim": "lost", "notify of the dump": "dumping", "notify of the stall": "stalled",
		"notify of the way home": "collect", "notify of the end": "ended",
	}[step]
	var want []string
	for _, kind := range all {
		want = append(want, kind)
		if kind == twice && m == beforeWrite {
			want = append(want, kind)
		}
	}
	got := w.news()
	if !slices.Contains(all, "collect") { // a second command makes it long
		got = slices.DeleteFunc(got, func(kind string) bool { return kind == "collect" })
	}
	if m == midway { // before the notification, or after it
		got = slices.Compact(got)
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("people were notified of %q, want %q", got, want)
	}
}

// Several executions of a step are unlikely, and must be harmless.
func TestStepsAtOnceNeverEndACaseTwiceOrReplaceEachOther(t *testing.T) {
	for _, s := range stories {
		t.Run(s.name, func(t *testing.T) {
			r := s.play(t)
			for range 20 {
				w, id := s.begin(t, r)
				for _, at := range s.times {
					w.at(at)
					for range 6 {
						w.atOnce(t.Context(), advanceEvent(id))
					}
				}
				w.atOnce(t.Context(), finishEvent(id, ""))
				// A step that was written over another would be missing in the count. The first of
				// them is no step of the follow-up's: it settles the claim.
				got := w.wantEnded(id, s.finding)
				if got.Followup.Steps != w.steps-1 {
					t.Errorf("%d steps were written, the case has %d", w.steps-1, got.Followup.Steps)
				}
				w.wantSealed(id)
				if s.name == atHome.name {
					s.check(w, got)
				}
			}
		})
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
