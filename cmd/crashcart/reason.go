package main

import (
	"cmp"
	"fmt"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// Limits of what a person writes, in bytes: those of a direct request.
const (
	maxReason = 1 << 10
	maxBy     = 256
)

// reasonFlag is the sentence that every change must come with.
func reasonFlag(c *cobra.Command, reason *string, why string) {
	c.Flags().StringVar(reason, "reason", "", "why; "+why+" (required)")
}

// needReason refuses a change that nobody will be able to explain later.
func needReason(c *cobra.Command, reason string) error {
	if said(reason, maxReason) == "" {
		return usageError{fmt.Errorf("%s needs --reason: %s", c.CommandPath(), c.Flag("reason").Usage)}
	}
	return nil
}

// asFlag lets a program say for whom it acts.
func asFlag(c *cobra.Command, by *string) {
	c.Flags().StringVar(by, "as", whoami(), "who is asking, for the record")
}

// whoami is who runs the command, as far as the machine knows. CloudTrail knows it
// better, but the casebook is what people read.
func whoami() string {
	name := cmp.Or(os.Getenv("USER"), os.Getenv("LOGNAME"), os.Getenv("USERNAME"), "somebody")
	host, err := os.Hostname()
	if err != nil {
		host = "an unknown machine"
	}
	return said(name+"@"+host, maxBy)
}

// said is what a person wrote, fit to be kept and printed: one line, bounded. What
// is too long is cut and not refused, since nobody should have to count letters
// before pulling the lever.
func said(s string, limit int) string {
	s = strings.TrimSpace(printable(s))
	if len(s) <= limit {
		return s
	}
	for !utf8.RuneStart(s[limit]) {
		limit--
	}
	return strings.TrimSpace(s[:limit])
}

// noArguments refuses what a command would otherwise silently ignore.
func noArguments(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("%s takes no arguments, but got %q", c.CommandPath(), args[0])}
	}
	return nil
}
