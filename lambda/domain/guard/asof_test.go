package guard_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/guard"
	"crashcart/lambda/domain/instance"
	"crashcart/lambda/domain/trigger"
)

// waited lets that long pass between the facts and the decision.
func (s *scene) waited(d time.Duration) {
	s.asOf = noon
	s.now = noon.Add(d)
}

func TestFactsThatAreTooOldAreNeverActedOn(t *testing.T) {
	for _, c := range []struct {
		age  time.Duration
		ask  func(*scene)
		kind guard.Kind
	}{
		{0, func(*scene) {}, guard.Permitted},
		{guard.FactsLife, func(*scene) {}, guard.Permitted},
		{guard.FactsLife + time.Millisecond, func(*scene) {}, guard.Later},
		{time.Minute, func(*scene) {}, guard.Later},
		{time.Minute, func(s *scene) { s.direct("unresponsive", "cooldown") }, guard.Later},
		{time.Minute, func(s *scene) { s.trigger.DryRun = true }, guard.Later},
	} {
		s := hung(t)
		s.waited(c.age)
		c.ask(s)
		if v := s.claim(t); v.Kind != c.kind { // which counts the claims as well
			t.Errorf("facts of %s ago: %s (%s), want %s", c.age, v.Kind, v, c.kind)
		}
	}
	s := hung(t)
	s.waited(20 * time.Second)
	if v := s.claim(t); v.String() != "unresponsive: what is known of it is 20s old, at most 15s may be acted on" {
		t.Errorf("it reads %q", v)
	}
}

// A machine may have come back since it was asked about, so the time since then
// must never count as time without life.
func TestWaitingAloneNeverMakesAFailureOlder(t *testing.T) {
	const wait, second = 10 * time.Second, time.Second
	alone := func(s *scene) { s.beat, s.disk = time.Time{}, disk{} } // no vital but the one in question
	for name, c := range map[string]struct {
		change func(*scene)
		kind   guard.Kind
	}{
		"the agent's silence": {func(s *scene) {
			s.ping.At = ago(11*time.Minute - second)
		}, guard.Later},
		"its window's other end": {func(s *scene) {
			s.died(ago(30 * time.Minute))
			s.beat = time.Time{}
		}, guard.Permitted},
		"the heartbeat's": {func(s *scene) {
			s.asOf = noon.Add(-second)
			s.beat = ago(5 * time.Minute)
		}, guard.Later},
		"the reachability check, at a person's request": {func(s *scene) {
			alone(s)
			s.direct()
			s.ping = instance.Ping{}
			s.fails(ago(5*time.Minute - second))
		}, guard.Later},
		"the disk's stillness": {func(s *scene) {
			s.asOf = noon.Add(-second)
			s.disk.wrote = ago(6 * time.Minute) // of which four minutes are published
		}, guard.Later},
		"the neighbours' silence": {func(s *scene) {
			s.heard(3, 6*time.Minute)
		}, guard.Permitted},
		"another member's silence": {func(s *scene) {
			s.member(5)
			s.group.Members[1].Ping.At = ago(11*time.Minute - second)
		}, guard.Permitted},
		"the Region's window": {func(s *scene) { s.region(11, ago(instance.RegionWindow)) }, guard.Refused},
		"the check of its volumes": {func(s *scene) {
			s.ref.Seen = &trigger.Seen{At: noon, EBS: ago(10*time.Minute - second)}
		}, guard.Later},
		"an empty console": {func(s *scene) {
			s.died(ago(20*time.Minute - second))
			s.console = nil
		}, guard.Later},
	} {
		s := hung(t)
		s.trigger.At, s.asOf = ago(time.Minute), noon
		c.change(s)
		s.now = s.asOf.Add(wait)
		if v := s.claim(t); v.Kind != c.kind {
			t.Errorf("%s: %s (%s), want %s", name, v.Kind, v, c.kind)
		}
	}
}

// The full status is asked a moment after the list of failing checks.
func TestACheckThatPassesByNowNeverProvesAHang(t *testing.T) {
	for status, want := range map[string]struct {
		kind guard.Kind
		why  string
	}{
		"impaired":          {guard.Permitted, "unresponsive: it writes nothing (0 for 8 min, 40 a minute before), and nobody gets an answer (NetworkOut 2.0 kB in 5m, 1.0 MB before); not proven that it says nothing (reachability check has failed for 11m, and neither agent nor heartbeat was heard in the hour before: that may be its network alone)"},
		"ok":                {guard.Permitted, "unresponsive: it writes nothing (0 for 8 min, 40 a minute before), and nobody gets an answer (NetworkOut 2.0 kB in 5m, 1.0 MB before); not proven that it says nothing (no SSM agent, no heartbeat, reachability check failed, and is ok by now: nothing of it can fall silent)"},
		"insufficient-data": {guard.Permitted, "unresponsive: it writes nothing (0 for 8 min, 40 a minute before), and nobody gets an answer (NetworkOut 2.0 kB in 5m, 1.0 MB before); not proven that it says nothing (no SSM agent, no heartbeat, reachability check failed, and is insufficient-data by now: nothing of it can fall silent)"},
	} {
		s := hung(t)
		s.direct()
		s.ping, s.beat = instance.Ping{}, time.Time{}
		s.fails(ago(11 * time.Minute))
		s.status.Instance.Status = status
		if v := s.claim(t); v.Kind != want.kind || v.String() != want.why {
			t.Errorf("%s: %s by %q, want %s by %q", status, v.Kind, v, want.kind, want.why)
		}
		// Without the disk there is nothing but the check.
		s.disk = disk{}
		if v := s.claim(t); (v.Kind == guard.Permitted) != (status == "impaired") {
			t.Errorf("%s alone: %s by %q", status, v.Kind, v)
		}
	}
}

// What nobody has asked yet must not be said.
func TestACheckIsOnlyCalledPassingWhenItWasSeenToPass(t *testing.T) {
	s := hung(t)
	s.ping.At = ago(3 * time.Minute)
	q := s.question()
	for _, name := range []string{"status", "metrics", "targets", "neighbours"} {
		facts[name].unask(&q)
	}
	g, _ := s.guard()
	const want = "unresponsive: not proven that it says nothing (SSM ping 3m ago, 11m required)"
	if v := g.Screen(q); v.Kind != guard.Later || v.String() != want {
		t.Errorf("it reads %q, want %q", v, want)
	}
}

func TestALaterVerdictSaysWhenToAskAgain(t *testing.T) {
	silent := func(d time.Duration) func(*scene) {
		return func(s *scene) {
			s.died(ago(d))
			s.beat = time.Time{}
		}
	}
	for name, c := range map[string]struct {
		change func(*scene)
		want   time.Duration
	}{
		"the agent is silent for 7m45s of 11m": {silent(7*time.Minute + 45*time.Second), 3*time.Minute + 15*time.Second},
		"half a second short of 11m":           {silent(11*time.Minute - time.Second/2), time.Second},
		"the heartbeat ended 2 minutes ago, at a person's request": {func(s *scene) {
			s.direct()
			s.beat, s.ping, s.disk = ago(2*time.Minute), instance.Ping{}, disk{}
		}, 3 * time.Minute},
		"the disk is still for 3 minutes": {func(s *scene) { s.beat, s.disk.wrote = time.Time{}, ago(4*time.Minute) }, 2 * time.Minute},
		"the longer of two": {func(s *scene) {
			s.beat, s.ping.At, s.disk.wrote = ago(4*time.Minute), ago(9*time.Minute), ago(6*time.Minute)
		}, 2 * time.Minute},
		"a check that may be from before": {func(s *scene) { s.balanced("healthy", ""); s.targets[0].Interval = 4 * time.Minute }, time.Minute},
		"launched 7 minutes ago":          {func(s *scene) { s.description.LaunchedAt = ago(7 * time.Minute) }, 3 * time.Minute},
		"nobody can say":                  {func(s *scene) { s.ping, s.beat = instance.Ping{}, time.Time{} }, time.Minute},
		"the first of two, at a person's request": {func(s *scene) {
			s.direct()
			s.beat, s.ping.At, s.disk = ago(2*time.Minute), ago(10*time.Minute), disk{}
		}, time.Minute},
	} {
		s := hung(t)
		s.trigger.At = ago(time.Minute)
		c.change(s)
		v := s.claim(t)
		if v.Kind != guard.Later || v.Again() != c.want {
			t.Errorf("%s: %s (%s), again in %s, want later and %s", name, v.Kind, v, v.Again(), c.want)
		}
	}
}

// hanging is a casebook whose answers never come.
type hanging struct{}

func (hanging) Claim(ctx context.Context, _ cases.Request) (cases.Case, error) {
	<-ctx.Done()
	return cases.Case{}, ctx.Err()
}

func TestAClaimThatHangsNeverOutlivesThePermitThatItWouldMake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := hung(t)
		g := guard.New(s.config, hanging{})
		g.Now = func() time.Time { return s.now }
		start := time.Now()
		p, v := g.Claim(t.Context(), s.question())
		if v.Kind != guard.Later || p != (guard.Permit{}) {
			t.Errorf("%s (%s)", v.Kind, v)
		}
		if waited := time.Since(start); waited != 4*time.Second {
			t.Errorf("it waited %s for the casebook, want 4s", waited)
		}
	})
}
