package manifest

import (
	"cmp"
	"slices"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/dump"
)

// skippedWhy are the reasons for which a host's script leaves a file out, as parts of
// sentences.
var skippedWhy = map[string]string{
	dump.WhyIncomplete: "the host has only a part of it: it was never finished",
	dump.WhyEmpty:      "the host's file is empty",
	dump.WhyNotADump:   "it begins like no dump that is known",
	dump.WhyNotOurs:    "another user of the host could have written it",
	dump.WhyName:       "its path has bytes in it that are not taken",
	dump.WhyBusy:       "it was still being written",
	dump.WhyTooMany:    "the host has more files than are taken",
}

// Missing are all files that a case should have and does not have, each once and with its
// reason: what the follow-up has written down, what was lost on its way, what was over the
// limit, and what the host's script has left out.
func Missing(c cases.Collecting) []cases.Missing {
	all := append([]cases.Missing{}, c.Missing...)
	add := func(what, why string) {
		named := func(m cases.Missing) bool { return m.What == what }
		if !slices.ContainsFunc(all, named) {
			all = append(all, cases.Missing{What: what, Why: why})
		}
	}
	for _, u := range c.Files.Uploads {
		if !u.Done {
			add(u.File.Path, cmp.Or(u.Lost, "it was still on its way"))
		}
	}
	for _, l := range c.Files.Left {
		add(l.File.Path, l.Why)
	}
	for _, s := range c.Skipped {
		add(cmp.Or(s.Path, "a file"), cmp.Or(skippedWhy[s.Why], "the host's script left it out"))
	}
	return all
}
