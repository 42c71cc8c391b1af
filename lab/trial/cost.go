package trial

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/dump"
)

// Cost is what the guest spent on sending what its crash has left.
type Cost struct {
	Scripts int           // that were run for it
	Took    time.Duration // by the guest's clock
	CPU     time.Duration // of its one CPU
	Memory  int64         // at most, in bytes, with the files that its kernel keeps in memory
}

// costFile has a line for every script that sent anything. It is in memory, so that it is
// gone with the boot that it is about.
const costFile = "/run/crashcart-cost"

// sendsDump says whether a script is the one that sends a dump. The agent puts parameters
// in front of a script (package ssm).
func sendsDump(script string) bool {
	return strings.Contains(script, "export SSM_"+config.CollectStep+"='"+dump.StepSend+"'\n")
}

// measured runs a script as it is, in a control group of its own, and notes what the group
// has used: microseconds of a CPU, bytes, and when it began and ended ("Control Group v2",
// the Linux kernel's documentation).
func measured(script string) string {
	return `group=/sys/fs/cgroup/crashcart.$$
mkdir "$group" && echo $$ >"$group/cgroup.procs"
read -r begun rest </proc/uptime
/bin/sh -c '` + strings.ReplaceAll(script, "'", `'\''`) + `'
code=$?
read -r ended rest </proc/uptime
echo "$(sed -n 's/^usage_usec //p' "$group/cpu.stat") $(cat "$group/memory.peak") $begun $ended" >>` + costFile + `
exit $code
`
}

// readCost asks the guest what it has spent. It is nil if nothing was sent.
func (r *run) readCost(ctx context.Context) (*Cost, error) {
	out, err := r.script(ctx, "cat "+costFile+" 2>/dev/null || :")
	if err != nil {
		return nil, fmt.Errorf("reading what the upload cost: %w", err)
	}
	return costs(string(out.Stdout))
}

var costLine = regexp.MustCompile(`^(\d{1,15}) (\d{1,15}) (\d{1,9}\.\d{1,9}) (\d{1,9}\.\d{1,9})$`)

// costs sums up the lines of costFile.
func costs(text string) (*Cost, error) {
	if text == "" {
		return nil, nil // nothing was spent
	}
	var c Cost
	for line := range strings.Lines(text) {
		f := costLine.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if f == nil {
			return nil, fmt.Errorf("what the upload cost cannot be read: %q", line)
		}
		n := make([]float64, len(f))
		for i, text := range f[1:] {
			n[i], _ = strconv.ParseFloat(text, 64) //nolint:errcheck // the pattern lets nothing else through
		}
		c.Scripts++
		c.CPU += time.Duration(n[0]) * time.Microsecond
		c.Memory = max(c.Memory, int64(n[1]))
		c.Took += time.Duration((n[3] - n[2]) * float64(time.Second)).Round(time.Millisecond)
	}
	return &c, nil
}
