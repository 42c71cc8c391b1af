// Package mutant has the guard's mutants: each believes something that must not be
// believed, or doubts what must be. A measurement in which one of them is no worse than the
// guard itself measures nothing.
//
// All mutants are built at once. Overlay writes copies of some files of vitals and guard in
// which each mutant's change waits for its name, for go build -overlay. The sources
// themselves stay as they are.
package mutant

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Mutant is one change of the guard.
type Mutant struct {
	Name  string
	About string
	// Without are the questions that are left out when it is played, by the guard that it is
	// compared with, too. Where they are asked, they hide the mutant. Empty for none.
	Without string
	// Misses says that it loses hangs. Any other one interrupts living machines.
	Misses bool
}

// All are the mutants: those of the issue "The simulation", item 6, and one for each part of
// the rule that the simulation itself has added.
func All() []Mutant {
	return []Mutant{
		{"agent-alone", "an agent that says nothing is enough", "", false},
		{"silence-6m", "six minutes without a ping are enough", "machine", false},
		{"voices-enough", "ping and heartbeat are enough while the neighbours are heard", "", false},
		{"alive-since-trigger", "only signs of life after the trigger count", "machine", false},
		{"network-zero", "a host that sends nothing counts as one that writes nothing", "", false},
		{"refused-dead", "FailedHealthChecks counts as a machine that writes nothing", "", false},
		{"group-alarm", "the alarm of a group counts as the silence of a member's heartbeat", "machine", false},
		{"stale-metric", "the newest published minute may be of any age", "", false},
		{"quiet-open", "a console that cannot show a dump permits at once", "", false},
		{"ebs-ignored", "the attached-EBS check is ignored", "", false},
		{"group-no-health", "a group's members are not counted by their target health", "machine", false},
		{"fixed-period", "all agents ping every five minutes", "machine and neighbours", false},
		{"tcp-healthy", "a TCP check that passes is a sign of life", "", true},
		{"since-last-ping", "since is the last ping, not when the next was due", "", true},
		{"storm-5m", "five minutes without a write are enough, even if they may be a storm", "", false},
		{"just-back", "a boot on the console is never asked when it was", "", false},
		{"screen-ignored", "the screen may change where the console shows nothing", "", false},
	}
}

// Patch replaces one text in one file. The text must be there once.
type Patch struct{ File, Old, New string }

const (
	vitalsDir = "lambda/domain/vitals/"
	guardDir  = "lambda/domain/guard/"
)

// Patches are the changes of all mutants. Each waits for its mutant's name.
func Patches() []Patch {
	return []Patch{
		{
			vitalsDir + "period.go", "	return max(least, 2*p+late), max(longest, 2*p+15*time.Minute)\n",
			"	if mutant(\"silence-6m\") {\n		return 6 * time.Minute, longest\n	}\n	return max(least, 2*p+late), max(longest, 2*p+15*time.Minute)\n",
		},
		{
			vitalsDir + "period.go", "	least := max(periods()[0], h.Rules.PingPeriod)\n",
			"	if mutant(\"fixed-period\") {\n		return periods()[0]\n	}\n	least := max(periods()[0], h.Rules.PingPeriod)\n",
		},
		{
			vitalsDir + "period.go", "	if m.Unreachable || m.Unhealthy {\n",
			"	if m.Unreachable || m.Unhealthy && !mutant(\"group-no-health\") {\n",
		},
		{vitalsDir + "vitals.go", "	if since.IsZero() {\n", "	if since.IsZero() || mutant(\"alive-since-trigger\") {\n"},
		{
			vitalsDir + "voice.go", "		v.Says, v.Since = Dead, at.Add(period(h))\n",
			"		v.Says, v.Since = Dead, at.Add(period(h))\n		if mutant(\"since-last-ping\") {\n			v.Since = at\n		}\n",
		},
		{
			vitalsDir + "voice.go", "	if len(m.Heartbeat) == 0 {\n",
			"	if mutant(\"group-alarm\") && ofGroup(h) {\n		return Vital{Says: Dead, Spoke: true, Since: h.Asked, Saw: \"the alarm of its group\"}\n	}\n	if len(m.Heartbeat) == 0 {\n",
		},
		{vitalsDir + "disk.go", "	case h.At.Sub(newest) > newestWithin:\n", "	case h.At.Sub(newest) > newestWithin && !mutant(\"stale-metric\"):\n"},
		{vitalsDir + "disk.go", "need, storm := base.required(), mayBeStorm(h)\n", "need, storm := base.required(), mayBeStorm(h) && !mutant(\"storm-5m\")\n"},
		{vitalsDir + "answers.go", "	return protocol == \"HTTP\" ||", "	return mutant(\"tcp-healthy\") && protocol == \"TCP\" || protocol == \"HTTP\" ||"},
		{guardDir + "rule_unresponsive.go", "	if alive := r.All(vitals.Alive); len(alive) > 0 {\n", "	if alive := living(r); len(alive) > 0 {\n"},
		{
			guardDir + "rule_unresponsive.go", "	open := stillOpen(voice(r), neighbours(r), machine(r), answers(r))\n",
			"	open := left(r, stillOpen(voice(r), neighbours(r), machine(r), answers(r)))\n",
		},
		{
			guardDir + "rule_quiet.go", "	need, what := unseenDump, why\n",
			"	if vitals.Mutant == \"quiet-open\" {\n		return allow()\n	}\n	need, what := unseenDump, why\n",
		},
		{
			guardDir + "unwatched.go", "	if longAgo && prompt(in) || w.proves(in) {\n",
			"	if vitals.Mutant == \"just-back\" || longAgo && prompt(in) || w.proves(in) {\n",
		},
		{guardDir + "watch.go", "	case slices.Contains(before.Screens, hash):\n", "	case vitals.Mutant == \"screen-ignored\" || slices.Contains(before.Screens, hash):\n"},
		{
			guardDir + "unwatched.go", "	var v Verdict\n",
			"	if vitals.Mutant == \"quiet-open\" {\n		return allow()\n	}\n	var v Verdict\n",
		},
		{guardDir + "watch.go", "	\"crashcart/lambda/domain/trigger\"\n", "	\"crashcart/lambda/domain/trigger\"\n	\"crashcart/lambda/domain/vitals\"\n"},
		{guardDir + "rule_quiet.go", "	\"crashcart/lambda/domain/printable\"\n", "	\"crashcart/lambda/domain/printable\"\n	\"crashcart/lambda/domain/vitals\"\n"},
		{
			guardDir + "rules_instance.go", "	case s.EBS.Status == \"impaired\":\n",
			"	case ignoresEBS():\n		return allow()\n	case s.EBS.Status == \"impaired\":\n",
		},
	}
}

// overlaid are the files that are added.
//
//go:embed overlay
var overlaid embed.FS

// added says where each of them goes.
var added = map[string]string{
	"vitals.go.txt": vitalsDir + "mutant.go",
	"guard.go.txt":  guardDir + "mutant.go",
	"sim.go.txt":    "lab/sim/choose_mutant.go",
}

// Overlay writes what go build -overlay needs into a folder, for the module at root. It
// gives the name of the file to name there. A patch whose text is not in its file exactly
// once is an error: the guard has changed, and so must the mutant.
func Overlay(root, dir string) (string, error) {
	texts := map[string]string{}
	for _, p := range Patches() {
		text, ok := texts[p.File]
		if !ok {
			raw, err := os.ReadFile(filepath.Join(root, p.File)) //nolint:gosec // a file of this module
			if err != nil {
				return "", fmt.Errorf("a mutant's source: %w", err)
			}
			text = string(raw)
		}
		if n := strings.Count(text, p.Old); n != 1 {
			return "", fmt.Errorf("%s has the text of a mutant %d times, not once: %q", p.File, n, p.Old)
		}
		texts[p.File] = strings.Replace(text, p.Old, p.New, 1)
	}
	for name, file := range added {
		raw, err := overlaid.ReadFile("overlay/" + name)
		if err != nil {
			return "", err
		}
		texts[file] = string(raw)
	}
	return write(root, dir, texts)
}

// write writes the files, and the list of what they replace ("go help build", -overlay).
func write(root, dir string, texts map[string]string) (string, error) {
	replace := map[string]string{}
	for file, text := range texts {
		name := filepath.Join(dir, strings.ReplaceAll(file, "/", "-"))
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			return "", fmt.Errorf("writing a mutant: %w", err)
		}
		replace[filepath.Join(root, filepath.FromSlash(file))] = name
	}
	var list bytes.Buffer
	if err := json.NewEncoder(&list).Encode(map[string]any{"Replace": replace}); err != nil {
		return "", fmt.Errorf("writing the overlay: %w", err)
	}
	name := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(name, list.Bytes(), 0o600); err != nil {
		return "", fmt.Errorf("writing the overlay: %w", err)
	}
	return name, nil
}
