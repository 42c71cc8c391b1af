package guard_test

import (
	"cmp"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/guard"
	"crashcart/lambda/domain/trigger"
)

func TestAnEpisodeNeverHasASecondInterrupt(t *testing.T) {
	judge(t, "episode", []situation{
		{"no case", func(*scene) {}, guard.Permitted},
		{"its case is open", func(s *scene) {
			s.view = cases.View{OpenCase: hungID + "-0123456789abcdef", OpenedAt: ago(7*time.Hour + 13*time.Minute)}
		}, guard.Duplicate},
		{"its case is open, nobody knows since when", func(s *scene) { s.view.OpenCase = hungID + "-0123456789abcdef" }, guard.Duplicate},
		{"the same alarm once more, its case closed", func(s *scene) { s.view.ClaimedBy = hungID + "-0123456789abcdef" }, guard.Duplicate},
		{"a person who forces asks while its case is open", func(s *scene) {
			s.direct("unresponsive", "cooldown")
			s.view = cases.View{OpenCase: hungID + "-0123456789abcdef", OpenedAt: ago(90 * time.Second)}
		}, guard.Duplicate},
	})
}

func TestAPulledLeverNeverPermits(t *testing.T) {
	judge(t, "lever", []situation{
		{"released", func(*scene) {}, guard.Permitted},
		{"pulled", func(s *scene) {
			s.view.Lever = cases.Lever{Pulled: true, By: "oncall", Reason: "database migration", Since: ago(2*time.Minute + 40*time.Second)}
		}, guard.Refused},
		{"pulled, with nothing said", func(s *scene) { s.view.Lever.Pulled = true }, guard.Refused},
		{"pulled, with a reason that steers the terminal", func(s *scene) {
			s.view.Lever = cases.Lever{Pulled: true, By: "\x1b]0;oncall\a", Reason: "\u202eenod\x1b[2J" + strings.Repeat(" very long", 30), Since: ago(time.Hour)}
		}, guard.Refused},
		{"pulled, with a reason of several lines", func(s *scene) {
			s.view.Lever = cases.Lever{Pulled: true, By: "on\ncall", Reason: "one\r\n  two\tthree", Since: ago(time.Hour)}
		}, guard.Refused},
	})
}

func TestAnOldTriggerIsNeverNews(t *testing.T) {
	age := func(d time.Duration) func(*scene) {
		return func(s *scene) {
			s.trigger.At = ago(d)
			s.died(ago(max(d, 12*time.Minute)))
			s.disk.wrote = ago(max(d, 12*time.Minute))
		}
	}
	windows := func(d time.Duration) func(*scene) {
		return func(s *scene) {
			s.windows()
			s.died(ago(d)) // its agent is no voice any more after an hour, its heartbeat is
			s.trigger.At = ago(d)
		}
	}
	asked := func(d time.Duration) func(*scene) {
		return func(s *scene) {
			s.direct("unresponsive", "cooldown", "quiet")
			s.trigger.At = ago(d)
		}
	}
	judge(t, "fresh", []situation{
		{"a second short of 30 minutes", age(30*time.Minute - time.Second), guard.Permitted},
		{"30 minutes", age(30 * time.Minute), guard.Refused},
		{"a second more than 30 minutes", age(30*time.Minute + time.Second), guard.Refused},
		{"23 days, as SNS may be late", func(s *scene) { s.trigger.At = ago(23 * 24 * time.Hour) }, guard.Refused},
		{"Windows, a second short of an hour", windows(time.Hour - time.Second), guard.Permitted},
		{"Windows, an hour", windows(time.Hour), guard.Refused},
		{"Windows, a second more than an hour", windows(time.Hour + time.Second), guard.Refused},
		{"a second short of a minute ahead", age(-59 * time.Second), guard.Permitted},
		{"a minute ahead", age(-time.Minute), guard.Permitted},
		{"a second more than a minute ahead", age(-61 * time.Second), guard.Refused},
		{"no time of its own", func(s *scene) {
			s.direct("unresponsive") // the ping is later than no time at all
			s.trigger.At = time.Time{}
		}, guard.Refused},
		{"a person asked a second short of 2 minutes ago", asked(2*time.Minute - time.Second), guard.Permitted},
		{"a person asked 2 minutes ago", asked(2 * time.Minute), guard.Refused},
		{"a person asked a second more than a minute ahead", asked(-61 * time.Second), guard.Refused},
		{"a person asked 2 minutes ago for a Windows", func(s *scene) {
			s.windows()
			asked(2 * time.Minute)(s)
		}, guard.Refused},
	})
}

// The handler gives a target up when it lapses before its next pass. It must not do so
// before the rule refuses.
func TestATriggerLapsesWhenTheRuleSaysSo(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*scene, *guard.Question)
		after  time.Duration
	}{
		"Linux":                     {func(*scene, *guard.Question) {}, 30 * time.Minute},
		"Windows":                   {func(s *scene, q *guard.Question) { s.windows(); *q = s.question() }, time.Hour},
		"a person's request":        {func(s *scene, q *guard.Question) { s.direct(); *q = s.question() }, 2 * time.Minute},
		"nobody has asked what":     {func(_ *scene, q *guard.Question) { facts["description"].unask(q) }, time.Hour},
		"nobody could say what":     {func(_ *scene, q *guard.Question) { facts["description"].fail(q) }, time.Hour},
		"a setting of five minutes": {func(s *scene, _ *guard.Question) { s.config.Rules.Fresh = 5 * time.Minute }, 5 * time.Minute},
	} {
		s := hung(t)
		q := s.question()
		c.change(s, &q)
		g, _ := s.guard()
		lapses := g.Lapses(q)
		if got := lapses.Sub(s.trigger.At); got != c.after {
			t.Errorf("%s: it lapses after %s, want %s", name, got, c.after)
		}
		for moment, want := range map[time.Time]bool{lapses.Add(-time.Second): false, lapses: true} {
			v := rule(t, "fresh").Check(guard.Inquiry{Question: q, Config: s.config, Now: moment})
			if refused := v.Kind == guard.Refused; refused != want {
				t.Errorf("%s, %s after the trigger: %s (%s)", name, moment.Sub(s.trigger.At), v.Kind, v.Why)
			}
		}
	}
}

// modes says what the guard makes of a hung instance, by the stack's mode and the tag.
var modes = []struct {
	mode          config.Mode
	tag           string
	alarm, direct guard.Kind
	dryRun        bool
}{
	{config.ModeDryRun, config.TagAuto, guard.Permitted, guard.Permitted, true},
	{config.ModeDryRun, config.TagManual, guard.Held, guard.Permitted, true},
	{config.ModeManual, config.TagAuto, guard.Held, guard.Permitted, false},
	{config.ModeManual, config.TagManual, guard.Held, guard.Permitted, false},
	{config.ModeAuto, config.TagAuto, guard.Permitted, guard.Permitted, false},
	{config.ModeAuto, config.TagManual, guard.Held, guard.Permitted, false},
	{"", config.TagAuto, guard.Held, guard.Permitted, true}, // no mode at all is the most careful one
}

func TestNobodyButAPersonAsksUnlessStackAndTagAreAuto(t *testing.T) {
	var all []situation
	for _, m := range modes {
		where := "mode " + cmp.Or(string(m.mode), "not set") + ", tag " + m.tag
		set := func(s *scene) { s.config.Mode, s.description.Tag = m.mode, m.tag }
		for _, kind := range []trigger.Kind{trigger.KindAlarm, trigger.KindText, trigger.KindAttribute} {
			all = append(all, situation{where + ", by " + string(kind), func(s *scene) {
				set(s)
				s.trigger.Kind = kind
			}, m.alarm})
		}
		all = append(all, situation{where + ", by direct", func(s *scene) {
			set(s)
			s.direct()
		}, m.direct})
	}
	all = append(all, situation{"a trigger of no kind in a manual stack", func(s *scene) {
		s.config.Mode, s.trigger.Kind = config.ModeManual, ""
	}, guard.Held})
	judge(t, "asked", all)
}

func TestAStackThatMayNotInterruptNeverTakesALiveClaim(t *testing.T) {
	for _, m := range modes {
		s := hung(t)
		s.config.Mode, s.description.Tag = m.mode, m.tag
		s.direct()
		g, book := s.guard()
		if p, v := g.Claim(t.Context(), s.question()); v.Kind != guard.Permitted || p.DryRun() != m.dryRun {
			t.Errorf("mode %q: %s, dry run %v, want %v", m.mode, v.Kind, p.DryRun(), m.dryRun)
		}
		if len(book.requests) != 1 || book.requests[0].DryRun != m.dryRun || g.DryRun(&s.trigger) != m.dryRun {
			t.Errorf("mode %q: the claim is %+v, want dry run %v", m.mode, book.requests, m.dryRun)
		}
		s.trigger.DryRun = true
		if !g.DryRun(&s.trigger) {
			t.Errorf("mode %q: a request for a dry run is not one", m.mode)
		}
	}
}
