package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"crashcart/lambda/domain/trigger"
)

const examples = "../../docs/examples"

// tableRow is a line of the examples' README: a file, what it is, and what explain
// says of it.
var tableRow = regexp.MustCompile(`(?m)^\| \[[^]]+\]\(([^)]+)\) \| [^|]+ \| ([^|]+) \|$`)

func TestEveryExampleIsWhatItsReadmeSays(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(examples, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"README.md": ""}
	for _, row := range tableRow.FindAllStringSubmatch(string(readme), -1) {
		want[row[1]] = row[2]
	}
	files, err := os.ReadDir(examples)
	if err != nil {
		t.Fatal(err)
	}
	if len(want) != len(files) {
		t.Errorf("the README has %d files, the folder %d", len(want), len(files))
	}
	for _, file := range files {
		name := file.Name()
		if name == "README.md" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			out, err := execute(t, "", "explain", filepath.Join(examples, name))
			if got := sayings(t, out); got != want[name] {
				t.Errorf("explain says %q, the README %q", got, want[name])
			}
			if broken := strings.Contains(want[name], "`malformed`"); errors.Is(err, errMalformed) != broken || !broken && err != nil {
				t.Errorf("explain ends with %v", err)
			}
		})
	}
}

// sayings is what explain says of an event, as the README writes it.
func sayings(t *testing.T, out string) string {
	t.Helper()
	var e explanation
	if err := json.Unmarshal([]byte(out), &e); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var says []string
	for _, r := range e.Records {
		if r.Ignored != nil {
			says = append(says, "ignored: `"+string(r.Ignored.Reason)+"`")
			continue
		}
		var targets []string
		for _, ref := range r.Trigger.Targets {
			targets = append(targets, nameOf(ref))
		}
		says = append(says, "trigger: "+strings.Join(targets, ", "))
	}
	return strings.Join(says, "; ")
}

// nameOf is a target as the README writes it.
func nameOf(ref trigger.Ref) string {
	switch {
	case ref.AutoScalingGroup != "":
		return "group `" + ref.AutoScalingGroup + "`"
	case ref.TargetGroup != "":
		return "target group `" + ref.TargetGroup + "`"
	case ref.Alarm != "":
		return "alarm `" + ref.Alarm + "`"
	}
	return "`" + ref.Instance + "`"
}
