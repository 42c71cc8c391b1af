package notify

import (
	"slices"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/vitals"
)

// lives is what to make of a vital that is alive, by name. Reachability never is.
var lives = map[vitals.Name]step{
	vitals.SSMPing:           {"Its SSM agent was heard after it seemed to die. See what the alarm really measures.", ""},
	vitals.Heartbeat:         {"Its heartbeat came after it seemed to die. See what the alarm really measures.", ""},
	vitals.DiskWrites:        {"It writes to its disk as it did before. See what the alarm really measures.", ""},
	vitals.KernelLog:         {"Its console shows that user space is at work. See what the alarm really measures.", ""},
	vitals.TargetHealth:      {"A load balancer gets an answer from it: for its users it is alive. See its target group, and what the alarm really measures.", ""},
	vitals.NetworkOut:        {"It sends as much as it did before. See what the alarm really measures.", ""},
	vitals.ApplicationStatus: {"EC2's check of its application passes. See what the alarm really measures.", ""},
}

// What was open, and how the next hang can be answered without asking.
var (
	noVoice = step{"Nothing of it can fall silent, so no alarm can show that it hangs. Get an SSM agent to run there, or have the CloudWatch agent send " +
		"its heartbeat (" + config.EnvHeartbeat + ").", ""}
	onlyARP = step{"Only EC2's reachability check fails, which a broken network configuration does as well. With an SSM agent or a heartbeat " +
		"that falls silent, too, the next hang needs no person.", ""}
	noMachine = step{"Nobody can see whether it writes: its disk is written too seldom, or not published, so a person has to ask. A system log on an " +
		"EBS volume, written every minute, answers that for the next hang.", ""}
	unanswered = step{"AWS gave no answer about a part of it. See the line Why, and whether the function's role has the permission.", ""}

	reallyHangs = step{"See whether it really hangs:", cmdConsole}
	overrule    = step{"If you know that it hangs, overrule this:", cmdForce + cases.RuleUnresponsive}
)

// unresponsiveSteps are the steps where the rule unresponsive decided: which question
// stayed open, and how to have it answered. Without vitals nothing is known of that.
//
// A person needs one dead voice or machine, and nothing alive. Where there is none, only
// force is left.
func unresponsiveSteps(seen []vitals.Vital, held bool) []step {
	if len(seen) == 0 {
		return afterRefusal[cases.RuleUnresponsive]
	}
	steps := []step{reallyHangs}
	for _, v := range seen {
		if s, ok := lives[v.Name]; ok && v.Says == vitals.Alive {
			return append(steps, s, overrule)
		}
	}
	steps = append(steps, open(seen)...)
	switch {
	case held: // the command comes first already
	case dead(seen, vitals.SSMPing, vitals.Heartbeat, vitals.Reachability, vitals.DiskWrites, vitals.KernelLog):
		steps = append(steps, askAgain)
	default:
		steps = append(steps, overrule)
	}
	return steps
}

// open says which questions are open, and how each can be answered.
func open(seen []vitals.Vital) []step {
	var steps []step
	switch {
	case dead(seen, vitals.SSMPing, vitals.Heartbeat):
	case dead(seen, vitals.Reachability):
		steps = append(steps, onlyARP)
	case says(seen, vitals.SSMPing, vitals.Nothing) && says(seen, vitals.Heartbeat, vitals.Nothing):
		steps = append(steps, noVoice)
	}
	if says(seen, vitals.DiskWrites, vitals.Nothing) && !dead(seen, vitals.KernelLog) {
		steps = append(steps, noMachine)
	}
	if slices.ContainsFunc(seen, func(v vitals.Vital) bool { return v.Says == vitals.Unknown }) {
		steps = append(steps, unanswered)
	}
	return steps
}

// dead says whether one of the vitals is dead.
func dead(seen []vitals.Vital, names ...vitals.Name) bool {
	return slices.ContainsFunc(names, func(n vitals.Name) bool { return says(seen, n, vitals.Dead) })
}

// says says whether the vital says that word.
func says(seen []vitals.Vital, name vitals.Name, word vitals.Says) bool {
	return slices.ContainsFunc(seen, func(v vitals.Vital) bool { return v.Name == name && v.Says == word })
}
