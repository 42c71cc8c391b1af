package notify

import (
	"strings"

	"crashcart/lambda/domain/config"
)

// step is one thing to do: a sentence, and a command that it may end with. In the
// command {instance}, {case} and {region} stand for what they say; a step whose
// command needs what is not known is left out.
type step struct{ say, command string }

// Commands that several steps end with.
const (
	cmdConsole = "aws ec2 get-console-output --region {region} --instance-id {instance} --latest --output text"
	cmdStatus  = "aws ec2 describe-instance-status --region {region} --instance-ids {instance} --include-all-instances"
	cmdTag     = "aws ec2 create-tags --region {region} --resources {instance} --tags Key=" + config.TagKey + ",Value="
	cmdAsk     = "crashcart interrupt {instance} --region {region} --reason 'say why'"
	cmdCase    = "crashcart case {case} --region {region}"
	cmdState   = "crashcart status --region {region}"
)

var (
	askAgain = step{"If it still hangs, ask for it yourself:", cmdAsk}
	console  = step{"See what it says:", cmdConsole}
	follow   = step{"Follow the case:", cmdCase}
	overview = step{"See the lever, the budget and the open cases:", cmdState}
	nothing  = step{"Nothing was sent, and nothing needs to be undone.", ""}
)

// fired is what to do after a shot, by outcome.
var fired = map[string][]step{
	outcomeInterrupted: {
		{"Do not reboot, stop or replace it: while it dumps it answers nobody, and minutes of silence are what is expected.", ""},
		follow,
		{"Watch it dump:", cmdConsole},
	},
	outcomeUnknown: {
		{"Do not reboot, stop or replace it, and do not interrupt it again: a second interrupt kills the dump of the first.", ""},
		{"See whether it crashed:", cmdConsole},
		follow,
	},
	outcomeRejected: {
		{"Nothing was sent, and the next alarm may try again. What to do about EC2's answer is in the line Why.", ""},
		console,
		follow,
	},
	outcomeFailed: {
		{"Nothing was sent. Close the case, or the instance is not interrupted for two days:", "crashcart case close {case} --region {region} --reason 'nothing was sent'"},
		{"The claim counts for the cooldown all the same. If it still hangs an hour after it, ask for it yourself:", "crashcart interrupt {instance} --region {region} --force cooldown --reason 'say why'"},
	},
}

// dryRunSteps is what to do after a rehearsed shot, by outcome.
var dryRunSteps = map[string][]step{
	outcomeDryRun: {
		{"Nothing was sent: the stack's mode is " + string(config.ModeDryRun) + ", or the request asked for a dry run.", ""},
		{"See what it would have been:", cmdCase},
		{"To have it done, let the stack's mode be " + string(config.ModeManual) + " or " + string(config.ModeAuto) + " (mode in cdk.json, " + config.EnvMode + " of the function).", ""},
	},
	outcomeUnknown:  {nothing, {"Rehearse it again:", "crashcart interrupt {instance} --region {region} --dry-run --reason 'dry run'"}},
	outcomeRejected: {{"Nothing was sent. A real interrupt would be refused as well: what to do about it is in the line Why.", ""}, follow},
	outcomeFailed:   {{"Nothing was sent. A dry run's claim lapses by itself within minutes.", ""}},
}

// refused is what to do about a refusal, by rule. Where the guard holds a target back
// for its own good, no command is given that would get around it.
var refused = map[string][]step{
	"lever": {
		{"See who stopped it, and why:", cmdState},
		{"Once that is over, allow interrupts again:", "crashcart resume --region {region}"},
	},
	"fresh": {console, askAgain},
	"known": {
		{"See what named it: the instance is gone, or belongs to another account or Region. An alarm on it can be deleted.", ""},
	},
	"opted-in": {
		{"To have it interrupted when a person asks:", cmdTag + config.TagManual},
		{"To have it interrupted by itself:", cmdTag + config.TagAuto},
		{"Then, if it still hangs, ask for it:", cmdAsk},
	},
	"supported": {
		{"EC2 will never interrupt this kind of instance. Use its serial console and SysRq where it has them, and take its tag " + config.TagKey + " away.", ""},
		{"See what it says:", "aws ec2 get-console-output --region {region} --instance-id {instance} --output text"},
	},
	"running": {{"See what state it is in, and who put it there:", cmdStatus}},
	"booted":  {{"See whether AWS has planned something for it:", cmdStatus}, console, askAgain},
	"unresponsive": {
		{"See whether it really hangs:", cmdConsole},
		{"If you know that it does, overrule this:", "crashcart interrupt {instance} --region {region} --force unresponsive --reason 'say why'"},
	},
	"quiet": {
		{"Leave it alone until it is done: an interrupt would ruin what it does.", ""},
		console,
	},
	"host-ok": {
		{"The trouble is AWS's, and an interrupt would not help. See which check fails:", cmdStatus},
		{"Stop and start moves an EBS-backed instance to another host, and loses its memory.", ""},
	},
	"survives": {
		{"To have a failed dump stop it instead:", "aws ec2 modify-instance-attribute --region {region} --instance-id {instance} --instance-initiated-shutdown-behavior Value=stop"},
		askAgain,
	},
	"cooldown": {
		{"See what the last interrupt came to:", "crashcart cases --region {region}"},
		{"If it is another hang, and an hour has passed, ask for it:", "crashcart interrupt {instance} --region {region} --force cooldown --reason 'say why'"},
	},
	"group": {
		{"Look at the whole group first: its last deploy, its load balancer, what all of its members depend on.", ""},
		overview,
	},
	"region": {
		{"Look at the Region first: AWS Health, the network, what all of the instances depend on. Nothing is interrupted until it is over.", ""},
		overview,
	},
	"budget": {
		{"See what the interrupts of the last hour were spent on:", cmdState},
		{"The budget is there to stop a run of wrong interrupts. Raise " + config.EnvBudget + " only if all of them were right.", ""},
	},
	"named": {
		{"See what Crashcart reads in the alarm or message: crashcart explain takes it as a file.", ""},
		{"Alarm on something that names one instance or one group, or name the instance yourself.", ""},
	},
	"asked":   {console},
	"episode": {console, askAgain},
	"time":    {console, askAgain},
}

// otherwise is what to do about a refusal by a rule without words of its own.
var otherwise = []step{console, askAgain}

const (
	mostUndo = 4
	// elsewhere points to a command that is not shown.
	elsewhere = " (the command does not fit here: the function's log has it)"
)

// nextSteps are the steps of a notice, as they are shown.
func (t *Notifier) nextSteps(n notice) []string {
	d := n.first()
	switch {
	case n.fired() && n.dryRun():
		return t.filled(n, dryRunSteps[d.Outcome])
	case n.fired():
		out := t.filled(n, fired[d.Outcome])
		for _, undo := range d.Undo[:min(len(d.Undo), mostUndo)] {
			out = append(out, shown("Only once its dump is safe, one way to end what keeps it alive:", undo))
		}
		return out
	case d.Outcome == outcomeHeld:
		out := t.filled(n, []step{{askHeld, cmdAsk}})
		if _, command := asks(d); command != "" {
			out = []string{shown(askHeld, command)}
		}
		return append(out, t.filled(n, refusedSteps(d.Rule))...)
	default:
		return t.filled(n, refusedSteps(d.Rule))
	}
}

const askHeld = "If it really hangs, ask for it:"

func refusedSteps(rule string) []step {
	if steps, ok := refused[rule]; ok {
		return steps
	}
	return otherwise
}

// filled are the steps as they are shown, but for those that need what is not known.
func (t *Notifier) filled(n notice, steps []step) []string {
	known := map[string]string{"{region}": t.region(), "{instance}": n.instance(), "{case}": n.first().CaseID}
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
