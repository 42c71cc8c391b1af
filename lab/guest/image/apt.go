package image

import (
	"context"
	"os/exec"
	"slices"
	"strings"
)

// suites are the parts of Debian 12 that a guest is installed from.
var suites = []string{suite, suite + "-updates", suite + "-security"}

// sources gives lines of a sources.list for what the machine's own apt knows of
// Debian 12, however that is written down (sources.list or deb822 files). It is empty
// where apt knows nothing of it, or is missing.
func sources(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "apt-get", "indextargets",
		"--format", "$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)", "Created-By: Packages").Output()
	if err != nil {
		return ""
	}
	return sourcesOf(string(out))
}

// sourcesOf picks from lines of URI, release, component and, where the index was
// fetched before, origin. Others than Debian call their suites like Debian's, too.
func sourcesOf(targets string) string {
	var lines []string
	debian := false
	for line := range strings.Lines(targets) {
		words := strings.Fields(line)
		if len(words) < 3 || !slices.Contains(suites, words[1]) || words[2] != "main" {
			continue
		}
		if len(words) > 3 && words[3] != "Debian" {
			continue
		}
		lines = append(lines, "deb "+strings.Join(words[:3], " ")+"\n")
		debian = debian || words[1] == suite
	}
	if !debian {
		return ""
	}
	slices.Sort(lines)
	return strings.Join(slices.Compact(lines), "")
}

// settings gives what the machine's apt.conf says about reaching a mirror (proxies,
// certificates, retries), in apt.conf's own form.
func settings(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "apt-config", "dump").Output()
	if err != nil {
		return ""
	}
	return settingsOf(string(out))
}

func settingsOf(dump string) string {
	var kept strings.Builder
	for line := range strings.Lines(dump) {
		name, value, _ := strings.Cut(line, " ")
		group, isAcquire := strings.CutPrefix(strings.ToLower(name), "acquire::")
		group, _, _ = strings.Cut(group, "::")
		reach := []string{"http", "https", "ftp", "retries", "forceipv4", "forceipv6", "check-valid-until", "check-date"}
		if isAcquire && slices.Contains(reach, group) && strings.TrimSpace(value) != `"";` {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

// candidates gives the versions of named packages that the machine's apt would
// install, as far as it knows: it is for the image's key, and no answer is one, too.
func candidates(ctx context.Context, named []string) string {
	out, err := exec.CommandContext(ctx, "apt-cache", append([]string{"policy"}, named...)...).Output()
	if err != nil {
		return ""
	}
	return candidatesOf(string(out))
}

func candidatesOf(policy string) string {
	var found strings.Builder
	for line := range strings.Lines(policy) {
		if name, ok := strings.CutSuffix(line, ":\n"); ok && !strings.HasPrefix(line, " ") {
			found.WriteString(name)
		}
		if version, ok := strings.CutPrefix(strings.TrimSpace(line), "Candidate: "); ok {
			found.WriteString(" " + version + "\n")
		}
	}
	return found.String()
}
