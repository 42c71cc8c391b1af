package guard

import (
	"slices"
	"time"

	"crashcart/lambda/domain/printable"
	"crashcart/lambda/domain/vitals"
)

// volumesHeal is how soon at the earliest the attached-EBS check passes again once the
// volumes answer ("Status checks for Amazon EC2 instances", Amazon EC2 User Guide: its checks
// run every minute; measured by others: 155 s).
const volumesHeal = 2 * time.Minute

// prompt says whether the writes of a host are published so soon that those of volumes that
// answer again would show before EC2's check of them passes.
func prompt(in Inquiry) bool {
	newest := in.published()
	return !newest.IsZero() && in.asOf().Sub(newest) < volumesHeal
}

// unwatched is the verdict on a host that may have come back a moment ago, for all that its
// console or its screen has shown up to now.
func unwatched(in Inquiry) Verdict {
	if (unresponsive{}).Check(in).Kind == Held { // a person decides, and need not wait
		return allow()
	}
	w := in.watch()
	if since := in.asOf().Sub(w.back); !w.back.IsZero() && since < sinceBack {
		left := sinceBack - since
		return in.orHeld(notYet("its console has shown a restart meanwhile: what it hung in is over; %s more required", printable.Duration(left)).in(left))
	}
	if w.mute != "" {
		return unscreened(in, w)
	}
	longAgo := !w.shown.Begun || w.shown.Ran >= publishedWithin // a boot that it shows
	if longAgo && prompt(in) || w.proves(in) {
		return allow()
	}
	return in.orHeld(notYet("it may have come back a moment ago, and its signs of life not be published yet: no restart on its console for some minutes " +
		"required, while passes read it").in(time.Minute))
}

// orHeld is a verdict that becomes Held at the last pass: only a person can tell then.
func (in Inquiry) orHeld(v Verdict) Verdict {
	v.ends, v.endsWith = Held, in.command()
	return v
}

// unscreened is the same where the console can show nothing, by the screen. At the last pass
// a person must ask.
func unscreened(in Inquiry, w watch) Verdict {
	var v Verdict
	switch _, err := in.Screenshot.Get(); {
	case err != nil:
		v = doubt("its screen", err)
	case w.proves(in):
		return allow()
	default:
		v = notYet("%s; its screen must show the same for some minutes, or else it may be shutting down, or have booted a moment ago", w.mute).in(time.Minute)
	}
	return in.orHeld(v)
}

// WantsConsole says whether the console is needed before the evidence is taken. It is where
// an alarm asks, and a voice is dead or late: the console shows at once what is published
// later of a host that comes back. It is compared with the pass before.
func (g *Guard) WantsConsole(q Question) bool {
	in := g.inquiry(q)
	d, err := in.Instance.Description.Get()
	return err == nil && !d.Windows && in.fallsSilent()
}

// WantsScreenshot says the same of the picture on the screen, where the console can show
// nothing. The console must have been read.
func (g *Guard) WantsScreenshot(q Question) bool {
	in := g.inquiry(q)
	d, err := in.Instance.Description.Get()
	if err == nil && d.Windows {
		return in.fallsSilent()
	}
	_, unread := in.Console.Get()
	return unread == nil && in.watch().mute != "" && in.fallsSilent()
}

// fallsSilent says whether an alarm asks for a host of which a voice is dead or late, and
// nothing is alive.
func (in Inquiry) fallsSilent() bool {
	if in.person() {
		return false
	}
	r := in.vitals()
	return len(r.All(vitals.Alive)) == 0 && slices.ContainsFunc(r.Of(vitals.Voice, vitals.Dead, vitals.Waiting, vitals.Unknown), func(v vitals.Vital) bool {
		return v.Says == vitals.Dead || v.Late
	})
}
