package notify

import (
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
)

// step is one thing to do: a sentence, and a command that it may end with. In the
// command {instance}, {case} and {region} stand for what they say. A step whose
// command needs what is not known is left out.
type step struct{ say, command string }

// Commands that several steps end with.
const (
	cmdConsole = "aws ec2 get-console-output --region {region} --instance-id {instance} --latest --output text"
	cmdStatus  = "aws ec2 describe-instance-status --region {region} --instance-ids {instance} --include-all-instances"
	cmdTag     = "aws ec2 create-tags --region {region} --resources {instance} --tags Key=" + config.TagKey + ",Value="
	cmdAsk     = "crashcart interrupt {instance} --region {region} --reason 'say why'"
	cmdForce   = "crashcart interrupt {instance} --region {region} --reason 'say why' --force "
	cmdDryRun  = "crashcart interrupt {instance} --region {region} --reason 'say why' --dry-run"
	cmdCase    = "crashcart case {case} --region {region}"
	cmdState   = "crashcart status --region {region}"
)

var (
	askAgain = step{"If it still hangs, ask for it yourself:", cmdAsk}
	console  = step{"See its console:", cmdConsole}
	follow   = step{"Follow the case:", cmdCase}
	overview = step{"See the lever, the budget and the open cases:", cmdState}
)

// afterSend is what to do after a send, by outcome.
var afterSend = map[cases.Outcome][]step{
	cases.OutcomeInterrupted: {
		{"Do not reboot, stop or replace it. While it writes its dump it answers nobody, for minutes.", ""},
		follow,
		{"Watch it dump:", cmdConsole},
	},
	cases.OutcomeUnknown: {
		{"Do not reboot, stop or replace it, and do not interrupt it again: a second interrupt kills the dump of the first.", ""},
		{"See whether it crashed:", cmdConsole},
		follow,
	},
	cases.OutcomeRejected: {
		{"Nothing was sent, and the next alarm may try again. The line Why says what to do about EC2's answer.", ""},
		console,
		follow,
	},
	cases.OutcomeFailed: {
		{"Nothing was sent. Until the case is closed, for two days at most, nothing can interrupt the instance. Close it:", "crashcart case close {case} --region {region} --reason 'nothing was sent'"},
		{"The cooldown has begun all the same. If it still hangs in an hour, ask for it yourself:", cmdForce + cases.RuleCooldown},
	},
}

// afterDryRun is what to do after a dry run, by outcome.
var afterDryRun = map[cases.Outcome][]step{
	cases.OutcomeDryRun: {
		{"Nothing was sent: the stack's mode is " + string(config.ModeDryRun) + ", or the request asked for a dry run.", ""},
		{"See the case of the dry run:", cmdCase},
		{"To have real interrupts sent, set the stack's mode to " + string(config.ModeManual) + " or " + string(config.ModeAuto) + " (mode in cdk.json, " + config.EnvMode + " of the function).", ""},
	},
	cases.OutcomeUnknown: {
		{"Nothing was sent, and nothing needs to be undone.", ""},
		{"Try the dry run again:", cmdDryRun},
	},
	cases.OutcomeRejected: {
		{"Nothing was sent. A real interrupt would be refused as well: the line Why says what to do about it.", ""},
		follow,
	},
	cases.OutcomeFailed: {
		{"Nothing was sent. A dry run's claim lapses by itself within minutes.", ""},
	},
}

// afterRefusal is what to do about a refusal, by rule. Where the guard protects the
// target itself, no step has a command that would get around that.
var afterRefusal = map[string][]step{
	cases.RuleLever: {
		{"See who stopped all interrupts, and why:", cmdState},
		{"Once that is over, allow interrupts again:", "crashcart resume --region {region}"},
	},
	cases.RuleFresh: {console, askAgain},
	cases.RuleKnown: {
		{"The instance is gone, or belongs to another account or Region. See what named it; an alarm on it can be deleted.", ""},
	},
	cases.RuleOptedIn: {
		{"To have it interrupted when a person asks:", cmdTag + config.TagManual},
		{"To have it interrupted without asking:", cmdTag + config.TagAuto},
		{"Then, if it still hangs, ask for it:", cmdAsk},
	},
	cases.RuleSupported: {
		{"EC2 will never interrupt this kind of instance. Use its serial console and SysRq where it has them, and remove its tag " + config.TagKey + ".", ""},
		{"See its console:", "aws ec2 get-console-output --region {region} --instance-id {instance} --output text"},
	},
	cases.RuleRunning:      {{"See what state it is in, and who put it there:", cmdStatus}},
	cases.RuleBooted:       {{"See whether AWS has planned something for it:", cmdStatus}, console, askAgain},
	cases.RuleUnresponsive: {reallyHangs, overrule}, // where no vital was read
	cases.RuleQuiet: {
		{"If it dumps, boots or shuts down, leave it alone until it is done: an interrupt would ruin that.", ""},
		{"If its console could not be read or is empty, see the line Why, and give the instance a console on ttyS0.", ""},
		console,
	},
	cases.RuleHostOK: {
		{"The trouble is AWS's, and an interrupt would not help. See which check fails:", cmdStatus},
		{"Stop and start moves an EBS-backed instance to another host, and loses its memory.", ""},
	},
	cases.RuleSurvives: {
		{"To have a failed dump stop the instance and not terminate it:", "aws ec2 modify-instance-attribute --region {region} --instance-id {instance} --instance-initiated-shutdown-behavior Value=stop"},
		askAgain,
	},
	cases.RuleCooldown: {
		{"See how the last interrupt ended:", "crashcart cases --region {region}"},
		{"If this is another hang, and an hour has passed, ask for it:", cmdForce + cases.RuleCooldown},
	},
	cases.RuleGroup: {
		{"Look at the whole group first: its last deploy, its load balancer, what all of its members depend on.", ""},
		overview,
	},
	cases.RuleRegion: {
		{"Look at the Region first: AWS Health, the network, what all of the instances depend on. Nothing is interrupted until it is over.", ""},
		overview,
	},
	cases.RuleBudget: {
		{"See what the interrupts of the last hour were spent on:", cmdState},
		{"The budget is there to stop a run of wrong interrupts. Raise " + config.EnvBudget + " only if all of them were right.", ""},
	},
	cases.RuleNamed: {
		{"See what Crashcart reads in the alarm or message: give it to crashcart explain, as a file.", ""},
		{"Alarm on something that names one instance or one group, or name the instance yourself.", ""},
	},
	cases.RuleAsked:   {console},
	cases.RuleEpisode: {console, askAgain},
	cases.RuleTime:    {console, askAgain},
}

// otherwise is what to do about a refusal by a rule without words of its own.
var otherwise = []step{console, askAgain}
