package hosts

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/dump"
)

var update = flag.Bool("update", false, "write the documents anew")

// The lab reads the document as a file: it must be the one that is deployed.
func TestTheKeptDocumentIsNeverAnotherThanTheDeployedOne(t *testing.T) {
	got, err := Collect()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("collect.json", got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile("collect.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(kept, got) {
		t.Error("collect.json is out of date: go test ./infra/hosts -update")
	}
}

func read(t *testing.T) document {
	t.Helper()
	text, err := Collect()
	if err != nil {
		t.Fatal(err)
	}
	// The longest parameters that are sent: a URL with a session's token.
	if len(text)+dump.MaxURL+1024 > MaxDocument {
		t.Errorf("the document has %d bytes, which leaves too little for its parameters", len(text))
	}
	var d document
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestNoParameterCanBeMoreThanAWord(t *testing.T) {
	d := read(t)
	want := []string{config.CollectDirectory, config.CollectManifest, config.CollectRate, config.CollectSeconds, config.CollectSince, config.CollectStep}
	if got := slices.Sorted(maps.Keys(d.Parameters)); !slices.Equal(got, want) {
		t.Fatalf("parameters %v", got)
	}
	for name, p := range d.Parameters {
		if p.InterpolationType != "ENV_VAR" || p.Type != "String" {
			t.Errorf("%s reaches the script as %s %s", name, p.Type, p.InterpolationType)
		}
		for _, hostile := range []string{
			"'", `"`, "`id`", "$(id)", "a b", "a\nb", "a;b", "a|b", "a>b", `a\b`, "1\n", "https://x/'", "/a'b", "/a\n", "https://x/\n", "https://x/$x", "{{ step }}", "https://x/a'; id; '",
		} {
			if p.allows(hostile) {
				t.Errorf("%s takes %q", name, hostile)
			}
		}
		if p.Default != nil && !p.allows(*p.Default) {
			t.Errorf("%s does not take its own default %q", name, *p.Default)
		}
	}
	if !strings.Contains(patternURL, strings.Trim(dump.PlainURL, "^$")) {
		t.Errorf("the document takes URLs by %s, and a manifest by %s", patternURL, dump.PlainURL)
	}
}

func (p parameter) allows(text string) bool {
	if len(p.AllowedValues) > 0 {
		return slices.Contains(p.AllowedValues, text)
	}
	return regexp.MustCompile(p.AllowedPattern).MatchString(text)
}

func TestEachPlatformRunsItsOwnScriptAlone(t *testing.T) {
	d := read(t)
	if d.SchemaVersion != "2.2" || len(d.MainSteps) != 2 {
		t.Fatalf("schema %s, %d steps", d.SchemaVersion, len(d.MainSteps))
	}
	for i, want := range []struct{ name, action, platform, body string }{
		{config.CollectLinux, "aws:runShellScript", "Linux", collectLinux},
		{config.CollectWindows, "aws:runPowerShellScript", "Windows", collectWindows},
	} {
		s := d.MainSteps[i]
		if s.Name != want.name || s.Action != want.action || !slices.Equal(s.Precondition["StringEquals"], []string{"platformType", want.platform}) {
			t.Errorf("%+v", s)
		}
		if got := strings.Join(s.Inputs.RunCommand, "\n") + "\n"; got != want.body {
			t.Errorf("%s: the document has another script", s.Name)
		}
		if s.Inputs.TimeoutSeconds != stepTimeout {
			t.Errorf("%s: %d s", s.Name, s.Inputs.TimeoutSeconds)
		}
	}
}

// Both scripts must read every parameter that they use, in both ways an agent gives it.
func TestNoScriptUsesAParameterThatAnOldAgentDoesNotGive(t *testing.T) {
	for name, c := range map[string]struct{ body, old string }{
		"Linux":   {collectLinux, `SSM_%s='{{ %s }}'`},
		"Windows": {collectWindows, `$env:SSM_%s = '{{ %s }}'`},
	} {
		used := regexp.MustCompile(`SSM_([A-Za-z]+)`).FindAllStringSubmatch(c.body, -1)
		for _, u := range used {
			if !strings.Contains(c.body, strings.ReplaceAll(c.old, "%s", u[1])) {
				t.Errorf("%s: %s is not read from the text", name, u[1])
			}
			if _, ok := read(t).Parameters[u[1]]; !ok {
				t.Errorf("%s: there is no parameter %s", name, u[1])
			}
		}
		if len(used) == 0 {
			t.Errorf("%s uses no parameter", name)
		}
		placeholders := regexp.MustCompile(`\{\{`).FindAllString(c.body, -1)
		quoted := regexp.MustCompile(`'\{\{ [A-Za-z]+ \}\}'\n`).FindAllString(c.body, -1)
		if len(placeholders) != len(quoted) {
			t.Errorf("%s: %d placeholders, and %d of them within single quotes", name, len(placeholders), len(quoted))
		}
	}
}

// An agent from before 3.3.2746.0 puts the parameters into the script's text.
func TestAnOldAgentNeverMakesAnotherScript(t *testing.T) {
	for shell, args := range shells(t) {
		t.Run(shell, func(t *testing.T) {
			h := newHost(t)
			h.shell = args
			h.write("var/crash/a/vmcore", kdump(9000), 0)
			for name, value := range map[string]string{
				"step": dump.StepSurvey, "since": "1", "manifestUrl": "https://x/?a=b&c=%2F", "seconds": "1", "rate": "0", "directory": h.crash,
			} {
				h.script = strings.ReplaceAll(h.script, "{{ "+name+" }}", value)
			}
			cmd := h.command(nil)
			cmd.Env = []string{"PATH=" + h.tools}
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			if s, err := dump.ParseSurvey(string(out)); err != nil || len(s.Files) != 1 {
				t.Errorf("%+v, %v", s, err)
			}
		})
	}
}

// The numbers are the same on both sides, though a script cannot import them.
func TestNoScriptSaysMoreThanIsTaken(t *testing.T) {
	for _, c := range []struct{ body, text string }{
		{collectLinux, "max_files=8 "},
		{collectLinux, "max_skipped=16\n"},
		{collectWindows, "$maxFiles = 8\n"},
		{collectWindows, "$maxSkipped = 16\n"},
	} {
		if !strings.Contains(c.body, c.text) {
			t.Errorf("the script lacks %q", c.text)
		}
	}
	if dump.MaxFiles != 8 || dump.MaxSkipped != 16 {
		t.Errorf("%d files, %d left out", dump.MaxFiles, dump.MaxSkipped)
	}
}

// PowerShell is not on the machines that run these tests. What the answers are made of can
// be compared.
func TestWindowsSaysNothingThatIsNotTaken(t *testing.T) {
	known := []string{
		dump.WhyEmpty, dump.WhyIncomplete, dump.WhyBusy, dump.WhyNotADump, dump.WhyNotOurs, dump.WhyTooMany, dump.WhyName,
		string(dump.StateSent), string(dump.StateGone), string(dump.StateChanged), string(dump.StateUnread), string(dump.StateLate),
		string(dump.StateRefused), string(dump.StateUnreachable), dump.StoppedBusy, dump.StoppedNoManifest, dump.StoppedBadRequest,
		dump.StepSurvey, dump.StepSend, string(dump.KindMinidump), string(dump.KindDump), "",
	}
	for _, m := range regexp.MustCompile(`(?:return|state =|stopped =|\$why =|why =|kind =|step =) '([a-z-]*)'`).FindAllStringSubmatch(collectWindows, -1) {
		if !slices.Contains(known, m[1]) {
			t.Errorf("the script for Windows says %q", m[1])
		}
	}
}
