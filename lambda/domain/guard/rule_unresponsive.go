package guard

import (
	"errors"
	"fmt"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/printable"
	"crashcart/lambda/domain/trigger"
	"crashcart/lambda/domain/vitals"
)

// unresponsive permits hosts that say nothing, write nothing, and give nobody an answer.
// The alarm alone is never enough, and neither is any one observer: an agent that has
// stopped, a way out that is broken, a disk that is at rest and an application that has
// died all belong to hosts that are alive (package vitals).
type unresponsive struct{}

func (unresponsive) Name() string { return cases.RuleUnresponsive }

func (u unresponsive) Check(in Inquiry) Verdict {
	r := in.vitals()
	if alive := r.All(vitals.Alive); len(alive) > 0 {
		v := notYet("it is alive: %s", saw(alive))
		if in.Trigger.Kind == trigger.KindDirect { // who asks now gets a no
			v.Kind = Refused
		}
		return v
	}
	if in.person() {
		return u.person(in, r)
	}
	return u.alarm(in, r)
}

// alarm is the verdict where nobody but an alarm asks: every question must be answered.
// What only a person can answer is held when nothing else is open.
func (unresponsive) alarm(in Inquiry, r vitals.Reading) Verdict {
	open := stillOpen(voice(r), neighbours(r), machine(r), answers(r))
	if len(open) == 0 {
		return Verdict{Kind: Permitted, Why: permits(r, nil)}
	}
	v := Verdict{Kind: Later, Why: sentence(r, open)}
	v.wait, v.unasked, v.Unanswered = waits(open)
	held, ends := true, true
	for _, a := range open {
		held = held && a.held
		ends = ends && a.err == nil && (a.held || a.question == vitals.Machine)
	}
	if held {
		v.Kind, v.Command = Held, in.command()
		v.Why += askAPerson
	}
	if ends {
		v.ends, v.endsWith = Held, in.command()
	}
	return v
}

// person is the verdict where a person asks, or has to ask: one sign of death, and none of
// life. An alarm may be early, so it waits for the first sign of death.
func (u unresponsive) person(in Inquiry, r vitals.Reading) Verdict {
	if missing := r.All(vitals.Unknown); len(missing) > 0 {
		return unknown(failed(missing))
	}
	if a := answers(r); !a.ok { // a load balancer's word may still be from before
		return notYet("not proven that %s (%s)", claims[a.question], a.why).in(a.wait)
	}
	if len(r.Of(vitals.Voice, vitals.Dead))+len(r.Of(vitals.Machine, vitals.Dead)) > 0 {
		return u.outlived(in, r)
	}
	waiting := append(r.Of(vitals.Voice, vitals.Waiting), r.Of(vitals.Machine, vitals.Waiting)...)
	switch {
	case len(waiting) > 0:
		return notYet("nothing shows yet that it hangs: %s", saw(waiting)).in(shortest(waiting))
	case in.Trigger.Kind == trigger.KindDirect:
		return refuse("nothing shows that it hangs: %s", saw(r.All(vitals.Nothing)))
	}
	return notYet("nothing shows that it hangs: %s", saw(r.All(vitals.Nothing)))
}

// outlived is the verdict for a person who asks for a host with a sign of death. A sign that
// is older than any that could belong to an alarm is one that the host may have outlived:
// an agent can be dead for weeks. If the disk is written now, the host did.
func (unresponsive) outlived(in Inquiry, r vitals.Reading) Verdict {
	longest := in.Config.Rules.SilentMax
	if d, err := in.Instance.Description.Get(); err == nil && d.Windows {
		longest = in.Config.Rules.SilentMaxWindows
	}
	disk := r.Named(vitals.DiskWrites)
	if dead := in.asOf().Sub(r.Since); disk.Wrote && dead > longest {
		v := notYet("it seems dead since %s (%s), and is written now (%s): it has outlived that", printable.Duration(dead), saw(r.All(vitals.Dead)), disk.Saw)
		if in.Trigger.Kind == trigger.KindDirect {
			v.Kind = Refused
		}
		return v
	}
	return Verdict{Kind: Permitted, Why: permits(r, stillOpen(voice(r), machine(r), answers(r)))}
}

// answer is what became of one question.
type answer struct {
	question vitals.Question
	ok       bool
	held     bool          // no alarm will ever answer it
	why      string        // what is open; empty where it is answered
	wait     time.Duration // until it can be answered; zero where nobody can say
	err      error         // a fact that could not be had
}

// voice is answered when a voice is dead, and so is every other that was heard lately.
func voice(r vitals.Reading) answer {
	a := answer{question: vitals.Voice}
	dead := r.Of(vitals.Voice, vitals.Dead)
	speaking := false
	for _, v := range r.Of(vitals.Voice, vitals.Waiting) {
		if v.Spoke || len(dead) == 0 {
			a.add(v)
		}
	}
	for _, v := range dead {
		speaking = speaking || v.Spoke
	}
	switch {
	case a.why != "":
		return a
	case len(r.Of(vitals.Voice, vitals.Unknown)) > 0:
		a.fails(failed(r.Of(vitals.Voice, vitals.Unknown)))
	case len(dead) == 0:
		a.why = saw(r.Of(vitals.Voice, vitals.Nothing)) + ": nothing of it can fall silent"
	case !speaking:
		a.why = saw(dead) + ", and neither agent nor heartbeat was heard in the hour before: that may be its network alone"
		a.held = true
	default:
		a.ok = true
	}
	return a
}

// neighbours is answered when not too many of them have fallen silent, too. Their silence
// has one cause with the host's own.
func neighbours(r vitals.Reading) answer {
	a := answer{question: vitals.Voice}
	switch {
	case r.BrakeErr != nil:
		a.err, a.why = r.BrakeErr, "whether its neighbours are heard is not known: "+printable.Line(r.BrakeErr.Error(), maxText)
	case r.Braked:
		a.why = fmt.Sprintf("%d of %d neighbours that were heard of lately are silent, too: that may be their way out", r.Silent, r.Neighbours)
	default:
		a.ok = true
	}
	return a
}

// machine is answered when its disk is still, or else its kernel says that it is stuck.
func machine(r vitals.Reading) answer {
	a := answer{question: vitals.Machine}
	disk, log := r.Named(vitals.DiskWrites), r.Named(vitals.KernelLog)
	switch {
	case disk.Says == vitals.Dead:
		a.ok = true
	case disk.Says == vitals.Waiting:
		a.add(disk)
	case disk.Says == vitals.Unknown:
		a.fails(disk)
	case log.Says == vitals.Dead:
		a.ok = true
	case log.Says == vitals.Unknown:
		a.fails(log)
	case log.Says == vitals.Waiting:
		a.why, a.wait = disk.Saw+"; "+log.Saw, log.Wait
	default:
		a.why = disk.Saw + "; " + log.Saw
		a.held = disk.Never && log.Never
	}
	return a
}

// answers is answered when nobody gets an answer. A host that nobody asks gives none.
func answers(r vitals.Reading) answer {
	a := answer{question: vitals.Answers}
	for _, v := range r.Of(vitals.Answers, vitals.Waiting) {
		a.add(v)
	}
	switch unknown := r.Of(vitals.Answers, vitals.Unknown); {
	case a.why != "":
	case len(unknown) > 0:
		a.fails(failed(unknown))
	default:
		a.ok = true
	}
	return a
}

func (a *answer) add(v vitals.Vital) {
	if a.why != "" {
		a.why += ", "
	}
	a.why += v.Saw
	if v.Wait > 0 {
		a.wait = max(a.wait, v.Wait)
	}
}

func (a *answer) fails(v vitals.Vital) { a.err, a.why = v.Err, unknown(v).Why }

// failed picks a vital of which AWS gave no answer, before one that was not asked for.
func failed(unknown []vitals.Vital) vitals.Vital {
	for _, v := range unknown {
		if !errors.Is(v.Err, fact.ErrNotAsked) {
			return v
		}
	}
	return unknown[0]
}

// unknown is the verdict where AWS gave no answer of a vital.
func unknown(v vitals.Vital) Verdict { return doubt("what "+string(v.Name)+" says", v.Err) }

// stillOpen gives the answers that are none yet.
func stillOpen(all ...answer) (open []answer) {
	for _, a := range all {
		if !a.ok {
			open = append(open, a)
		}
	}
	return open
}

// waits joins what is open: how long until all of it can be answered, whether all of it
// only waits for facts that were not asked for, and whether only a missing fact is open.
func waits(open []answer) (wait time.Duration, unasked, unanswered bool) {
	unasked, unanswered = true, true
	for _, a := range open {
		wait = max(wait, a.wait)
		unasked = unasked && a.unasked()
		unanswered = unanswered && a.err != nil
	}
	return wait, unasked, unanswered && !unasked
}

func (a answer) unasked() bool { return errors.Is(a.err, fact.ErrNotAsked) }

func shortest(vs []vitals.Vital) (wait time.Duration) {
	for _, v := range vs {
		if v.Wait > 0 && (wait == 0 || v.Wait < wait) {
			wait = v.Wait
		}
	}
	return wait
}
