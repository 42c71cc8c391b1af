package props

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"crashcart/lambda/domain/config"
)

// retentions are the days for which CloudWatch Logs can keep a log
// ("PutRetentionPolicy", Amazon CloudWatch Logs API Reference).
var retentions = []int{
	1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
}

// The forms of names, each from its service's reference.
var (
	instanceID    = regexp.MustCompile(`^i-([0-9a-f]{8}|[0-9a-f]{17})$`)                // "Amazon EC2 resource IDs", Amazon EC2 User Guide
	targetGroup   = regexp.MustCompile(`^targetgroup/[A-Za-z0-9-]{1,32}/[0-9a-f]{16}$`) // "Resource types defined by AWS Elastic Load Balancing V2", Service Authorization Reference
	loadBalancer  = regexp.MustCompile(`^(app|net)/[A-Za-z0-9-]{1,32}/[0-9a-f]{16}$`)   // the same page; gateway load balancers report no unhealthy hosts of instances
	workspace     = regexp.MustCompile(`^[0-9A-Z]{1,255}$`)                             // "AWS::Chatbot::SlackChannelConfiguration", AWS CloudFormation
	configuration = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)                        // the same page
	channel       = regexp.MustCompile(`^[A-Za-z0-9]{1,255}$`)                          // the same page
	groupName     = regexp.MustCompile(`^\S([^\x00-\x1f]*\S)?$`)                        // "CreateAutoScalingGroup", Amazon EC2 Auto Scaling API Reference
)

// check gives everything that makes no sense, in the order of the keys.
func (p *Props) check() []error {
	var c checker
	c.prefixes(p.AlarmPrefixes)
	c.settings(p)
	c.that(p.ReservedConcurrency == 0 || p.ReservedConcurrency > QueueConcurrency && p.ReservedConcurrency <= 1000,
		"%s.reservedConcurrency must be 0, or %d to 1000: the queue takes up to %d, and a direct invoke must still get through",
		Key, QueueConcurrency+1, QueueConcurrency)
	c.that(slices.Contains(retentions, p.LogDays), "%s.logDays must be one of %s", Key, strings.Trim(fmt.Sprint(retentions), "[]"))
	c.that(p.EvidenceDays >= 1 && p.EvidenceDays <= 3650, "%s.evidenceDays must be 1 to 3650", Key)
	c.bring(p)
	if p.Slack != nil {
		c.slack(*p.Slack)
	}
	c.watch(p.Watch)
	return c.problems
}

type checker struct{ problems []error }

// slack wants a channel to make a configuration for, or one that is there already.
func (c *checker) slack(s Slack) {
	if s.Configuration == "" {
		c.that(workspace.MatchString(s.Workspace), "%s.slack.workspace must be the workspace's id, such as T0123ABCD", Key)
		c.that(channel.MatchString(s.Channel), "%s.slack.channel must be the channel's id, such as C0123ABCD", Key)
		return
	}
	c.that(configuration.MatchString(s.Configuration), "%s.slack.configuration=%q must be the name of the channel's configuration", Key, s.Configuration)
	c.that(s.Workspace == "" && s.Channel == "", "%s.slack.configuration is there, so workspace and channel must not be: the configuration has them", Key)
}

func (c *checker) that(ok bool, format string, args ...any) {
	if !ok {
		c.problems = append(c.problems, fmt.Errorf(format, args...))
	}
}

func (c *checker) prefixes(prefixes []string) {
	c.that(len(prefixes) > 0, "%s.alarmPrefixes is empty: name the beginning of the alarms that may interrupt", Key)
	for i, prefix := range prefixes {
		at := fmt.Sprintf("%s.alarmPrefixes[%d]", Key, i)
		c.that(strings.TrimSpace(prefix) == prefix && prefix != "", "%s=%q must be the beginning of a name: every alarm of the account is not what you want", at, prefix)
		c.that(!strings.ContainsAny(prefix, "*?"), "%s=%q must be a plain beginning: EventBridge takes a wildcard in it literally", at, prefix)
		c.that(!strings.HasPrefix(OwnAlarms, prefix) && !strings.HasPrefix(prefix, OwnAlarms), "%s=%q matches the alarms that watch Crashcart itself (%s...)", at, prefix, OwnAlarms)
		c.that(slices.Index(prefixes, prefix) == i, "%s=%q is there twice", at, prefix)
	}
}

// settings asks the function's own reader about all of the function's variables. It
// keeps what the guard's figures come to.
func (c *checker) settings(p *Props) {
	stack := placed()
	for _, name := range slices.Sorted(maps.Keys(p.Settings)) {
		at := Key + ".settings." + name
		_, mine := stack[name]
		c.that(!mine, "%s is set by the stack", at)
		c.that(name != config.EnvMode && name != config.EnvProtect && bringKeys[name] == "", "%s has a key of its own, beside settings", at)
		c.that(strings.HasPrefix(name, config.Prefix) || mine, "%s must be one of the function's variables, which begin with %s", at, config.Prefix)
	}
	function, err := p.function()
	if err != nil {
		c.problems = append(c.problems, err)
	}
	p.Rules = function.Rules
}

func (c *checker) watch(w Watch) {
	at := Key + ".watch"
	for i, id := range w.Instances {
		c.that(instanceID.MatchString(id), "%s.instances[%d]=%q must be an instance id", at, i, id)
		c.that(slices.Index(w.Instances, id) == i, "%s.instances[%d]=%q is there twice", at, i, id)
	}
	for i, name := range w.AutoScalingGroups {
		c.that(len(name) <= 255 && groupName.MatchString(name), "%s.autoScalingGroups[%d]=%q must be the name of a group", at, i, name)
		c.that(slices.Index(w.AutoScalingGroups, name) == i, "%s.autoScalingGroups[%d]=%q is there twice", at, i, name)
	}
	for i, t := range w.TargetGroups {
		c.that(targetGroup.MatchString(t.TargetGroup), "%s.targetGroups[%d].targetGroup=%q must be the end of its ARN, targetgroup/<name>/<id>", at, i, t.TargetGroup)
		c.that(loadBalancer.MatchString(t.LoadBalancer), "%s.targetGroups[%d].loadBalancer=%q must be the end of its ARN, app/<name>/<id> or net/<name>/<id>", at, i, t.LoadBalancer)
		c.that(slices.Index(w.TargetGroups, t) == i, "%s.targetGroups[%d] is there twice", at, i)
	}
}
