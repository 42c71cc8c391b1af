package main

import (
	"cmp"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"crashcart/lambda/domain/printable"
)

// Limits of what a person writes, in bytes: those of a direct request.
const (
	maxReason = 1 << 10
	maxBy     = 256
)

// grounds are what every change is recorded with: why, and by whom.
type grounds struct {
	reason string
	by     string
}

// flags adds --reason and --as. The usage of --reason ends with what becomes of it.
func (g *grounds) flags(c *cobra.Command, use string) {
	c.Flags().StringVar(&g.reason, "reason", "", "why; "+use+" (required)")
	c.Flags().StringVar(&g.by, "as", whoami(), "who is asking, for the record")
}

// need makes the grounds fit to be kept, and refuses a change that nobody could
// explain later. What is too long is cut and not refused: nobody should have to count
// letters before pulling the lever.
func (g *grounds) need(c *cobra.Command) error {
	g.reason, g.by = printable.Line(g.reason, maxReason), printable.Line(g.by, maxBy)
	if g.reason == "" {
		return usageError{fmt.Errorf("%s needs --reason: %s", c.CommandPath(), c.Flag("reason").Usage)}
	}
	return nil
}

// whoami is who runs the command, as far as the machine knows. CloudTrail knows it
// better, but the casebook is what people read.
func whoami() string {
	name := cmp.Or(os.Getenv("USER"), os.Getenv("LOGNAME"), os.Getenv("USERNAME"), "somebody")
	host, err := os.Hostname()
	if err != nil {
		host = "an unknown machine"
	}
	return printable.Line(name+"@"+host, maxBy)
}
