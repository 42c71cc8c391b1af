package config

import (
	"errors"
	"slices"
)

// SweepEvent is the event that makes the follow-up's function sweep. The stack's
// schedule sends it.
const SweepEvent = `{"sweep":true}`

// Followup is everything the follow-up's function is told from outside.
type Followup struct {
	Table string // DynamoDB table of the casebook

	// Lambda's own variables.
	Region   string
	Endpoint string // one endpoint for all AWS calls, empty on AWS
}

// FollowupFromEnv reads the configuration of the follow-up's function as FromEnv does
// that of the interrupt function. A setting of the other one is refused: whoever sets
// it here believes that it does something.
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
