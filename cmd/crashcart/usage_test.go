package main

import (
	"os/exec"
	"strings"
	"testing"
)

// A person who types nearly the right thing is told the right thing, and where the
// rest is written.
func TestAUsageErrorPointsAtWhatWasMeant(t *testing.T) {
	w := &world{t: t, env: map[string]string{"USER": "ops"}}
	for _, c := range []struct {
		args, says, help string
	}{
		{"cases --overdu", "unknown flag: --overdu: did you mean --overdue?", "crashcart cases --help"},
		{"cases --Open", "did you mean --open?", "crashcart cases --help"},
		{"cases --dryruns", "did you mean --dry-runs?", "crashcart cases --help"},
		{"interrupt --dryrun", "did you mean --dry-run?", "crashcart interrupt --help"},
		{"interrupt i-1 --message x", "did you mean --reason?", "crashcart interrupt --help"},
		{"pause --raeson x", "did you mean --reason?", "crashcart pause --help"},
		{"resume --message x", "unknown flag: --message\n", "crashcart resume --help"},
		{"cases --nonsense", "unknown flag: --nonsense\n", "crashcart cases --help"},
		{"cases --x", "unknown flag: --x\n", "crashcart cases --help"},
		{"cases -x", "unknown shorthand flag: 'x' in -x\n", "crashcart cases --help"},
		{"status --region", "flag needs an argument: --region\n", "crashcart status --help"},
		{"case list", "takes the id of one case: did you mean `crashcart cases`?", "crashcart case --help"},
		{"case clos x", "did you mean `crashcart case close`?", "crashcart case --help"},
		{"case show x", "did you mean `crashcart case ID`?", "crashcart case --help"},
		{"case", "takes the id of one case; `crashcart cases` lists them", "crashcart case --help"},
		{"case close", "takes the id of one case; `crashcart cases` lists them", "crashcart case close --help"},
		{"interrup", `there is no command "interrup": did you mean ` + "`crashcart interrupt`?", "crashcart --help"},
		{"close x", "did you mean `crashcart case close ID`?", "crashcart --help"},
		{"fetch x", "did you mean `crashcart dump ID`?", "crashcart --help"},
		{"dumps x", "did you mean `crashcart dump`?", "crashcart --help"},
		{"dump", "takes the id of one case; `crashcart cases` lists them", "crashcart dump --help"},
		{"list", "did you mean `crashcart cases`?", "crashcart --help"},
		{"version", "did you mean `crashcart --version`?", "crashcart --help"},
		{"demo", "the demo is `make demo` in the repository", "crashcart --help"},
		{"nonsense", `there is no command "nonsense"` + "\n", "crashcart --help"},
	} {
		r := w.want(exitUsage, c.says, strings.Fields(c.args)...)
		if r.stdout != "" || !strings.HasSuffix(r.stderr, "crashcart: see `"+c.help+"`\n") {
			t.Errorf("crashcart %s does not point at %s: %s%s", c.args, c.help, r.stdout, r.stderr)
		}
	}
}

func TestDistanceCountsLetters(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "as", 2},
		{"open", "", 4},
		{"open", "open", 0},
		{"opne", "open", 2},
		{"overdu", "overdue", 1},
		{"regions", "region", 1},
		{"kitten", "sitting", 3},
	} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("%q to %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

// The command is what an operator installs: the lab's stand-ins for AWS have no
// place in it, and neither has what makes the linker keep every AWS call.
func TestTheCommandLinksNoLab(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range strings.FieldsSeq(string(out)) {
		if strings.HasPrefix(pkg, "crashcart/lab") || strings.HasPrefix(pkg, "crashcart/infra") || strings.Contains(pkg, "jsii") {
			t.Errorf("it links %s", pkg)
		}
	}
}
