package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// maxDistance is how many letters a word may be away from the one that is meant: two
// that have changed places. Cobra's own distance for commands is the same.
const maxDistance = 2

// otherWords are words of other tools and of everyday speech, and what to type here.
func otherWords() map[string]string {
	return map[string]string{
		"list":    "crashcart cases",
		"ls":      "crashcart cases",
		"show":    "crashcart case ID",
		"get":     "crashcart case ID",
		"close":   "crashcart case close ID",
		"stop":    "crashcart pause",
		"start":   "crashcart resume",
		"unpause": "crashcart resume",
		"send":    "crashcart interrupt INSTANCE",
		"nmi":     "crashcart interrupt INSTANCE",
		"fetch":   "crashcart dump ID",
		"vmcore":  "crashcart dump ID",
		"version": "crashcart --version",
	}
}

// otherFlags are words that people try for a flag, and the flag.
func otherFlags() map[string]string {
	return map[string]string{
		"noop":    "dry-run",
		"why":     "reason",
		"message": "reason",
		"user":    "as",
		"by":      "as",
	}
}

// nearCommand says which command may be meant, or nothing.
func nearCommand(c *cobra.Command, args []string) string {
	if len(args) == 0 {
		return ""
	}
	word := strings.ToLower(args[0])
	if word == "demo" && !c.HasParent() {
		return ": the demo is `make demo` in the repository"
	}
	if other, ok := otherWords()[word]; ok {
		return question([]string{"`" + other + "`"})
	}
	var meant []string
	for _, name := range suggestions(c, word) {
		meant = append(meant, "`"+c.CommandPath()+" "+name+"`")
	}
	return question(meant)
}

// suggestions are cobra's own, which Args of our own would otherwise switch off.
func suggestions(c *cobra.Command, word string) []string {
	if c.SuggestionsMinimumDistance <= 0 {
		c.SuggestionsMinimumDistance = maxDistance
	}
	return c.SuggestionsFor(word)
}

// nearFlag says which flag may be meant by one that does not exist, or nothing.
func nearFlag(c *cobra.Command, err error) string {
	unknown, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok {
		return ""
	}
	word := strings.ToLower(unknown.GetSpecifiedName())
	if other := c.Flags().Lookup(otherFlags()[word]); other != nil {
		return question([]string{"--" + other.Name})
	}
	nearest, best := "", maxDistance+1
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if d := distance(word, f.Name); d < best && d < len(f.Name) {
			nearest, best = f.Name, d
		}
	})
	if nearest == "" {
		return ""
	}
	return question([]string{"--" + nearest})
}

// question asks whether one of these was meant.
func question(meant []string) string {
	if len(meant) == 0 {
		return ""
	}
	return ": did you mean " + strings.Join(meant, " or ") + "?"
}

// distance is the number of letters to insert, remove or replace in order to make b
// of a (Levenshtein, "Binary codes capable of correcting deletions, insertions and
// reversals"), with a row of the table at a time.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0] // of the row before
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
