package guard

import (
	"errors"
	"time"
)

// silentSince is when the host's silence began: when the signs began that prove a hang by
// the rule unresponsive, but never before the agent's last ping, at which the host was
// alive. Where no sign proves a hang, proven is false. The silence has then begun with the
// last ping of an agent that is not silent for long enough yet, or else only now.
func silentSince(in Inquiry) (since time.Time, proven bool) {
	d, undescribed := in.Instance.Description.Get()
	ping, unheard := in.Instance.Ping.Get()
	if errors.Join(undescribed, unheard) != nil { // it may be alive
		return in.asOf(), false
	}
	agent := unresponsive{}.agent(in, ping, d)
	if agent.Kind == Permitted {
		return ping.At, true
	}
	since, proven = failingSince(in, d.Windows)
	switch {
	case proven && since.After(ping.At):
		return since, true
	case proven || agent.wait > 0:
		return ping.At, proven
	}
	return in.asOf(), false
}

// failingSince is when the earlier of AWS's two checks began to fail, of those that have
// failed for long enough to prove a hang.
func failingSince(in Inquiry, windows bool) (since time.Time, proven bool) {
	u := unresponsive{}
	if reach, err := in.Instance.Unreachable.Get(); err == nil && u.check(in, reach, windows).Kind == Permitted {
		since, proven = reach.Since, true
	}
	s, err := in.Instance.Status.Get()
	if err != nil || u.application(in, windows).Kind != Permitted {
		return since, proven
	}
	if !proven || s.Application.Since.Before(since) {
		since = s.Application.Since
	}
	return since, true
}
