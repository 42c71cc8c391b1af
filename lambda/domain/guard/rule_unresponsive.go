package guard

import (
	"fmt"
	"strings"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/instance"
	"crashcart/lambda/domain/printable"
	"crashcart/lambda/domain/trigger"
)

// unresponsive permits instances in which AWS itself sees no life. The alarm alone is
// never enough. Most hung kernels still answer AWS's reachability check, which is an ARP
// request. So the agent's silence counts as much as the check.
type unresponsive struct{}

func (unresponsive) Name() string { return cases.RuleUnresponsive }

func (u unresponsive) Check(in Inquiry) Verdict {
	reach, err := in.Instance.Unreachable.Get()
	if err != nil {
		return doubt("AWS's reachability check", err)
	}
	ping, err := in.Instance.Ping.Get()
	if err != nil {
		return doubt("the SSM agent's last ping", err)
	}
	d, err := in.Instance.Description.Get()
	if err != nil {
		return doubt("the instance", err)
	}
	if sign := u.life(in, reach, ping); sign != "" {
		return refuse("%s", sign)
	}
	if least, _ := silence(in, d.Windows); reach.Failing && ping.At.After(reach.Since) && in.asOf().Sub(ping.At) < least {
		return u.contradiction(in, ping, least)
	}
	signs := []Verdict{u.agent(in, ping, d), u.check(in, reach, d.Windows), u.application(in, d.Windows)}
	for _, v := range signs {
		if v.Kind == Permitted {
			return v
		}
	}
	return undecided(signs)
}

// undecided says what each sign still lacks. A sign that is Refused cannot prove a hang
// now. While another is Later, there is something to wait for.
func undecided(signs []Verdict) Verdict {
	v := Verdict{Kind: Refused}
	var whys []string
	for _, s := range signs {
		if s.Why != "" {
			whys = append(whys, s.Why)
		}
		if s.Kind == Later {
			v.Kind = Later
		}
		if s.wait > 0 && (v.wait == 0 || s.wait < v.wait) {
			v.wait = s.wait
		}
		v.unasked = v.unasked || s.unasked
		v.doubted = v.doubted || s.doubted
	}
	v.Why = strings.Join(whys, "; ")
	return v
}

// contradiction is the verdict on an agent that has pinged since the reachability check
// failed. One of the two is wrong, or the host is dying in steps. An alarm waits for the
// next pass; a person who asks now gets a no.
func (unresponsive) contradiction(in Inquiry, ping instance.Ping, least time.Duration) Verdict {
	v := notYet("its SSM agent pinged %s ago, after the reachability check had failed; %s of silence required",
		printable.Duration(in.Now.Sub(ping.At)), printable.Duration(least))
	if in.Trigger.Kind == trigger.KindDirect {
		v.Kind = Refused
	}
	return v
}

// life returns the sign of life that AWS has seen since the trigger. It is empty when
// there was none.
func (unresponsive) life(in Inquiry, reach instance.Unreachable, ping instance.Ping) string {
	switch {
	case ping.At.After(in.Trigger.At):
		what := "alarm"
		if in.Trigger.Kind != trigger.KindAlarm {
			what = "request"
		}
		return fmt.Sprintf("its SSM agent pinged %s ago, after the %s: it is alive", printable.Duration(in.Now.Sub(ping.At)), what)
	case in.Ref.CheckFailed || reach.Failing:
		if s, err := in.Instance.Status.Get(); err == nil && s.Instance.Status == "ok" {
			return "AWS's reachability check failed and passes again: it is alive"
		}
	}
	return ""
}

// check judges AWS's reachability check.
func (unresponsive) check(in Inquiry, reach instance.Unreachable, windows bool) Verdict {
	need := impaired(in, windows)
	failed := in.asOf().Sub(reach.Since)
	s, err := in.Instance.Status.Get()
	switch {
	case !reach.Failing && err == nil && s.Instance.Status == "ok":
		return refuse("AWS's reachability check passes")
	case !reach.Failing: // until the full status is asked, no more is known
		return refuse("AWS's reachability check does not fail")
	case err == nil && s.Instance.Status != "impaired": // asked a moment later
		return notYet("AWS's reachability check failed, and is %s by now", s.Instance.Status)
	case reach.Since.IsZero():
		return notYet("AWS's reachability check fails, AWS does not say since when")
	case failed < need:
		return notYet("AWS's reachability check fails for %s, %s required", printable.Duration(failed), printable.Duration(need)).in(need - failed)
	}
	return Verdict{Kind: Permitted, Why: fmt.Sprintf("AWS's reachability check fails for %s (%s required)", printable.Duration(failed), printable.Duration(need))}
}

// agent judges the silence of the SSM agent.
func (unresponsive) agent(in Inquiry, ping instance.Ping, d instance.Description) Verdict {
	least, most := silence(in, d.Windows)
	silent := in.asOf().Sub(ping.At)
	switch {
	case ping.At.IsZero():
		return notYet("it has no SSM agent that could fall silent")
	case d.LaunchedAt.IsZero() || ping.At.Before(d.LaunchedAt):
		return notYet("its SSM agent has not pinged since the launch")
	case silent < least:
		return notYet("its SSM agent pinged %s ago, %s of silence required", printable.Duration(silent), printable.Duration(least)).in(least - silent)
	case silent > most:
		return refuse("its SSM agent is silent for %s, longer than the %s that could belong to this hang", printable.Duration(silent), printable.Duration(most))
	}
	agents, err := in.Instance.Agents.Get()
	if err != nil {
		return doubt(fmt.Sprintf("its SSM agent is silent for %s; whether other agents are heard", printable.Duration(silent)), err)
	}
	if others, quiet := silentOthers(in, agents, d.Windows); others >= fewAgents && quiet*100 > others*in.Config.Rules.SilentPercent {
		v := notYet("its SSM agent is silent for %s, but so are %d of %d other agents that were heard of lately: that may be Systems Manager's trouble",
			printable.Duration(silent), quiet, others)
		v.doubted = true
		return v
	}
	return Verdict{Kind: Permitted, Why: fmt.Sprintf("its SSM agent is silent for %s (%s required)", printable.Duration(silent), printable.Duration(least))}
}

// fewAgents is how many other agents must have been heard of lately before their
// silence says anything about Systems Manager.
const fewAgents = 3

// silentOthers counts the other agents of the sample that were heard of lately, and how
// many of those have fallen silent since. When Systems Manager or its endpoint is in
// trouble, most of them have, and silence proves nothing.
func silentOthers(in Inquiry, agents instance.Agents, windows bool) (heard, silent int) {
	least, most := silence(in, windows)
	for id, ping := range agents {
		age := in.asOf().Sub(ping)
		if id == in.Instance.ID || age > most {
			continue
		}
		heard++
		if age >= least {
			silent++
		}
	}
	return heard, silent
}

// application judges the application status check. Where it is not configured it proves
// nothing and adds nothing to the sentence.
func (unresponsive) application(in Inquiry, windows bool) Verdict {
	if !in.Config.Rules.ApplicationStatus {
		return Verdict{Kind: Refused}
	}
	s, err := in.Instance.Status.Get()
	if err != nil {
		return doubt("its application status", err)
	}
	failed, need := in.asOf().Sub(s.Application.Since), impaired(in, windows)
	switch {
	case s.Application.Status != "impaired":
		return refuse("its application status check does not fail")
	case s.Application.Since.IsZero():
		return notYet("its application status check fails, AWS does not say since when")
	case failed < need:
		return notYet("its application status check fails for %s, %s required", printable.Duration(failed), printable.Duration(need))
	}
	return Verdict{Kind: Permitted, Why: fmt.Sprintf("its application status check fails for %s (%s required)", printable.Duration(failed), printable.Duration(need))}
}

// impaired is how long a check must have failed. A Windows update keeps the application
// away for at least as long as the network.
func impaired(in Inquiry, windows bool) time.Duration {
	if windows {
		return in.Config.Rules.ImpairedWindows
	}
	return in.Config.Rules.Impaired
}

// silence is how long an agent must be silent to prove a hang, and for how long at most.
func silence(in Inquiry, windows bool) (least, most time.Duration) {
	r := in.Config.Rules
	if windows {
		return r.SilentWindows, r.SilentMaxWindows
	}
	return r.Silent, r.SilentMax
}
