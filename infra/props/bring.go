package props

import (
	"strconv"

	"crashcart/lambda/domain/config"
)

// The keys of how dumps are brought home.
const (
	keyCollect      = "collect"
	keyCollectLimit = "collectLimitGiB"
	keyCollectRate  = "collectRateMiB"
	keyCollectFor   = "collectFor"
	keySnapshot     = "snapshot"
)

// bringKeys are the keys of the follow-up's variables.
var bringKeys = map[string]string{
	config.EnvCollect: keyCollect, config.EnvCollectLimit: keyCollectLimit, config.EnvCollectRate: keyCollectRate,
	config.EnvCollectFor: keyCollectFor, config.EnvSnapshot: keySnapshot,
}

// Environment are the follow-up's variables, without those that say where its resources
// are. What is not given is not there: the follow-up has the default itself.
func (b Bring) Environment() map[string]string {
	env := map[string]string{}
	for name, value := range map[string]*string{
		config.EnvCollect: b.Collect, config.EnvCollectLimit: number(b.LimitGiB), config.EnvCollectRate: number(b.RateMiB),
		config.EnvCollectFor: b.For, config.EnvSnapshot: b.Snapshot,
	} {
		if value != nil {
			env[name] = *value
		}
	}
	return env
}

func number(n *int) *string {
	if n == nil {
		return nil
	}
	text := strconv.Itoa(*n)
	return &text
}

// bring asks the follow-up's own reader about each of the keys by itself, so that a problem
// is told by its key. It keeps what all of them come to.
func (c *checker) bring(p *Props) {
	env, before := p.Bring.Environment(), len(c.problems)
	for _, s := range config.CollectSettings() {
		if value, given := env[s.Env]; given {
			_, err := followup(map[string]string{s.Env: value})
			c.that(err == nil, "%s.%s=%q must be %s", Key, bringKeys[s.Env], value, s.Allowed)
		}
	}
	f, err := followup(env)
	c.that(err == nil || len(c.problems) > before, "%s: %v", Key, err) // wrong only together
	p.Collect = f.Collect
}

// followup is the configuration that the follow-up will read at its cold start with some
// variables, with stand-ins for where its resources are.
func followup(env map[string]string) (config.Followup, error) {
	environ := []string{config.EnvStateMachine + "=arn:aws:states:region:111122223333:stateMachine:machine"}
	stack := placed()
	for _, name := range []string{config.EnvTable, config.EnvBucket, config.EnvTopic, "AWS_REGION"} {
		environ = append(environ, name+"="+stack[name])
	}
	for name, value := range env {
		environ = append(environ, name+"="+value)
	}
	return config.FollowupFromEnv(environ)
}
