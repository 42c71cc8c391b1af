package guard

import (
	"math"
	"time"

	"crashcart/lambda/domain/console"
	"crashcart/lambda/domain/instance"
	"crashcart/lambda/domain/trigger"
	"crashcart/lambda/domain/vitals"
)

// vitals reads what every observer says of the host.
func (in Inquiry) vitals() vitals.Reading {
	if in.read != nil {
		return in.read()
	}
	return vitals.Read(in.host())
}

// host is what the vitals are read from.
func (in Inquiry) host() vitals.Host {
	h := vitals.Host{
		Instance: in.Instance, Rules: in.Config.Rules, At: in.asOf(), Asked: in.Trigger.At, Person: in.person(), Console: in.Console,
	}
	w := in.watch()
	h.Stuck = w.stuckLately(in.asOf())
	if w.known {
		h.News = &w.news
	}
	if s := in.Ref.Seen; s != nil && s.Kernel > 0 {
		h.Before = &vitals.Before{At: s.At, Mark: markOf(s)}
	}
	return h
}

// markOf is how far the console had come at the pass before.
func markOf(s *trigger.Seen) console.Mark {
	if s == nil {
		return console.Mark{}
	}
	return console.Mark{Clock: time.Duration(math.Round(s.Kernel * float64(time.Second))), Lines: s.Lines}
}

// person says whether a person asks, or has to ask in any case. Then what a person may ask
// for decides, and a target that is held is held at once.
func (in Inquiry) person() bool {
	return in.Trigger.Kind == trigger.KindDirect || asked{}.Check(in).Kind == Held
}

// lifeless says whether a member of the host's group seems dead.
func lifeless(in Inquiry, m instance.Member) bool { return vitals.Lifeless(in.host(), m) }

// silentSince is when the host seems to have died, and never before its agent or its
// heartbeat was last heard: one of them may have ended by itself while the other went on.
// Where no vital is dead, proven is false, and the host may be alive up to now.
func silentSince(in Inquiry) (since time.Time, proven bool) {
	r := in.vitals()
	if r.Since.IsZero() {
		return in.asOf(), false
	}
	since = r.Since
	for _, v := range r.Vitals {
		if v.Heard.After(since) {
			since = v.Heard
		}
	}
	return since, true
}
