package cases

// The names of the guard's rules, in its order. Decisions, notifications and metrics
// carry them.
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

// What decides besides the guard's rules.
const (
	RuleNamed = "named" // the target stands for no instance
	RuleTime  = "time"  // the function has no time left
	RuleEC2   = "ec2"   // EC2 gave its own answer
)
