package main

import (
	"errors"
	"flag"
	"slices"
	"strings"
	"testing"

	"crashcart/lab/trial"
)

func names(trials []trial.Trial) (out []string) {
	for _, t := range trials {
		out = append(out, t.Name)
	}
	return out
}

func TestNoOtherTrialsAreRunThanWereAskedFor(t *testing.T) {
	var hangs []string
	for _, h := range trial.Hangs() {
		hangs = append(hangs, h.Name)
	}
	for args, want := range map[string][]string{
		"ends":                           trial.Few(),
		"ends --all":                     names(slices.Concat(trial.Ends(), trial.Ways())),
		"ends ignored":                   {"ignored"},
		"ends --all disk-full dumped":    {"dumped", "disk-full"}, // in their order
		"ends --record x --repeat 3":     trial.Few(),
		"ends dumped-cut":                {"dumped-cut"},
		"ends --real-time dumped":        {"dumped"},
		"hangs":                          hangs,
		"hangs memory":                   {"memory"},
		"hangs --bootstrap y --repeat 2": hangs,
	} {
		o, err := options(strings.Fields(args))
		if err != nil {
			t.Errorf("%s: %v", args, err)
			continue
		}
		if got := names(o.trials); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", args, got, want)
		}
		if o.hangs != strings.HasPrefix(args, "hangs") || (o.record != "") != strings.Contains(args, "--record") ||
			(o.bootstrap != "") != strings.Contains(args, "--bootstrap") || (o.repeat != 1) != strings.Contains(args, "--repeat") ||
			o.realTime != strings.Contains(args, "--real-time") {
			t.Errorf("%s: %+v", args, o)
		}
	}
}

func TestAWrongCallRunsNothing(t *testing.T) {
	for _, args := range []string{
		"", "end", "ends sleepy", "hangs dumped", "hangs --all", "hangs --record x", "ends --repeat 0", "ends --wrong", "ends dumped --all",
	} {
		if o, err := options(strings.Fields(args)); err == nil {
			t.Errorf("%q: %+v", args, o)
		}
	}
	for _, args := range [][]string{{"--help"}, {"ends", "--help"}} {
		if _, err := options(args); !errors.Is(err, flag.ErrHelp) {
			t.Errorf("%q: %v", args, err)
		}
	}
}
