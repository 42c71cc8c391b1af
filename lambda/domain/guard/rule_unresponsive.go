package guard

import (
	"errors"
	"fmt"
	"strings"
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
		return u.person(r)
	}
	return u.alarm(in, r)
}

// alarm is the verdict where nobody but an alarm asks: every question must be answered.
func (unresponsive) alarm(in Inquiry, r vitals.Reading) Verdict {
	var open []answer
	for _, a := range []answer{voice(r), neighbours(r), machine(r), answers(r)} {
		if !a.ok {
			open = append(open, a)
		}
	}
	if len(open) == 0 {
		return Verdict{Kind: Permitted, Why: permits(r)}
	}
	v := Verdict{Kind: Later, Why: sentence(r, open)}
	v.wait, v.unasked, v.Unanswered = waits(open)
	if open[0].held {
		v.Kind, v.Command = Held, in.command()
	}
	if len(open) == 1 && open[0].question == vitals.Machine && !v.Unanswered && !v.unasked {
		v.ends, v.endsWith = Held, in.command()
	}
	return v
}

// person is the verdict where a person asks, or has to ask: one sign of death, and none of
// life.
func (unresponsive) person(r vitals.Reading) Verdict {
	for _, v := range r.All(vitals.Unknown) {
		return unknown(v)
	}
	if len(r.Of(vitals.Voice, vitals.Dead))+len(r.Of(vitals.Machine, vitals.Dead)) > 0 {
		return Verdict{Kind: Permitted, Why: permits(r)}
	}
	// A check that may still be from before is no sign of life, but one of death is missing.
	waiting := append(r.Of(vitals.Voice, vitals.Waiting), r.Of(vitals.Machine, vitals.Waiting)...)
	if len(waiting) == 0 {
		return refuse("nothing shows that it hangs: %s", saw(r.All(vitals.Nothing)))
	}
	return notYet("nothing shows yet that it hangs: %s", saw(waiting)).in(shortest(waiting))
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
	for _, v := range r.Of(vitals.Voice, vitals.Dead) {
		speaking = speaking || v.Spoke
	}
	switch {
	case a.why != "":
		return a
	case len(r.Of(vitals.Voice, vitals.Unknown)) > 0:
		a.fails(r.Of(vitals.Voice, vitals.Unknown)[0])
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
		a.add(log)
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
		a.fails(unknown[0])
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

// unknown is the verdict where AWS gave no answer of a vital.
func unknown(v vitals.Vital) Verdict { return doubt("what "+string(v.Name)+" says", v.Err) }

// waits joins what is open: how long until all of it can be answered, whether all of it
// only waits for facts that were not asked for, and whether only a missing fact is open.
func waits(open []answer) (wait time.Duration, unasked, unanswered bool) {
	unasked, unanswered = true, true
	for _, a := range open {
		wait = max(wait, a.wait)
		unasked = unasked && errors.Is(a.err, fact.ErrNotAsked)
		unanswered = unanswered && a.err != nil
	}
	return wait, unasked, unanswered && !unasked
}

func shortest(vs []vitals.Vital) (wait time.Duration) {
	for _, v := range vs {
		if v.Wait > 0 && (wait == 0 || v.Wait < wait) {
			wait = v.Wait
		}
	}
	return wait
}

// claims are the three questions as statements.
var claims = map[vitals.Question]string{
	vitals.Voice: "it says nothing", vitals.Machine: "it writes nothing", vitals.Answers: "nobody gets an answer",
}

// permits says what was seen where all questions are answered.
func permits(r vitals.Reading) string {
	var said []string
	for _, q := range []vitals.Question{vitals.Voice, vitals.Machine, vitals.Answers} {
		said = append(said, claims[q]+" ("+proof(r, q)+")")
	}
	return said[0] + ", " + said[1] + ", and " + said[2]
}

// proof is what the vitals of one question saw.
func proof(r vitals.Reading, q vitals.Question) string {
	if dead := r.Of(q, vitals.Dead); len(dead) > 0 {
		return saw(dead)
	}
	if said := saw(r.Of(q, vitals.Nothing, vitals.Waiting)); said != "" {
		return said
	}
	return "not known"
}

// sentence says which questions are open and which are answered.
func sentence(r vitals.Reading, open []answer) string {
	isOpen, whys := map[vitals.Question]bool{}, []string{}
	for _, a := range open {
		isOpen[a.question] = true
		whys = append(whys, claims[a.question]+" is open ("+a.why+")")
	}
	text := strings.Join(whys, "; ")
	for _, q := range []vitals.Question{vitals.Voice, vitals.Machine, vitals.Answers} {
		if !isOpen[q] {
			text += "; " + claims[q] + " (" + proof(r, q) + ")"
		}
	}
	return text
}

func saw(vs []vitals.Vital) string {
	var texts []string
	for _, v := range vs {
		if v.Saw != "" {
			texts = append(texts, v.Saw)
		}
	}
	return strings.Join(texts, ", ")
}
