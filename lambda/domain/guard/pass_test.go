package guard_test

import (
	"testing"
	"time"

	"crashcart/lambda/domain/guard"
	"crashcart/lambda/domain/instance"
	"crashcart/lambda/domain/trigger"
)

// seen is what the pass over a scene has seen for the next. It fails the test when the
// queue would not take it.
func seen(t *testing.T, s *scene, q guard.Question) *trigger.Seen {
	t.Helper()
	g, _ := s.guard()
	got := g.Seen(q)
	ref := s.ref
	ref.Seen = got
	if _, err := trigger.EncodeLater(trigger.Later(s.trigger, ref)); err != nil {
		t.Errorf("the queue does not take %+v: %v", got, err)
	}
	return got
}

func TestWhatAPassSawIsNeverLostNorOlderThanItIs(t *testing.T) {
	s := hung(t)
	s.ref.Seen = nil
	s.trigger.Alarm.Region, s.trigger.Alarm.State, s.trigger.Alarm.ChangedAt = "eu-central-1", "ALARM", s.trigger.At
	s.trigger.SourceKey = "alarm/" + s.trigger.Alarm.ARN + "//" + s.trigger.At.Format(time.RFC3339Nano)
	q := s.question()
	facts["console"].unask(&q)
	if got := seen(t, s, q); got != nil {
		t.Errorf("nothing seen: %+v", got)
	}
	// The console, and then its volumes fail in a pass that does not read the console.
	s.console = []byte(consoleUp)
	first := seen(t, s, s.question())
	if first == nil || !first.At.Equal(noon) || first.Kernel < 12 || first.Lines == 0 || !first.EBS.IsZero() {
		t.Fatalf("a console: %+v", first)
	}
	s.ref.Seen, s.now = first, noon.Add(time.Minute)
	s.status.EBS.Status = "impaired"
	q = s.question()
	facts["console"].unask(&q)
	second := seen(t, s, q)
	if second == nil || second.Kernel != 0 || !second.EBS.Equal(s.now) {
		t.Fatalf("volumes fail, no console read: %+v", second)
	}
	// They pass again, and the pass that saw them fail is remembered for ten minutes.
	s.status.EBS.Status = "ok"
	for after, want := range map[time.Duration]bool{10*time.Minute - time.Second: true, 10 * time.Minute: false} {
		s.ref.Seen, s.now = second, second.EBS.Add(after)
		q = s.question()
		facts["console"].unask(&q)
		if got := seen(t, s, q); (got != nil) != want || want && !got.EBS.Equal(second.EBS) {
			t.Errorf("%s after the volumes failed: %+v", after, got)
		}
	}
	// Another function's clock was ahead.
	s.ref.Seen, s.now = &trigger.Seen{At: noon.Add(time.Second), EBS: noon.Add(time.Second)}, noon
	if got := seen(t, s, s.question()); got == nil || got.EBS.IsZero() || got.EBS.After(noon) {
		t.Errorf("by a clock that is ahead: %+v", got)
	}
}

// The console costs a call. It is read early where a voice is dead or late.
func TestTheConsoleIsReadEarlyWhereAndOnlyWhereItDecides(t *testing.T) {
	talks := func(s *scene) { s.ping.At, s.beat, s.disk.wrote = s.now.Add(-6*time.Minute), time.Time{}, s.now }
	for name, c := range map[string]struct {
		change func(*scene)
		want   bool
	}{
		"a voice is dead, no disk":           {func(s *scene) { s.disk = disk{} }, true},
		"a voice is dead, the disk is idle":  {idle, true},
		"a voice is dead, the disk is still": {func(*scene) {}, true},
		"a voice is dead, the disk waits":    {written(5), true},
		"the agent is not late":              {talks, false},
		"the agent is late": {func(s *scene) {
			talks(s)
			s.ping.At = s.ping.At.Add(-time.Second)
		}, true},
		"the agent is so late that its neighbours decide, who are not asked yet": {func(s *scene) {
			talks(s)
			s.ping.At = s.now.Add(-12 * time.Minute)
			s.neighbours = nil
		}, true},
		"the heartbeat is late": {func(s *scene) {
			talks(s)
			s.beat = s.now.Add(-3 * time.Minute)
		}, true},
		"the heartbeat is not late": {func(s *scene) {
			talks(s)
			s.beat = s.now.Add(-2 * time.Minute)
		}, false},
		"a Windows":           {func(s *scene) { s.windows() }, false},
		"there is no voice":   {func(s *scene) { s.disk = disk{}; s.ping, s.beat = instance.Ping{}, time.Time{} }, false},
		"it is alive":         {func(s *scene) { s.disk = disk{}; s.status.Application.Status = "ok" }, false},
		"a person asks":       {func(s *scene) { s.disk = disk{}; s.direct() }, false},
		"a person has to ask": {func(s *scene) { s.disk = disk{}; s.description.Tag = "manual" }, false},
	} {
		s := hung(t)
		c.change(s)
		g, _ := s.guard()
		q := s.question()
		facts["console"].unask(&q)
		if s.neighbours == nil {
			facts["neighbours"].unask(&q)
		}
		if got := g.WantsConsole(q); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
