package guard

import "time"

// silentSince is when the host's silence began: the earliest beginning of the signs that
// prove a hang by the rule unresponsive, and never before the agent's last ping, at which
// the host was alive. Where no sign proves a hang, proven is false. Then the silence has
// begun no earlier than with the last ping of an agent that may still ping, or else now.
func silentSince(in Inquiry) (since time.Time, proven bool) {
	d, err := in.Instance.Description.Get()
	if err != nil {
		return in.asOf(), false
	}
	u := unresponsive{}
	ping, err := in.Instance.Ping.Get()
	if err != nil { // it may be alive
		return in.asOf(), false
	}
	agent := u.agent(in, ping, d)
	if agent.Kind == Permitted {
		return ping.At, true
	}
	failed := func(v Verdict, began time.Time) {
		if v.Kind == Permitted && (!proven || began.Before(since)) {
			since, proven = began, true
		}
	}
	if reach, err := in.Instance.Unreachable.Get(); err == nil {
		failed(u.check(in, reach, d.Windows), reach.Since)
	}
	if s, err := in.Instance.Status.Get(); err == nil {
		failed(u.application(in, d.Windows), s.Application.Since)
	}
	switch {
	case proven && ping.At.After(since), !proven && agent.wait > 0:
		return ping.At, proven
	case !proven:
		return in.asOf(), false
	}
	return since, true
}
