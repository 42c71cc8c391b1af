package config

import (
	"errors"
	"slices"
)

// SweepEvent is the event that makes the follow-up's function sweep. The stack's
// schedule sends it.
const SweepEvent = `{"sweep":true}`

// Followup is all that the follow-up's function takes from its environment.
type Followup struct {
	Table string // DynamoDB table of the casebook

	// Lambda's own variables.
	Region   string
	Endpoint string // one endpoint for all AWS calls, empty on AWS
}

// FollowupFromEnv reads the configuration of the follow-up's function, as FromEnv reads
// that of the interrupt function. It refuses the settings of the interrupt function: here
// they would do nothing.
func FollowupFromEnv(environ []string) (Followup, error) {
	known := slices.DeleteFunc(Settings(), func(s Setting) bool { return s.Env != EnvTable })
	all, problems := read(environ, known, "the follow-up's function")
	c := Followup{Table: all.Table, Region: all.Region, Endpoint: all.Endpoint}
	return c, errors.Join(append(problems, c.Validate())...)
}

// Validate reports what is missing of Lambda's own variables.
func (c Followup) Validate() error {
	if c.Region == "" {
		return errors.New(noRegion)
	}
	return nil
}
