package guard_test

import (
	"testing"
	"time"

	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/guard"
	"crashcart/lambda/domain/instance"
	"crashcart/lambda/domain/trigger"
)

// The voice: it says nothing.
func TestTheAlarmAloneIsNeverEnough(t *testing.T) {
	silent := func(d time.Duration) func(*scene) {
		return func(s *scene) {
			s.beat = time.Time{}
			s.ping.At, s.sent.until = ago(d), ago(d)
		}
	}
	heartbeat := func(d time.Duration) func(*scene) {
		return func(s *scene) {
			s.ping = instance.Ping{}
			s.beat, s.sent.until = ago(d), ago(d)
		}
	}
	judge(t, "unresponsive", []situation{
		{"all three questions are answered", func(*scene) {}, guard.Permitted},
		{"the agent is silent for a second short of 11 minutes", silent(11*time.Minute - time.Second), guard.Later},
		{"the agent is silent for 11 minutes", silent(11 * time.Minute), guard.Permitted},
		{"the agent was silent for 30 minutes when the alarm went off", silent(32 * time.Minute), guard.Permitted},
		{"the agent was silent for a second more than that", silent(32*time.Minute + time.Second), guard.Later},
		{"the agent is silent, and the heartbeat not overdue", func(s *scene) { s.beat = ago(4 * time.Minute) }, guard.Later},
		{"the agent is not overdue, and the heartbeat silent", func(s *scene) { s.ping.At = ago(10*time.Minute + 59*time.Second) }, guard.Later},
		{"the agent is dead for days, and the heartbeat silent", func(s *scene) { s.ping.At = ago(50 * time.Hour) }, guard.Permitted},
		{"the agent is dead for days, and nothing else can fall silent", func(s *scene) { silent(50 * time.Hour)(s) }, guard.Later},
		{"the heartbeat is silent for 4 minutes", heartbeat(4 * time.Minute), guard.Later},
		{"the heartbeat is silent for 5 minutes", heartbeat(5 * time.Minute), guard.Permitted},
		{"the heartbeat is silent for 65 minutes", heartbeat(65 * time.Minute), guard.Permitted},
		{"the heartbeat is silent for 66 minutes", heartbeat(66 * time.Minute), guard.Later},
		{"neither agent nor heartbeat", silent(1000 * time.Hour), guard.Later},
		{"the agent pinged after it seemed to die", func(s *scene) { s.ping.At = ago(10 * time.Minute) }, guard.Later},
		{"a heartbeat came after it seemed to die", func(s *scene) { s.beat = ago(time.Minute) }, guard.Later},
		{"a person asks, the agent pinged after it seemed to die", func(s *scene) {
			s.direct()
			s.ping.At = ago(10 * time.Minute)
		}, guard.Refused},
		{"the agent's clock is ahead", func(s *scene) { s.ping.At = noon.Add(time.Second) }, guard.Later},
	})
}

// The reachability check alone may fail for the network's sake.
func TestAReachabilityCheckThatFailsByItselfNeverInterrupts(t *testing.T) {
	failing := func(d time.Duration) func(*scene) {
		return func(s *scene) {
			s.ping, s.beat = instance.Ping{}, time.Time{}
			s.fails(ago(d))
		}
	}
	judgeAs(t, "unresponsive", "unresponsive-checks", []situation{
		{"a second short of 5 minutes, nothing else speaks", failing(5*time.Minute - time.Second), guard.Later},
		{"5 minutes, nothing else speaks", failing(5 * time.Minute), guard.Held},
		{"days, nothing else speaks", failing(72 * time.Hour), guard.Held},
		{"5 minutes, nothing else speaks, a person asks", func(s *scene) {
			failing(5 * time.Minute)(s)
			s.direct()
		}, guard.Permitted},
		{"5 minutes, nothing else speaks, and its disk was written a minute ago", func(s *scene) {
			failing(5 * time.Minute)(s)
			s.disk.wrote = ago(time.Minute)
		}, guard.Later},
		{"AWS does not say since when", func(s *scene) {
			failing(0)(s)
			s.fails(time.Time{})
		}, guard.Later},
		{"5 minutes, and the agent is dead for days", func(s *scene) {
			failing(5 * time.Minute)(s)
			s.ping.At = ago(50 * time.Hour)
		}, guard.Held},
		{"5 minutes, and the agent is silent", func(s *scene) {
			s.beat = time.Time{}
			s.fails(ago(5 * time.Minute))
		}, guard.Permitted},
		{"2 minutes, and the agent is silent", func(s *scene) {
			s.beat = time.Time{}
			s.fails(ago(2 * time.Minute))
		}, guard.Permitted},
		{"it passes, and the agent is silent for 25 minutes", func(s *scene) {
			s.died(ago(25 * time.Minute))
			s.beat = time.Time{}
		}, guard.Permitted},
	})
}

// The machine: it writes nothing. The answers: nobody gets one.
func TestAMachineThatWorksOrAnswersIsNeverInterrupted(t *testing.T) {
	written := func(wrote time.Duration) func(*scene) {
		return func(s *scene) {
			s.beat = time.Time{}
			s.disk.wrote = ago(wrote)
		}
	}
	target := func(state, reason string, change func(*instance.Registration)) func(*scene) {
		return func(s *scene) {
			s.balanced(state, reason)
			if change != nil {
				change(&s.targets[0])
			}
		}
	}
	judgeAs(t, "unresponsive", "unresponsive-work", []situation{
		{"the disk is still for 5 minutes", written(6 * time.Minute), guard.Permitted},
		{"the disk is still for 4 minutes", written(5 * time.Minute), guard.Later},
		{"the disk is written", written(time.Minute), guard.Later},
		{"the disk works as before", func(s *scene) { s.disk.wrote = noon }, guard.Later},
		{"the disk works as before, and a person asks", func(s *scene) {
			s.direct()
			s.disk.wrote = noon
		}, guard.Refused},
		{"it has no disk", func(s *scene) { s.disk = disk{} }, guard.Later},
		{"its disk is idle", idle, guard.Later},
		{"its disk is idle, and its kernel never writes on the console", func(s *scene) {
			idle(s)
			s.description.Windows = true
			s.died(ago(30 * time.Minute))
		}, guard.Held},
		{"its disk has too few minutes, and its kernel never writes on the console", func(s *scene) {
			s.windows()
			s.disk.count = func(at time.Time) (int, bool) { return 40, !at.Before(ago(55*time.Minute)) && at.Before(s.disk.wrote) }
		}, guard.Later},
		{"its metrics are more than 5 minutes late", func(s *scene) { s.disk.lag = 6 * time.Minute }, guard.Later},
		{"healthy behind a load balancer", target("healthy", "", nil), guard.Later},
		{"it answers with errors", target("unhealthy", "Target.ResponseCodeMismatch", nil), guard.Later},
		{"it answers, and a person asks", func(s *scene) {
			target("healthy", "", nil)(s)
			s.direct()
		}, guard.Refused},
		{"healthy, but that may be from before", target("healthy", "", func(r *instance.Registration) { r.Interval = 5 * time.Minute }), guard.Later},
		{"healthy by a TCP check", target("healthy", "", func(r *instance.Registration) { r.Protocol = "TCP" }), guard.Permitted},
		{"healthy on a node port", target("healthy", "", func(r *instance.Registration) { r.Port = 30000 }), guard.Permitted},
		{"a load balancer gets no answer", target("unhealthy", "Target.Timeout", nil), guard.Permitted},
		{"it sends as much as before", func(s *scene) { s.sent.until = noon }, guard.Later},
		{"a router sends as much as before", func(s *scene) {
			s.description.Router = true
			s.sent.until = noon
		}, guard.Permitted},
		{"its application status is ok", func(s *scene) { s.status.Application.Status = "ok" }, guard.Later},
		{"its application status is impaired", func(s *scene) { s.status.Application.Status = "impaired" }, guard.Permitted},
	})
}

// idle makes its disk one that is written once in an hour.
func idle(s *scene) {
	s.disk.count = func(at time.Time) (int, bool) {
		if at.Minute() == 7 {
			return 9, true
		}
		return 0, true
	}
}

// What a hung Windows needs by this rule. The rule quiet asks for more of it, so the guard
// as a whole does not permit yet what this rule permits.
func TestTwentyMinutesAreWhatASilentWindowsNeedsByThisRule(t *testing.T) {
	for _, d := range []time.Duration{20*time.Minute - time.Second, 20 * time.Minute, 20*time.Minute + time.Second} {
		s := hung(t)
		s.description.Windows = true
		s.died(ago(d))
		s.beat = time.Time{}
		want, by := guard.Permitted, "quiet"
		if d < 20*time.Minute {
			want, by = guard.Later, "unresponsive"
		}
		alone := rule(t, "unresponsive").Check(guard.Inquiry{Question: s.question(), Config: s.config, Now: s.now})
		if alone.Kind != want {
			t.Errorf("%s: %s (%s), want %s", d, alone.Kind, alone.Why, want)
		}
		if v := s.claim(t); v.Kind != guard.Later || v.Rule != by {
			t.Errorf("%s: the guard says %s by %q, want later by %s", d, v.Kind, v, by)
		}
	}
}

// The last pass says which question stayed open, and a person may ask where only one is
// open that an alarm cannot have answered.
func TestTheLastPassNeverHidesWhatStayedOpen(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*scene)
		kind   guard.Kind
	}{
		"the voice":                     {func(s *scene) { s.ping.At = ago(10 * time.Minute) }, guard.Refused},
		"the machine":                   {idle, guard.Held},
		"the machine and the voice":     {func(s *scene) { idle(s); s.beat = ago(4 * time.Minute) }, guard.Refused},
		"the answers":                   {func(s *scene) { s.balanced("healthy", "") }, guard.Refused},
		"the neighbours":                {func(s *scene) { s.heard(9, 7*time.Minute) }, guard.Refused},
		"the machine and neighbours":    {func(s *scene) { idle(s); s.heard(9, 7*time.Minute) }, guard.Refused},
		"the check alone, and the disk": {func(s *scene) { s.ping, s.beat = instance.Ping{}, time.Time{}; s.fails(ago(11 * time.Minute)); idle(s) }, guard.Held},
	} {
		s := hung(t)
		c.change(s)
		v := s.claim(t)
		if v.Kind != guard.Later || v.Rule != "unresponsive" {
			t.Errorf("%s: %s by %q, want later", name, v.Kind, v)
		}
		if last := v.Last(); last.Kind != c.kind || last.Rule != "unresponsive" || (last.Command != "") != (c.kind == guard.Held) {
			t.Errorf("%s: at last %s by %q with %q, want %s", name, last.Kind, last, last.Command, c.kind)
		}
	}
	// A fact that is missing at the last pass is no question that a person answers.
	for _, name := range []string{"metrics", "console"} {
		s := hung(t)
		s.disk = disk{}
		q := s.question()
		facts[name].fail(&q)
		if v := claim(t, s, q); v.Last().Kind != guard.Refused || !v.Unanswered {
			t.Errorf("without %s: %s by %q, at last %s", name, v.Kind, v, v.Last().Kind)
		}
	}
}

// Where a person has to ask anyway, the person's condition decides at once.
func TestWhoMustAskAnywayIsNeverKeptWaitingForTheAlarmsSake(t *testing.T) {
	for who, ask := range map[string]func(*scene){
		"a manual host":           func(s *scene) { s.description.Tag = config.TagManual },
		"a manual stack":          func(s *scene) { s.config.Mode = config.ModeManual },
		"a text to a manual host": func(s *scene) { s.description.Tag, s.trigger.Kind = config.TagManual, trigger.KindText },
	} {
		for state, c := range map[string]struct {
			change func(*scene)
			kind   guard.Kind
			rule   string
		}{
			"one dead voice, the other not overdue": {func(s *scene) { s.ping.At, s.beat, s.disk = ago(11*time.Minute), ago(4*time.Minute), disk{} }, guard.Held, "asked"},
			"one dead voice, neighbours silent":     {func(s *scene) { s.heard(9, 7*time.Minute) }, guard.Held, "asked"},
			"a still disk alone":                    {func(s *scene) { s.ping, s.beat = instance.Ping{}, time.Time{} }, guard.Held, "asked"},
			"an agent that is dead for days":        {func(s *scene) { s.died(ago(50 * time.Hour)); s.disk = disk{} }, guard.Held, "asked"},
			"everything alive":                      {(*scene).lives, guard.Later, "unresponsive"},
			"nothing dead, nothing alive":           {func(s *scene) { s.ping, s.beat, s.disk = instance.Ping{}, time.Time{}, disk{} }, guard.Later, "unresponsive"},
			"one dead voice, and it answers":        {func(s *scene) { s.balanced("healthy", "") }, guard.Later, "unresponsive"},
		} {
			s := hung(t)
			ask(s)
			c.change(s)
			if v := s.claim(t); v.Kind != c.kind || v.Rule != c.rule {
				t.Errorf("%s, %s: %s by %q, want %s by %s", who, state, v.Kind, v, c.kind, c.rule)
			}
		}
	}
}
