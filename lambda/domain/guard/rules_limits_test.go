package guard_test

import (
	"testing"
	"time"

	"crashcart/lambda/domain/guard"
	"crashcart/lambda/domain/instance"
)

func TestAnInstanceIsNeverInterruptedTwiceInAWhile(t *testing.T) {
	last := func(d time.Duration, force ...string) func(*scene) {
		return func(s *scene) {
			s.view.LastClaim = ago(d)
			if len(force) > 0 {
				s.direct(force...)
			}
		}
	}
	judge(t, "cooldown", []situation{
		{"never", func(*scene) {}, guard.Permitted},
		{"a moment ago", last(0), guard.Refused},
		{"2h13m ago", last(2*time.Hour + 13*time.Minute), guard.Refused},
		{"a second short of 6 hours ago", last(6*time.Hour - time.Second), guard.Refused},
		{"6 hours ago", last(6 * time.Hour), guard.Permitted},
		{"a second more than 6 hours ago", last(6*time.Hour + time.Second), guard.Permitted},
		{"in the future, by a clock that is ahead", last(-5 * time.Second), guard.Refused},
		{"2h13m ago, direct", func(s *scene) {
			s.direct()
			last(2*time.Hour + 13*time.Minute)(s)
		}, guard.Refused},
		{"forced, a second short of an hour ago", last(time.Hour-time.Second, "cooldown"), guard.Refused},
		{"forced, an hour ago", last(time.Hour, "cooldown"), guard.Permitted},
		{"forced, a moment ago", last(0, "cooldown"), guard.Refused},
		{"another rule forced, 5 hours ago", last(5*time.Hour, "unresponsive"), guard.Refused},
		{"half a week, 3 days ago", func(s *scene) {
			s.config.Rules.Cooldown = 84 * time.Hour
			last(72 * time.Hour)(s)
		}, guard.Refused},
		{"an hour is configured, half of it is over", func(s *scene) {
			s.config.Rules.Cooldown = time.Hour
			last(30 * time.Minute)(s)
		}, guard.Refused},
	})
}

func TestABadDeployIsNeverTakenForAHang(t *testing.T) {
	dead := func(n, dead int) func(*scene) {
		return func(s *scene) {
			s.member(n)
			for i := range dead {
				s.group.Members[i].Unreachable = true
			}
		}
	}
	open := func(n, cases int) func(*scene) {
		return func(s *scene) {
			s.member(n)
			s.groupSlots = taken(cases, noon.Add(time.Hour))
		}
	}
	// silent makes one more member silent for d; the instance itself is the other one.
	silent := func(d time.Duration) func(*scene) {
		return func(s *scene) {
			s.member(5)
			s.group.Members[1].Ping.At = ago(d)
		}
	}
	judge(t, "group", []situation{
		{"in no group", func(*scene) {}, guard.Permitted},
		{"in no group, though slots of one are taken", func(s *scene) { s.groupSlots = taken(9, noon.Add(time.Hour)) }, guard.Permitted},
		{"alone in its group", dead(1, 1), guard.Permitted},
		{"1 of 5 dead", dead(5, 1), guard.Permitted},
		{"2 of 5 dead", dead(5, 2), guard.Refused},
		{"2 of 6 dead", dead(6, 2), guard.Permitted},
		{"3 of 6 dead", dead(6, 3), guard.Refused},
		{"all of 10 dead", dead(10, 10), guard.Refused},
		{"0 of 5 cases open", open(5, 0), guard.Permitted},
		{"1 of 5 cases open", open(5, 1), guard.Refused},
		{"1 of 10 cases open", open(10, 1), guard.Permitted},
		{"2 of 10 cases open", open(10, 2), guard.Refused},
		{"2 of 11 cases open", open(11, 2), guard.Permitted},
		{"its only member has a case", open(1, 1), guard.Refused},
		{"a group without members", open(0, 0), guard.Permitted},
		{"another is silent for a second short of 11 minutes", silent(11*time.Minute - time.Second), guard.Permitted},
		{"another is silent for 11 minutes", silent(11 * time.Minute), guard.Refused},
		{"another is silent for 60 minutes, it may be a Windows", silent(60 * time.Minute), guard.Refused},
		{"another is silent for a second more than 60 minutes", silent(60*time.Minute + time.Second), guard.Permitted},
		{"another answers its load balancer no more", func(s *scene) {
			s.member(5)
			s.group.Members[1].Unhealthy = true
		}, guard.Refused},
		{"2 of 5 of a target group dead", func(s *scene) {
			dead(5, 2)(s)
			s.group.Kind, s.group.Name, s.group.Lifecycle = instance.GroupTargets, "api/50dc6c495c0c9188", ""
		}, guard.Refused},
		{"another has no agent", func(s *scene) {
			s.member(5)
			s.group.Members[1].Ping = instance.Ping{}
		}, guard.Permitted},
		{"2 of 5 of a tag group dead", func(s *scene) {
			dead(5, 2)(s)
			s.group.Kind, s.group.Name, s.group.Lifecycle = instance.GroupTag, "workers", ""
		}, guard.Refused},
		{"2 of 5 dead, and somebody forces", func(s *scene) {
			dead(5, 2)(s)
			s.direct("unresponsive", "cooldown")
		}, guard.Refused},
	})
}

func TestAnEventOfTheRegionIsNeverTakenForAHang(t *testing.T) {
	region := func(n int, since time.Time) func(*scene) { return func(s *scene) { s.region(n, since) } }
	judge(t, "region", []situation{
		{"nothing unreachable", func(*scene) {}, guard.Permitted},
		{"10 within 30 minutes", region(10, ago(30*time.Minute)), guard.Permitted},
		{"11 within 30 minutes", region(11, ago(30*time.Minute)), guard.Refused},
		{"11 a second more than 30 minutes ago", region(11, ago(30*time.Minute+time.Second)), guard.Permitted},
		{"11 a moment ago", region(11, noon), guard.Refused},
		{"11 since nobody knows when", region(11, time.Time{}), guard.Refused},
		{"500 for days", region(500, ago(72*time.Hour)), guard.Permitted},
		{"the list was cut with 11 lately", func(s *scene) {
			s.region(11, ago(time.Minute))
			s.reach.Cut = true
		}, guard.Refused},
		{"the list was cut with 10 lately", func(s *scene) {
			s.region(10, ago(time.Minute))
			s.reach.Cut = true
		}, guard.Later},
		{"11 a moment ago, and somebody forces", func(s *scene) {
			s.region(11, noon)
			s.direct("unresponsive", "cooldown")
		}, guard.Refused},
	})
}

func TestTheBudgetOfAnHourIsNeverExceeded(t *testing.T) {
	used := func(n int) func(*scene) {
		return func(s *scene) { s.budget = taken(n, noon.Add(47*time.Minute)) }
	}
	// frees is a budget of which the next slot is free then. The alarm is 2 minutes old.
	frees := func(at time.Duration, change ...func(*scene)) func(*scene) {
		return func(s *scene) {
			for _, c := range change {
				c(s)
			}
			s.budget = taken(3, noon.Add(at))
		}
	}
	direct := func(s *scene) { s.direct("unresponsive", "cooldown", "quiet") }
	judge(t, "budget", []situation{
		{"none used", used(0), guard.Permitted},
		{"2 used", used(2), guard.Permitted},
		{"3 used", used(3), guard.Refused},
		{"4 used, as the budget was larger", used(4), guard.Refused},
		{"the next slot lapses now", frees(0), guard.Later},
		{"the next is free a second before the trigger is too old", frees(28*time.Minute - time.Second), guard.Later},
		{"the next is free when the trigger is too old", frees(28 * time.Minute), guard.Refused},
		{"Windows, the next is free in 47 minutes", frees(47*time.Minute, (*scene).windows), guard.Later},
		{"a person asks, the next is free in 2 minutes less a second", frees(2*time.Minute-time.Second, direct), guard.Later},
		{"a person asks, the next is free in 2 minutes", frees(2*time.Minute, direct), guard.Refused},
		{"5 used of 3, so that three must lapse", func(s *scene) { s.budget = taken(5, noon.Add(25*time.Minute)) }, guard.Later},
		{"5 used of 3, the third lapses too late", func(s *scene) { s.budget = taken(5, noon.Add(26*time.Minute)) }, guard.Refused},
		{"3 used, and somebody forces", func(s *scene) {
			used(3)(s)
			s.direct("unresponsive", "cooldown")
		}, guard.Refused},
	})
}
