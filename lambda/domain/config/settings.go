package config

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Prefix starts the name of every environment variable that is ours.
const Prefix = "CRASHCART_"

// The environment variables of the interrupt function. The stack sets them and
// FromEnv reads them; settings gives each its default and its bounds.
const (
	EnvTable            = "CRASHCART_TABLE"
	EnvBucket           = "CRASHCART_BUCKET"
	EnvQueueURL         = "CRASHCART_QUEUE_URL"
	EnvFollowupQueueURL = "CRASHCART_FOLLOWUP_QUEUE_URL"
	EnvTopic            = "CRASHCART_TOPIC"
	EnvMode             = "CRASHCART_MODE"
	EnvProtect          = "CRASHCART_PROTECT"
	EnvFresh            = "CRASHCART_FRESH"
	EnvFreshWindows     = "CRASHCART_FRESH_WINDOWS"
	EnvBooted           = "CRASHCART_BOOTED"
	EnvImpaired         = "CRASHCART_IMPAIRED"
	EnvImpairedWindows  = "CRASHCART_IMPAIRED_WINDOWS"
	EnvHeartbeat        = "CRASHCART_HEARTBEAT"
	EnvPingPeriod       = "CRASHCART_PING_PERIOD"
	EnvSilent           = "CRASHCART_SILENT"
	EnvSilentWindows    = "CRASHCART_SILENT_WINDOWS"
	EnvSilentMax        = "CRASHCART_SILENT_MAX"
	EnvSilentMaxWindows = "CRASHCART_SILENT_MAX_WINDOWS"
	EnvSilentPercent    = "CRASHCART_SILENT_PERCENT"
	EnvCooldown         = "CRASHCART_COOLDOWN"
	EnvGroupPercent     = "CRASHCART_GROUP_PERCENT"
	EnvRegionLimit      = "CRASHCART_REGION_LIMIT"
	EnvBudget           = "CRASHCART_BUDGET"
)

// Setting is one environment variable: its name, its default as a person would
// write it (empty means that it must be given), and what it does.
type Setting struct {
	Env     string
	Default string
	Allowed string
	Meaning string

	set func(c *Config, value string) error
}

// Settings returns every setting in the order of the README's table.
func Settings() []Setting { return slices.Clone(settings) }

// read takes the setting's value from env, or its default.
func (s Setting) read(c *Config, env map[string]string) error {
	v, given := env[s.Env]
	switch {
	case given && v == "":
		return fmt.Errorf("%s is empty: give it a value, or leave it away", s.Env)
	case !given && s.Default == "":
		return fmt.Errorf("%s is missing: %s", s.Env, s.Meaning)
	case !given:
		v = s.Default
	}
	if err := s.set(c, v); err != nil {
		return fmt.Errorf("%s=%q: %w", s.Env, v, err)
	}
	return nil
}

var settings = []Setting{
	name(EnvTable, "DynamoDB table of the casebook", func(c *Config) *string { return &c.Table }),
	name(EnvBucket, "S3 bucket for console, screenshot and dump", func(c *Config) *string { return &c.Bucket }),
	address(EnvQueueURL, "URL of the SQS intake queue; a target that is later goes back into it", func(c *Config) *string { return &c.QueueURL }),
	address(EnvFollowupQueueURL, "URL of the SQS queue of the follow-up; every case whose interrupt was sent, or may have been, goes into it",
		func(c *Config) *string { return &c.FollowupQueueURL }),
	topic(EnvTopic, "ARN of the SNS topic for notifications", func(c *Config) *string { return &c.Topic }),
	choice(EnvMode, "how far the stack may go by itself", func(c *Config) *Mode { return &c.Mode }, ModeDryRun, ModeManual, ModeAuto),
	// A group replaces a member that does not answer within minutes. A dump takes longer.
	choice(EnvProtect, "put an interrupted member of an Auto Scaling group into Standby, so that it lives until it has dumped; auto: in the mode auto",
		func(c *Config) *Protect { return &c.Protect }, ProtectAuto, ProtectOn, ProtectOff),
	// SNS may deliver 23 days late. A hang that is over is not worth a crash. But a host
	// with an empty console must be silent for 20 minutes, which its trigger must outlive.
	span(EnvFresh, "30m", time.Minute, time.Hour, "a trigger older than this is refused", func(r *Rules) *time.Duration { return &r.Fresh }),
	// The silence of a Windows counts later (SILENT_WINDOWS), so its trigger must live longer.
	span(EnvFreshWindows, "1h", time.Minute, time.Hour, "the same for Windows", func(r *Rules) *time.Duration { return &r.FreshWindows }),
	span(EnvBooted, "10m", time.Minute, 24*time.Hour, "an instance launched later than this is still booting", func(r *Rules) *time.Duration { return &r.Booted }),
	// An ordinary reboot fails the check for a minute or two.
	span(EnvImpaired, "5m", 5*time.Minute, time.Hour, "AWS's reachability check must have failed this long", func(r *Rules) *time.Duration { return &r.Impaired }),
	// A Windows update may keep a rebooting machine off the network for a quarter of an hour.
	span(EnvImpairedWindows, "20m", 20*time.Minute, 2*time.Hour, "the same for Windows", func(r *Rules) *time.Duration { return &r.ImpairedWindows }),
	heartbeat(EnvHeartbeat, "CWAgent/mem_used_percent", "the metric that a host sends of itself every minute, by InstanceId alone"),
	// The agent's own setting HealthFrequencyMinutes is 5 to 60.
	span(EnvPingPeriod, "5m", 5*time.Minute, time.Hour, "SSM agents are expected to ping this often at most; it is read from their neighbours, and this can only raise it", func(r *Rules) *time.Duration { return &r.PingPeriod }),
	// One lost ping of a healthy host is ten minutes of silence.
	span(EnvSilent, "11m", 11*time.Minute, time.Hour, "the SSM agent must have been silent this long, and for two of its periods and a minute", func(r *Rules) *time.Duration { return &r.Silent }),
	span(EnvSilentWindows, "20m", 20*time.Minute, 2*time.Hour, "the same for Windows", func(r *Rules) *time.Duration { return &r.SilentWindows }),
	// An agent that has been dead for days says nothing about this trigger.
	span(EnvSilentMax, "30m", 30*time.Minute, 6*time.Hour, "for an alarm, an agent silent for longer than this proves nothing", func(r *Rules) *time.Duration { return &r.SilentMax }),
	span(EnvSilentMaxWindows, "1h", time.Hour, 6*time.Hour, "the same for Windows", func(r *Rules) *time.Duration { return &r.SilentMaxWindows }),
	// Hosts of one subnet share their way out, and those of one profile their role.
	count(EnvSilentPercent, "10", 50, "with more percent than this of the neighbours newly silent, and more than two of them, silence proves nothing", func(r *Rules) *int { return &r.SilentPercent }),
	span(EnvCooldown, "6h", CooldownForced, 30*24*time.Hour, "between two interrupts of one instance; force can shorten it to 1h", func(r *Rules) *time.Duration { return &r.Cooldown }),
	count(EnvGroupPercent, "20", 100, "percent of a group's members that may have an open case at once, at least one member", func(r *Rules) *int { return &r.GroupPercent }),
	count(EnvRegionLimit, "10", 100_000, "with more instances than this newly unreachable in the Region, all are refused", func(r *Rules) *int { return &r.RegionLimit }),
	count(EnvBudget, "3", 1000, "interrupts in one hour, in the whole Region", func(r *Rules) *int { return &r.Budget }),
}

// name is a setting that names a resource.
func name(env, meaning string, field func(*Config) *string) Setting {
	return Setting{Env: env, Allowed: "a name without blanks", Meaning: meaning, set: func(c *Config, v string) error {
		if strings.ContainsFunc(v, unicode.IsSpace) {
			return errors.New("must be a name without blanks")
		}
		*field(c) = v
		return nil
	}}
}

// address is a setting that holds a URL.
func address(env, meaning string, field func(*Config) *string) Setting {
	return Setting{Env: env, Allowed: "an http or https URL", Meaning: meaning, set: func(c *Config, v string) error {
		u, err := url.Parse(v)
		if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || strings.ContainsFunc(v, unicode.IsSpace) {
			return errors.New("must be an http or https URL")
		}
		*field(c) = v
		return nil
	}}
}

// topic is a setting that holds the ARN of a topic.
func topic(env, meaning string, field func(*Config) *string) Setting {
	return Setting{Env: env, Allowed: "the ARN of a standard topic", Meaning: meaning, set: func(c *Config, v string) error {
		parts := strings.Split(v, ":") // arn:partition:sns:region:account:name
		if len(parts) != 6 || parts[0] != "arn" || parts[2] != "sns" || parts[5] == "" || strings.ContainsFunc(v, unicode.IsSpace) {
			return errors.New("must be the ARN of an SNS topic, such as arn:aws:sns:eu-central-1:111122223333:crashcart-notifications")
		}
		if strings.HasSuffix(v, ".fifo") {
			return errors.New("must be a standard topic: chat applications do not read FIFO topics")
		}
		*field(c) = v
		return nil
	}}
}

// choice is a setting that takes one of a few words. The first is the default.
func choice[T ~string](env, meaning string, field func(*Config) *T, words ...T) Setting {
	list := make([]string, len(words))
	for i, w := range words {
		list[i] = string(w)
	}
	allowed := strings.Join(list, ", ")
	return Setting{Env: env, Default: list[0], Allowed: allowed, Meaning: meaning, set: func(c *Config, v string) error {
		if !slices.Contains(list, v) {
			return fmt.Errorf("must be one of %s", allowed)
		}
		*field(c) = T(v)
		return nil
	}}
}

// span is a setting that holds a duration.
func span(env, def string, least, most time.Duration, meaning string, field func(*Rules) *time.Duration) Setting {
	allowed := fmt.Sprintf("%s to %s", short(least), short(most))
	return Setting{Env: env, Default: def, Allowed: allowed, Meaning: meaning, set: func(c *Config, v string) error {
		d, err := time.ParseDuration(v)
		if err != nil || d < least || d > most {
			return fmt.Errorf("must be a duration from %s, such as %s", allowed, def)
		}
		*field(&c.Rules) = d
		return nil
	}}
}

// count is a setting that holds a whole number from 1 up.
func count(env, def string, most int, meaning string, field func(*Rules) *int) Setting {
	allowed := fmt.Sprintf("1 to %d", most)
	return Setting{Env: env, Default: def, Allowed: allowed, Meaning: meaning, set: func(c *Config, v string) error {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > most {
			return fmt.Errorf("must be a whole number, %s", allowed)
		}
		*field(&c.Rules) = n
		return nil
	}}
}

// heartbeat is a setting that names a metric: its namespace, a slash, and its name. The
// namespace may have slashes itself ("MetricDatum", Amazon CloudWatch API Reference).
func heartbeat(env, def, meaning string) Setting {
	return Setting{Env: env, Default: def, Allowed: "namespace/metric", Meaning: meaning, set: func(c *Config, v string) error {
		i := strings.LastIndex(v, "/")
		if i < 1 || i == len(v)-1 || len(v) > maxMetric || v != strings.TrimSpace(v) || strings.ContainsFunc(v, unprintable) {
			return fmt.Errorf("must be a namespace and a metric, such as %s", def)
		}
		namespace, metric := v[:i], v[i+1:]
		if strings.HasPrefix(namespace, "AWS/") {
			return errors.New("must be a metric that the host sends itself: AWS's own say nothing of its voice")
		}
		c.Heartbeat = Heartbeat{Namespace: namespace, Metric: metric}
		return nil
	}}
}

// maxMetric is how long namespace and name may be together, in bytes: 255 each, and the
// slash.
const maxMetric = 2*255 + 1

// unprintable says whether CloudWatch takes no such character in a name: it takes
// printable ASCII.
func unprintable(r rune) bool { return r < ' ' || r > '~' }

// short writes a duration as a person would set it: 6h, not 6h0m0s. printable.Duration
// is for sentences and cuts what is below a second.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
