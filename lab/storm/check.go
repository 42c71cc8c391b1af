package storm

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"crashcart/lab"
)

// Check is one thing that must hold of what a storm left behind.
type Check struct {
	Name   string
	Broken func(*Facts) string // what does not hold, or empty
	// Safety says that it must hold however slow the machine is. The others need
	// answers within the function's own limits of seconds.
	Safety bool
}

// always are the checks of every scenario.
func always() []Check {
	return []Check{
		{"every trigger is decided and accounted for", lost, true},
		{"no instance was interrupted twice", twice, true},
		{"exactly the claims that were to be", claims, false},
		{"exactly the interrupts that were to be, and none without a claim", interrupts, false},
		{"nothing healthy, booting or dumping was interrupted", harms, true},
		{"every interrupt is in the log", unsaid, true},
		{"refused by the expected rules alone", refusals, false},
		{"the budget is never overspent", overspent, true},
		{"the budget is never refused while a slot is free", refusedTooSoon, true},
		{"the faults struck", unstruck, false},
		{"no case is closed twice", closedTwice, true},
		{"every case is closed by the follow-up, with a finding", unended, false},
		{"the follow-up interrupts nothing", followupInterrupts, true},
		{"what is home is the host's file, byte for byte", changedOnItsWay, true},
		{"every dump is home, or its case says why not", unexplained, true},
		{"no URL is left in the bucket", urlsLeft, false},
	}
}

// judge gives what does not hold, a line each, and whether it may all be because the
// machine was too slow.
func judge(f *Facts) (broken []string, slow bool) {
	slow = f.slow()
	for _, c := range slices.Concat(always(), f.Scenario.Checks) {
		if why := c.Broken(f); why != "" {
			broken, slow = append(broken, c.Name+": "+why), slow && !c.Safety
		}
	}
	return broken, slow
}

// slow says whether the lab took longer for a call than AWS ever does, so that the
// function ran into its own limits of some seconds.
func (f *Facts) slow() bool {
	const most = 2 * time.Second
	return slices.ContainsFunc(f.Calls, func(c lab.Call) bool { return c.End.Sub(c.Start) > most })
}

// missing is what is lost: instances of which nothing was finally decided,
// messages that nobody answered, and what still waits. What is in the dead-letter
// queue is not lost.
func (f *Facts) missing() (instances, messages, waiting []string) {
	decided, answered := map[string]bool{}, map[string]bool{}
	for _, d := range f.Decisions {
		answered[d.MessageID] = true
		decided[d.InstanceID] = decided[d.InstanceID] || d.final()
	}
	for _, id := range f.Dead {
		decided[id] = true
	}
	for _, id := range f.Hosts {
		if !decided[id] {
			instances = append(instances, id)
		}
	}
	for message, id := range f.Sent {
		if !answered[message] && !f.DeadIDs[message] {
			messages = append(messages, id)
		}
	}
	return instances, messages, f.Left
}

// lostCount is how much is missing.
func (f *Facts) lostCount() int {
	instances, messages, waiting := f.missing()
	return len(instances) + len(messages) + len(waiting)
}

func lost(f *Facts) string {
	instances, messages, waiting := f.missing()
	var whys []string
	for _, m := range []struct {
		what string
		ids  []string
	}{
		{"instances without a decision", instances}, {"messages without an answer", messages}, {"messages left in the queue", waiting},
	} {
		if len(m.ids) > 0 {
			whys = append(whys, fmt.Sprintf("%d %s, such as %s", len(m.ids), m.what, m.ids[0]))
		}
	}
	if n := len(f.Dead); n > 0 && !f.Scenario.Expect.Dead {
		whys = append(whys, fmt.Sprintf("%d messages in the dead-letter queue, such as that of %s", n, f.Dead[0]))
	}
	return strings.Join(whys, "; ")
}

// repeated are the instances that were interrupted more than once.
func (f *Facts) repeated() []string {
	n := map[string]int{}
	for _, i := range f.Interrupts {
		n[i.Instance]++
	}
	maps.DeleteFunc(n, func(_ string, n int) bool { return n < 2 })
	return slices.Sorted(maps.Keys(n))
}

func twice(f *Facts) string {
	if ids := f.repeated(); len(ids) > 0 {
		return fmt.Sprintf("%d were, such as %s", len(ids), ids[0])
	}
	return ""
}

func claims(f *Facts) string {
	if got, want := f.claimed(), f.Scenario.Expect.Claims; got != want {
		return fmt.Sprintf("%d, not %d", got, want)
	}
	return ""
}

func interrupts(f *Facts) string {
	if got, want := len(f.Interrupts), f.Scenario.Expect.Interrupts; got != want {
		return fmt.Sprintf("%d, not %d", got, want)
	}
	if len(f.Interrupts) > f.claimed() {
		return fmt.Sprintf("%d with %d claims", len(f.Interrupts), f.claimed())
	}
	for _, i := range f.Interrupts {
		if !slices.ContainsFunc(f.Claims, func(c Claim) bool { return strings.HasPrefix(c.Case, i.Instance+"-") && !c.At.After(i.Wall) }) {
			return fmt.Sprintf("%s was interrupted before it was claimed, or without", i.Instance)
		}
	}
	return ""
}

func harms(f *Facts) string {
	for _, i := range f.Interrupts {
		if i.Harm != "" {
			return fmt.Sprintf("%s: %s", i.Instance, i.Harm)
		}
	}
	return ""
}

func unsaid(f *Facts) string {
	said := map[string]bool{}
	for _, d := range f.Decisions {
		if d.Outcome == "interrupted" || d.Outcome == "unknown" {
			said[d.InstanceID] = true
		}
	}
	for _, i := range f.Interrupts {
		if !said[i.Instance] {
			return fmt.Sprintf("that of %s is not", i.Instance)
		}
	}
	return ""
}

func refusals(f *Facts) string {
	got := f.refusals()
	for _, rule := range slices.Sorted(maps.Keys(got)) {
		if slices.Contains(f.Scenario.Expect.Rules, rule) {
			continue
		}
		for _, d := range f.Decisions {
			if d.Outcome == "refused" && d.Rule == rule && !f.afterItsCase(d) {
				return fmt.Sprintf("%d by %s, such as %s: %s", got[rule], rule, d.InstanceID, d.Why)
			}
		}
	}
	if len(got) == 0 && len(f.Scenario.Expect.Rules) > 0 && !f.Scenario.Expect.Dead {
		return "nothing was refused"
	}
	return ""
}

// afterItsCase says that a copy of an alarm came when the host's case was closed already:
// then it is no duplicate, and the cooldown holds.
func (f *Facts) afterItsCase(d Decision) bool {
	return d.Rule == "cooldown" && slices.ContainsFunc(f.Cases, func(c Case) bool { return c.InstanceID == d.InstanceID && f.Closings[c.ID] > 0 })
}

func overspent(f *Facts) string {
	for _, c := range f.Claims {
		if n := f.claims(c.At); n > f.Scenario.Expect.Budget {
			return fmt.Sprintf("%d claims of %d", n, f.Scenario.Expect.Budget)
		}
	}
	return ""
}

// refusedTooSoon compares the log's times with the table's: both are of one clock.
func refusedTooSoon(f *Facts) string {
	for _, d := range f.Decisions {
		if d.Outcome != "refused" || d.Rule != "budget" {
			continue
		}
		if n := f.claims(d.Time); n < f.Scenario.Expect.Budget {
			return fmt.Sprintf("%s was refused with %d of %d slots taken: %s", d.InstanceID, n, f.Scenario.Expect.Budget, d.Why)
		}
	}
	return ""
}

func unstruck(f *Facts) string {
	if f.Scenario.Struck != nil && !slices.ContainsFunc(slices.Concat(f.Calls, f.Following, f.Sending), f.Scenario.Struck) {
		return "no call met one"
	}
	return ""
}
