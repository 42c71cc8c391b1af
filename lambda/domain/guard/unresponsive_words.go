package guard

import (
	"slices"
	"strings"

	"crashcart/lambda/domain/vitals"
)

// claims are the three questions as statements.
var claims = map[vitals.Question]string{
	vitals.Voice: "it says nothing", vitals.Machine: "it writes nothing", vitals.Answers: "nobody gets an answer",
}

// claim is a question that is answered, as a statement. Where no disk can tell, the kernel
// itself says that it is stuck.
func claim(r vitals.Reading, q vitals.Question) string {
	if q == vitals.Machine && r.Named(vitals.DiskWrites).Says != vitals.Dead && r.Named(vitals.KernelLog).Says == vitals.Dead {
		return "its kernel is stuck"
	}
	return claims[q]
}

// permits says what was seen where nothing objects. A person may ask although something is
// open.
func permits(r vitals.Reading, open []answer) string {
	said := answered(r, open)
	if n := len(said) - 1; n > 0 {
		said[n] = "and " + said[n]
	}
	parts := make([]string, 0, 2)
	if len(said) > 0 {
		parts = append(parts, strings.Join(said, ", "))
	}
	if len(open) > 0 {
		parts = append(parts, unproven(open))
	}
	return strings.Join(parts, "; ")
}

// sentence says which questions are open and which are answered.
func sentence(r vitals.Reading, open []answer) string {
	return strings.Join(append([]string{unproven(open)}, answered(r, open)...), "; ")
}

// answered says what was seen of the questions that are not open.
func answered(r vitals.Reading, open []answer) (said []string) {
	for _, q := range []vitals.Question{vitals.Voice, vitals.Machine, vitals.Answers} {
		if !slices.ContainsFunc(open, func(a answer) bool { return a.question == q }) {
			said = append(said, claim(r, q)+" ("+proof(r, q)+")")
		}
	}
	return said
}

// unproven says what is open of the questions that are. What was not asked for is left out
// where something else is open, too.
func unproven(open []answer) string {
	known := slices.DeleteFunc(slices.Clone(open), answer.unasked)
	if len(known) == 0 {
		known = open
	}
	said := make([]string, len(known))
	for i, a := range known {
		said[i] = "not proven that " + claims[a.question] + " (" + a.why + ")"
	}
	return strings.Join(said, "; ")
}

// proof is what the vitals of one question saw. What the host does not have is left out,
// unless there is nothing else.
func proof(r vitals.Reading, q vitals.Question) string {
	if dead := r.Of(q, vitals.Dead); len(dead) > 0 {
		return saw(dead)
	}
	said := r.Of(q, vitals.Nothing, vitals.Waiting)
	if has := slices.DeleteFunc(slices.Clone(said), func(v vitals.Vital) bool { return v.Never }); len(has) > 0 {
		said = has
	}
	return saw(said)
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
