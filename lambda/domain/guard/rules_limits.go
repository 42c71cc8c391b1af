package guard

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/instance"
	"crashcart/lambda/domain/printable"
)

// cooldown permits an interrupt of an instance once its last one is long enough ago.
type cooldown struct{}

func (cooldown) Name() string { return cases.RuleCooldown }

func (cooldown) Check(in Inquiry) Verdict {
	v, err := in.Book.Get()
	switch {
	case err != nil:
		return doubt("when it was last interrupted", err)
	case !v.LastClaim.IsZero() && in.Now.Sub(v.LastClaim) < requiredCooldown(in):
		return refuse("%s", cooldownWhy(in, v.LastClaim))
	}
	return allow()
}

// requiredCooldown is how long ago the last interrupt must be.
func requiredCooldown(in Inquiry) time.Duration {
	if in.forced(cases.RuleCooldown) {
		return config.CooldownForced
	}
	return in.Config.Rules.Cooldown
}

// cooldownWhy is the sentence of a refusal. last is when the instance was interrupted.
func cooldownWhy(in Inquiry, last time.Time) string {
	why := fmt.Sprintf("interrupted %s ago, %s required", printable.Duration(in.Now.Sub(last)), printable.Duration(requiredCooldown(in)))
	if !in.forced(cases.RuleCooldown) && in.Config.Rules.Cooldown > config.CooldownForced {
		why += fmt.Sprintf("; force can shorten it to %s", printable.Duration(config.CooldownForced))
	}
	return why
}

// group permits a few open cases in a group. While more members than that show no life
// it permits nothing: a bad deploy is not a hang.
type group struct{}

func (group) Name() string { return cases.RuleGroup }

func (group) Check(in Inquiry) Verdict {
	g, err := in.Instance.Group.Get()
	switch {
	case err != nil:
		return doubt("its group", err)
	case g.Name == "":
		return allow()
	}
	limit, dead := groupLimit(len(g.Members), in.Config.Rules.GroupPercent), 0
	for _, m := range g.Members {
		if lifeless(in, m) {
			dead++
		}
	}
	if dead > limit {
		return refuse("%d of %d members of its %s %s show no life now, at most %d may: that is an outage, not a hang",
			dead, len(g.Members), g.Kind, printable.Line(g.Name, maxText), limit)
	}
	slots, err := in.GroupSlots.Get()
	switch {
	case err != nil:
		return doubt("the open cases of its group", err)
	case slots.Used() >= limit:
		return refuse("%d of at most %d open cases of its %s %s are taken (it has %d members)",
			slots.Used(), limit, g.Kind, printable.Line(g.Name, maxText), len(g.Members))
	}
	return allow()
}

// groupLimit is how many of n members may have an open case: percent of them
// rounded up, and at least one.
func groupLimit(n, percent int) int { return max(1, (n*percent+99)/100) }

// region permits while few instances of the Region are unreachable. Many of them are an
// outage.
type region struct{}

func (region) Name() string { return cases.RuleRegion }

func (region) Check(in Inquiry) Verdict {
	r, err := in.Instance.Unreachable.Get()
	if err != nil {
		return doubt("how many instances of the Region are unreachable", err)
	}
	limit, lately := in.Config.Rules.RegionLimit, r.Lately(in.asOf())
	switch {
	case lately > limit:
		return refuse("%s instances of the Region became unreachable within %s, at most %d may: that is an outage, not a hang",
			atLeast(lately, r.Cut), printable.Duration(instance.RegionWindow), limit)
	case r.Cut:
		return notYet("the list of unreachable instances of the Region was cut")
	}
	return allow()
}

// atLeast writes n, which is too low if there are more.
func atLeast(n int, more bool) string {
	if more {
		return fmt.Sprintf("at least %d", n)
	}
	return fmt.Sprint(n)
}

// budget permits a few interrupts an hour, whatever the other rules say.
type budget struct{}

func (budget) Name() string { return cases.RuleBudget }

func (budget) Check(in Inquiry) Verdict {
	slots, err := in.Budget.Get()
	switch {
	case err != nil:
		return doubt("how many interrupts the last hour has seen", err)
	case in.Config.Rules.Budget < 1:
		return refuse("the budget of interrupts an hour is %d", in.Config.Rules.Budget)
	case slots.Used() >= in.Config.Rules.Budget:
		return usedUp(in, slots)
	}
	return allow()
}

// usedUp is the verdict while no slot is free. A trigger that will still be fresh when one
// is waits for it.
func usedUp(in Inquiry, slots cases.Slots) Verdict {
	free := freeAt(slots, in.Config.Rules.Budget)
	v := notYet("%d of %d interrupts an hour are used up; the next is free in %s",
		slots.Used(), in.Config.Rules.Budget, printable.Duration(free.Sub(in.Now))).in(free.Sub(in.Now))
	if !in.keepsUntil(free) {
		v.Kind, v.wait = Refused, 0
		v.Why += ", and this trigger is too old by then"
	}
	return v
}

// freeAt is when fewer than limit slots will be taken, of which at least limit are. A budget
// that was larger may have left more of them taken.
func freeAt(slots cases.Slots, limit int) time.Time {
	lapses := slices.SortedFunc(maps.Values(slots.Taken), time.Time.Compare)
	return lapses[len(lapses)-limit]
}
