package guard_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/guard"
	"crashcart/lambda/domain/instance"
)

func TestWhatChangedSinceTheDecisionIsNeverClaimed(t *testing.T) {
	for name, change := range alone {
		if name == "opted-in" {
			continue // its question is another request altogether
		}
		s := hung(t)
		g, book := s.guard()
		if v := g.Decide(s.question()); v.Kind != guard.Permitted {
			t.Fatalf("before: %s by %q", v.Kind, v)
		}
		change(s)
		if p, v := g.Claim(t.Context(), s.question()); v.Kind == guard.Permitted || v.Rule != name || p != (guard.Permit{}) {
			t.Errorf("%s: %s by %q", name, v.Kind, v)
		}
		if len(book.requests) != 0 {
			t.Errorf("%s: the casebook was asked to claim", name)
		}
	}
}

func TestALostClaimNeverPermits(t *testing.T) {
	since := ago(3 * time.Second)
	for _, c := range []struct {
		name string
		err  error
		kind guard.Kind
		want string
	}{
		{"duplicate", &cases.LostError{Cause: cases.CauseDuplicate, CaseID: "c-1", Since: since}, guard.Duplicate, "episode: case c-1 was opened 3s ago, while this trigger was being decided"},
		{"open", &cases.LostError{Cause: cases.CauseOpen, CaseID: "c-2", Since: since}, guard.Duplicate, "episode: case c-2 was opened 3s ago, while this trigger was being decided"},
		{"open, nobody knows since when", &cases.LostError{Cause: cases.CauseOpen, CaseID: "c-3"}, guard.Duplicate, "episode: case c-3 was opened at an unknown time, while this trigger was being decided"},
		{"lever", &cases.LostError{Cause: cases.CauseLever}, guard.Refused, "lever: the lever was pulled a moment ago"},
		{"cooldown", &cases.LostError{Cause: cases.CauseCooldown, Since: ago(time.Hour)}, guard.Refused, "cooldown: interrupted 1h ago, 6h required; force can shorten it to 1h"},
		{"group", &cases.LostError{Cause: cases.CauseGroup}, guard.Refused, "group: the last free slot of its group was taken a moment ago"},
		{"budget", &cases.LostError{Cause: cases.CauseBudget}, guard.Refused, "budget: the last of 3 interrupts an hour was taken a moment ago"},
		{"budget, another slot is free while the trigger is fresh", &cases.LostError{Cause: cases.CauseBudget}, guard.Later, "budget: the last of 3 interrupts an hour was taken a moment ago"},
		{"budget, another slot is free too late", &cases.LostError{Cause: cases.CauseBudget}, guard.Refused, "budget: the last of 3 interrupts an hour was taken a moment ago"},
		{"conflict", &cases.LostError{Cause: cases.CauseConflict}, guard.Later, "episode: too many claims at the same moment"},
		{"a cause that nobody knows yet", &cases.LostError{Cause: "eclipse"}, guard.Later, "episode: too many claims at the same moment"},
		{"lost, inside another error", fmt.Errorf("claiming: %w", &cases.LostError{Cause: cases.CauseLever}), guard.Refused, "lever: the lever was pulled a moment ago"},
		{"no answer", errors.New("dial tcp:\n\ttimeout"), guard.Later, "episode: the casebook gave no clear answer to the claim: dial tcp: timeout"},
		{"cancelled", context.Canceled, guard.Later, "episode: the casebook gave no clear answer to the claim: context canceled"},
	} {
		s := hung(t)
		switch c.name {
		case "budget, another slot is free while the trigger is fresh":
			s.budget = taken(2, noon.Add(10*time.Minute))
		case "budget, another slot is free too late":
			s.budget = taken(2, noon.Add(28*time.Minute))
		}
		g, book := s.guard()
		book.err = c.err
		p, v := g.Claim(t.Context(), s.question())
		if v.Kind != c.kind || v.String() != c.want {
			t.Errorf("%s: %s by %q, want %s by %q", c.name, v.Kind, v, c.kind, c.want)
		}
		if p != (guard.Permit{}) || len(book.requests) != 1 {
			t.Errorf("%s: a permit (%v) after %d claims", c.name, p, len(book.requests))
		}
		lost, ok := errors.AsType[*cases.LostError](c.err)
		if ok && v.CaseID != lost.CaseID {
			t.Errorf("%s: case %q, want %q", c.name, v.CaseID, lost.CaseID)
		}
	}
}

func TestAClaimNeverAsksForMoreThanTheRulesAllow(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*scene)
		want   cases.Request
	}{
		{"an alarm", func(*scene) {}, cases.Request{Cooldown: 6 * time.Hour, GroupLimit: 1}},
		{"a stack in dry run", func(s *scene) { s.config.Mode = config.ModeDryRun }, cases.Request{DryRun: true, Cooldown: 6 * time.Hour, GroupLimit: 1}},
		{"a request for a dry run", func(s *scene) { s.trigger.DryRun = true }, cases.Request{DryRun: true, Cooldown: 6 * time.Hour, GroupLimit: 1}},
		{"forced cooldown", func(s *scene) { s.direct("cooldown") }, cases.Request{Cooldown: time.Hour, GroupLimit: 1}},
		{"forced otherwise", func(s *scene) { s.direct("unresponsive") }, cases.Request{Cooldown: 6 * time.Hour, GroupLimit: 1}},
		{"an alarm that names a force", func(s *scene) { s.trigger.Force = []string{"cooldown"} }, cases.Request{Cooldown: 6 * time.Hour, GroupLimit: 1}},
		{"a group of 1", func(s *scene) { s.member(1) }, cases.Request{Cooldown: 6 * time.Hour, Group: "asg/web", GroupLimit: 1}},
		{"a group of 5", func(s *scene) { s.member(5) }, cases.Request{Cooldown: 6 * time.Hour, Group: "asg/web", GroupLimit: 1}},
		{"a group of 6", func(s *scene) { s.member(6) }, cases.Request{Cooldown: 6 * time.Hour, Group: "asg/web", GroupLimit: 2}},
		{"a group of 10", func(s *scene) { s.member(10) }, cases.Request{Cooldown: 6 * time.Hour, Group: "asg/web", GroupLimit: 2}},
		{"a group of 11", func(s *scene) { s.member(11) }, cases.Request{Cooldown: 6 * time.Hour, Group: "asg/web", GroupLimit: 3}},
		{"a tag group", func(s *scene) {
			s.member(6)
			s.group.Kind, s.group.Name = instance.GroupTag, "workers"
		}, cases.Request{Cooldown: 6 * time.Hour, Group: "tag/workers", GroupLimit: 2}},
	} {
		s := hung(t)
		c.change(s)
		g, book := s.guard()
		p, v := g.Claim(t.Context(), s.question())
		if v.Kind != guard.Permitted || len(book.requests) != 1 {
			t.Errorf("%s: %s by %q", c.name, v.Kind, v)
			continue
		}
		c.want.InstanceID, c.want.Budget = hungID, 3
		if c.want.Vitals = g.Vitals(s.question()); len(c.want.Vitals) == 0 {
			t.Errorf("%s: nothing was seen of the host", c.name)
		}
		c.want.Seen = &cases.Seen{Budget: s.budget, Group: s.groupSlots}
		c.want.Origin = cases.Origin{
			SourceKey: s.trigger.SourceKey, Kind: string(s.trigger.Kind), Source: s.trigger.Source,
			Reason: s.trigger.Reason, RequestedBy: s.trigger.RequestedBy, Forced: s.trigger.Force,
		}
		if s.trigger.Alarm != nil {
			c.want.Origin.Alarm = s.trigger.Alarm.ARN
		}
		if !reflect.DeepEqual(book.requests[0], c.want) {
			t.Errorf("%s: claims\n%+v, want\n%+v", c.name, book.requests[0], c.want)
		}
		if p.DryRun() != c.want.DryRun || p.Case().InstanceID != hungID {
			t.Errorf("%s: the permit is for %+v", c.name, p.Case())
		}
	}
}
