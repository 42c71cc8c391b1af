package config

import (
	"errors"
	"slices"
)

// CountEvent is the event that makes the count count. The stack's schedule sends it.
const CountEvent = `{"count":true}`

// Count is all that the count takes from its environment.
type Count struct {
	Table string // DynamoDB table of the casebook

	// Lambda's own variables.
	Region   string
	Endpoint string // one endpoint for all AWS calls, empty on AWS
}

// CountFromEnv reads the configuration of the count, as FromEnv reads that of the
// interrupt function. It refuses the settings of the other functions: here they would do
// nothing.
func CountFromEnv(environ []string) (Count, error) {
	known := slices.DeleteFunc(Settings(), func(s Setting) bool { return s.Env != EnvTable })
	all, problems := read(environ, known, "the count")
	c := Count{Table: all.Table, Region: all.Region, Endpoint: all.Endpoint}
	return c, errors.Join(append(problems, c.Validate())...)
}

// Validate reports what is missing of Lambda's own variables.
func (c Count) Validate() error {
	if c.Region == "" {
		return errors.New(noRegion)
	}
	return nil
}
