package props

import (
	"maps"

	"crashcart/lambda/domain/config"
)

// Environment are the function's variables, without those that say where its resources
// are.
func (p Props) Environment() map[string]string {
	env := map[string]string{config.EnvMode: string(p.Mode), config.EnvProtect: string(p.Protect)}
	maps.Copy(env, p.Settings)
	return env
}

// placed are the variables that the stack sets when it knows where everything is.
// Until then a stand-in of the right form is in their place.
func placed() map[string]string {
	return map[string]string{
		config.EnvTable: "table", config.EnvBucket: "bucket", config.EnvQueueURL: "https://queue.invalid/",
		config.EnvFollowupQueueURL: "https://queue.invalid/",
		config.EnvTopic:            "arn:aws:sns:region:account:topic", "AWS_REGION": "region",
	}
}

// function is the configuration that the function will read at its cold start, with
// stand-ins for where its resources are. The error joins everything that would stop
// it there.
func (p *Props) function() (config.Config, error) {
	env := p.Environment()
	maps.Copy(env, placed())
	environ := make([]string, 0, len(env))
	for name, value := range env {
		environ = append(environ, name+"="+value)
	}
	return config.FromEnv(environ)
}
