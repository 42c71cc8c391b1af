package cases

// The rules of the guard by their names, as outcomes, notifications and metrics
// have them.
const (
	RuleEpisode      = "episode"
	RuleLever        = "lever"
	RuleFresh        = "fresh"
	RuleKnown        = "known"
	RuleOptedIn      = "opted-in"
	RuleSupported    = "supported"
	RuleRunning      = "running"
	RuleBooted       = "booted"
	RuleUnresponsive = "unresponsive"
	RuleQuiet        = "quiet"
	RuleHostOK       = "host-ok"
	RuleSurvives     = "survives"
	RuleCooldown     = "cooldown"
	RuleGroup        = "group"
	RuleRegion       = "region"
	RuleBudget       = "budget"
	RuleAsked        = "asked"
)

// What decides besides the rules: a trigger that names no instance, the time that
// the function has left, and EC2's own answer.
const (
	RuleNamed = "named"
	RuleTime  = "time"
	RuleEC2   = "ec2"
)
