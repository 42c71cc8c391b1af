package standby_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"crashcart/lambda/aws/standby"
	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/instance"
)

// commands are the ones that undo the protection of hung in a group.
func commands(ctx context.Context, region, group string) ([]string, standby.Result) {
	r := standby.Keeper{API: &scaling{}, On: true, Region: region}.Keep(ctx, hung,
		fact.Known(instance.Group{Kind: instance.GroupAutoScaling, Name: group, Lifecycle: "InService"}))
	return r.Undo, r
}

// parsed gives the arguments that a POSIX shell would start aws with. The shell
// finds no other program, so that a hole in the quoting does no harm.
func parsed(t *testing.T, command string) []string {
	t.Helper()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no POSIX shell here")
	}
	cmd := exec.CommandContext(t.Context(), shell, "-c", `aws() { printf '%s\0' "$@"; }; `+command)
	cmd.Env, cmd.Dir = []string{"PATH=/nonexistent", "HOME=/nonexistent"}, t.TempDir()
	// Something for a wildcard to match.
	if err := os.WriteFile(filepath.Join(cmd.Dir, "--auto-scaling-group-name=a"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("sh fails on %q: %v: %s", command, err, out)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

func TestTheCommandsReachAWSAsTheyAreMeant(t *testing.T) {
	for _, name := range []string{
		"web", "web-1.blue_green", "a b", "it's", "''", `"`, `\`, `a\`, `\'`, "$HOME", "${IFS}", "$(id)", "`id`", "a;id", "a|id", "a&id", "a>b", "a<b",
		"*", "?", "[a]", "{a,b}", "~", "~root", "#a", "!a", "!!", "-", "-dash", "--region=us-east-1", "=", "a=b", "grün", "グループ", " lead", "trail ", "%s", "(a)", "^a", "\uFFFD",
	} {
		got, r := commands(t.Context(), "eu-central-1", name)
		if len(got) != 2 {
			t.Errorf("%q: %+v", name, r)
			continue
		}
		exit := []string{"autoscaling", "exit-standby", "--instance-ids", hung, "--auto-scaling-group-name=" + name, "--region=eu-central-1"}
		if words := parsed(t, got[0]); !slices.Equal(words, exit) {
			t.Errorf("%s is read as %q", got[0], words)
		}
		end := []string{"autoscaling", "terminate-instance-in-auto-scaling-group", "--instance-id", hung, "--no-should-decrement-desired-capacity", "--region=eu-central-1"}
		if words := parsed(t, got[1]); !slices.Equal(words, end) {
			t.Errorf("%s is read as %q", got[1], words)
		}
	}
}

func TestAPlainNameIsWrittenPlainly(t *testing.T) {
	got, _ := commands(t.Context(), "", "web-1")
	if want := "aws autoscaling exit-standby --instance-ids " + hung + " --auto-scaling-group-name=web-1"; got[0] != want {
		t.Errorf("%s, want %s", got[0], want)
	}
}

func TestANameThatCannotBeCopiedSafelyIsNeverInACommand(t *testing.T) {
	for _, name := range []string{
		"a\nid", "a\rid", "a\tb", "a\x00b", "\x1b[2J", "a\x7f", "a\u0085b", "a\u202eb", "a\u200bb", "a\u00a0b", "\xff", "a\u2028b", "\ufeffa",
		"file:///etc/passwd", "fileb://x", "http://169.254.169.254/", "HTTPS://x",
	} {
		got, r := commands(t.Context(), "eu-central-1", name)
		if len(got) != 1 || !strings.Contains(got[0], "terminate-instance-in-auto-scaling-group") {
			t.Errorf("%q: commands %q", name, got)
		}
		if !r.Kept || !strings.Contains(r.Why, "cannot be copied safely") {
			t.Errorf("%q: %+v", name, r)
		}
		if strings.ContainsFunc(r.Why, func(c rune) bool { return c < ' ' || c == 0x7f || c == '\u202e' }) {
			t.Errorf("%q makes the sentence %q", name, r.Why)
		}
	}
}

func TestALongNameNeverMakesALongSentence(t *testing.T) {
	if _, r := commands(t.Context(), "", strings.Repeat("ä", 5000)); len(r.Why) > 500 {
		t.Errorf("%d bytes", len(r.Why))
	}
}

func FuzzCommand(f *testing.F) {
	for _, seed := range []string{"web", "a b", "it's", "$(id)", "a\nb", "'; id; '", `\'`, "-x", "", "\xff", "file://x", "''''"} {
		f.Add(seed, "eu-central-1")
	}
	f.Fuzz(func(t *testing.T, group, region string) {
		got, _ := commands(t.Context(), region, group)
		for _, command := range got {
			if !harmless(command) {
				t.Fatalf("a shell could do something with %q", command) // and is not let to try
			}
			words := parsed(t, command)
			for option, value := range map[string]string{"--auto-scaling-group-name": group, "--region": region} {
				i := slices.IndexFunc(words, func(w string) bool { return strings.HasPrefix(w, option+"=") })
				if i >= 0 && words[i] != option+"="+value {
					t.Fatalf("%q is read as %q", command, words[i])
				}
			}
			if n := len(words); n < 5 || n > 6 {
				t.Fatalf("%q is %d words: %q", command, n, words)
			}
		}
	})
}

// harmless says whether outside of single quotes and \' there are only words of
// letters, digits and a few signs.
func harmless(command string) bool {
	quoted := false
	for i := 0; i < len(command); i++ {
		switch c := command[i]; {
		case c == '\'':
			quoted = !quoted
		case quoted:
		case strings.HasPrefix(command[i:], `\'`):
			i++
		case !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./,:@%+= ", rune(c)):
			return false
		}
	}
	return !quoted
}
