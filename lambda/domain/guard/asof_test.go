package guard_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/guard"
	"crashcart/lambda/domain/instance"
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
	const wait = 10 * time.Second
	for name, c := range map[string]struct {
		change func(*scene)
		kind   guard.Kind
		rule   string
	}{
		"the agent's silence": {func(s *scene) { s.ping.At = ago(6*time.Minute - time.Second) }, guard.Later, "unresponsive"},
		"its window's other end": {func(s *scene) {
			s.ping.At = ago(30 * time.Minute)
		}, guard.Permitted, "unresponsive"},
		"the reachability check": {func(s *scene) {
			s.ping = instance.Ping{}
			s.fails(ago(5*time.Minute - time.Second))
		}, guard.Later, "unresponsive"},
		"the application check": {func(s *scene) {
			s.config.Rules.ApplicationStatus = true
			s.ping = instance.Ping{}
			s.status.Application = instance.Check{Status: "impaired", Since: ago(5*time.Minute - time.Second)}
		}, guard.Later, "unresponsive"},
		"a ping after the check failed": {func(s *scene) {
			s.fails(ago(20 * time.Minute))
			s.ping.At = ago(6*time.Minute - time.Second)
		}, guard.Later, "unresponsive"},
		"other agents' silence": {func(s *scene) {
			clear(s.others)
			s.heard(3, 6*time.Minute-time.Second)
		}, guard.Permitted, "unresponsive"},
		"other agents' window": {func(s *scene) {
			clear(s.others)
			s.heard(3, 30*time.Minute)
		}, guard.Later, "unresponsive"},
		"another member's silence": {func(s *scene) {
			s.member(5)
			s.group.Members[1].Ping.At = ago(6*time.Minute - time.Second)
		}, guard.Permitted, "unresponsive"},
		"the Region's window": {func(s *scene) { s.region(11, ago(instance.RegionWindow)) }, guard.Refused, "region"},
	} {
		s := hung(t)
		s.trigger.At = ago(time.Minute)
		c.change(s)
		s.waited(wait)
		if v := s.claim(t); v.Kind != c.kind || v.Rule != c.rule {
			t.Errorf("%s: %s (%s), want %s by %s", name, v.Kind, v, c.kind, c.rule)
		}
	}
}

// The full status is asked a moment after the list of failing checks.
func TestACheckThatPassesByNowNeverProvesAHang(t *testing.T) {
	for status, want := range map[string]struct {
		kind guard.Kind
		why  string
	}{
		"impaired":          {guard.Permitted, "unresponsive: AWS's reachability check fails for 11m (5m required)"},
		"ok":                {guard.Refused, "unresponsive: AWS's reachability check failed and passes again: it is alive"},
		"insufficient-data": {guard.Later, "unresponsive: it has no SSM agent that could fall silent; AWS's reachability check failed, and is insufficient-data by now"},
		"initializing":      {guard.Later, "unresponsive: it has no SSM agent that could fall silent; AWS's reachability check failed, and is initializing by now"},
	} {
		s := hung(t)
		s.ping = instance.Ping{}
		s.fails(ago(11 * time.Minute))
		s.status.Instance.Status = status
		if v := s.claim(t); v.Kind != want.kind || v.String() != want.why {
			t.Errorf("%s: %s by %q, want %s by %q", status, v.Kind, v, want.kind, want.why)
		}
	}
}

// What nobody has asked yet must not be said.
func TestACheckIsOnlyCalledPassingWhenItWasSeenToPass(t *testing.T) {
	s := hung(t)
	s.ping.At = ago(3 * time.Minute)
	q := s.question()
	q.Instance.Status = fact.Of[instance.Status]{}
	g, _ := s.guard()
	const want = "unresponsive: its SSM agent pinged 3m ago, 6m of silence required; AWS's reachability check does not fail"
	if v := g.Screen(q); v.String() != want {
		t.Errorf("it reads %q, want %q", v, want)
	}
}

func TestALaterVerdictSaysWhenToAskAgain(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*scene)
		want   time.Duration
	}{
		"silent for 2m45s of 6m": {func(s *scene) { s.ping.At = ago(2*time.Minute + 45*time.Second) }, 3*time.Minute + 15*time.Second},
		"the check fails for 2m5s of 5m": {func(s *scene) {
			s.ping = instance.Ping{}
			s.fails(ago(2*time.Minute + 5*time.Second))
		}, 2*time.Minute + 55*time.Second},
		"the earlier of two": {func(s *scene) {
			s.ping.At = ago(2*time.Minute + 30*time.Second)
			s.fails(ago(2 * time.Minute))
		}, 3 * time.Minute},
		"launched 7 minutes ago":    {func(s *scene) { s.description.LaunchedAt = ago(7 * time.Minute) }, 3 * time.Minute},
		"half a second short of 6m": {func(s *scene) { s.ping.At = ago(6*time.Minute - time.Second/2) }, time.Second},
		"nobody can say":            {func(s *scene) { s.ping = instance.Ping{} }, time.Minute},
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
