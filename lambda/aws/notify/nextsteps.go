package notify

import (
	"strings"

	"crashcart/lambda/domain/cases"
)

const (
	mostUndo = 4
	askHeld  = "If it really hangs, ask for it:"
	undoStep = "Only once its dump is safe, one way to end what keeps it alive:"
	// elsewhere points to a command that is not shown.
	elsewhere = " (the command does not fit here: the function's log has it)"
)

// nextSteps are the steps of a notice, as they are shown.
func (nt *Notifier) nextSteps(n notice) []string {
	d := n.first()
	switch {
	case n.claimed() && n.dryRun():
		return nt.worded(n, afterDryRun[d.Outcome])
	case n.claimed():
		return append(nt.worded(n, afterSend[d.Outcome]), undoing(undoStep, d.Undo)...)
	case d.Outcome == cases.OutcomeHeld:
		return append(nt.ask(n), nt.worded(n, refusalSteps(d))...)
	default:
		return nt.worded(n, refusalSteps(d))
	}
}

// ask is how a person asks for a target that is held: with the guard's own command, if
// the decision has one.
func (nt *Notifier) ask(n notice) []string {
	if command := n.first().Command; command != "" {
		return []string{shown(askHeld, command)}
	}
	return nt.worded(n, []step{{askHeld, cmdAsk}})
}

// refusalSteps are those of the rule that decided.
func refusalSteps(d Decision) []step {
	if d.Rule == cases.RuleUnresponsive {
		return unresponsiveSteps(d.Vitals, d.Outcome == cases.OutcomeHeld)
	}
	if steps, ok := afterRefusal[d.Rule]; ok {
		return steps
	}
	return otherwise
}

// worded are the steps of a notice as they are shown.
func (nt *Notifier) worded(n notice, steps []step) []string {
	return nt.wordedFor(n.instance(), n.first().CaseID, steps)
}

// wordedFor are the steps as they are shown, about one instance and one case. A step that
// needs what is not known is left out.
func (nt *Notifier) wordedFor(instanceID, caseID string, steps []step) []string {
	known := map[string]string{"{region}": nt.region(), "{instance}": instanceID, "{case}": caseID}
	var out []string
steps:
	for _, s := range steps {
		for name, value := range known {
			if value == "" && strings.Contains(s.command, name) {
				continue steps
			}
			s.command = strings.ReplaceAll(s.command, name, value)
		}
		out = append(out, shown(s.say, s.command))
	}
	return out
}

// undoing are the commands that end what keeps an instance alive, each after the same
// sentence.
func undoing(say string, commands []string) []string {
	var out []string
	for _, c := range commands[:min(len(commands), mostUndo)] {
		out = append(out, shown(say, c))
	}
	return out
}

// shown is a sentence with the command that it ends with. A command that cannot be
// shown as it is gives way to a pointer, for half of one is worse than none.
func shown(say, text string) string {
	if text == "" {
		return say
	}
	if c, ok := command(text); ok && length(say)+1+length(c) <= mostStep {
		return say + " " + c
	}
	return strings.TrimSuffix(say, ":") + elsewhere
}
