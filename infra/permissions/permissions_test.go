package permissions_test

import (
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"crashcart/infra/permissions"
	"crashcart/lab/source"
)

var at = permissions.Places{
	Partition: "aws", Region: "eu-central-1", Account: "111122223333",
	Table: "table", Bucket: "bucket", Queue: "queue", DeadLetters: "dead", Topic: "topic", Key: "key", LogGroup: "log",
	FollowupQueue: "followup", Machine: "machine", Executions: "executions",
}

// linked asks the linker which operations of the SDK are in a bootstrap. Go leaves
// out methods that nothing can reach, so what is in there can be called.
func linked(t *testing.T, pkg string) []string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "bootstrap")
	run := func(name string, args ...string) string {
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=arm64", "GOFLAGS=-mod=readonly")
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s %s: %v", name, args, err)
		}
		return string(out)
	}
	if err := source.Heed(t.Context(), pkg); err != nil {
		t.Fatal(err)
	}
	run("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-buildid=", "-tags=lambda.norpc", "-o", program, pkg)
	operation := regexp.MustCompile(`aws-sdk-go-v2/service/([a-z0-9]+)\.\(\*Client\)\.([A-Z][A-Za-z0-9]+)\n`)
	var found []string
	for _, m := range operation.FindAllStringSubmatch(run("go", "tool", "nm", program), -1) {
		if name := m[1] + "." + m[2]; m[2] != "Options" && !slices.Contains(found, name) {
			found = append(found, name)
		}
	}
	slices.Sort(found)
	return found
}

// functions are the bootstraps, and what is said of each.
var functions = map[string]struct {
	calls      []permissions.Call
	implied    []permissions.Implied
	statements []permissions.Statement
}{
	"crashcart/lambda/cmd/interrupt": {permissions.InterruptCalls(), permissions.InterruptImplied(), permissions.Interrupt(at)},
	"crashcart/lambda/cmd/count":     {permissions.CountCalls(), permissions.CountImplied(), permissions.Count(at)},
	"crashcart/lambda/cmd/followup":  {permissions.FollowupCalls(), permissions.FollowupImplied(), permissions.Followup(at, permissions.Collecting{Dumps: true, Snapshots: true})},
}

func TestEveryOperationThatIsLinkedIsInTheMapAndNoOther(t *testing.T) {
	for pkg, f := range functions {
		var mapped []string
		for _, c := range f.calls {
			mapped = append(mapped, c.Operation)
		}
		if got := linked(t, pkg); !slices.Equal(got, mapped) {
			t.Errorf("%s\nlinked:\n  %s\nin the map:\n  %s", pkg, strings.Join(got, "\n  "), strings.Join(mapped, "\n  "))
		}
	}
}

func TestNoActionIsWithoutACallerAndNoCallerWithoutItsAction(t *testing.T) {
	for pkg, f := range functions {
		wanted := map[string]bool{}
		for _, c := range f.calls {
			for _, a := range c.Actions {
				wanted[a] = true
			}
			if own := c.Operation[strings.Index(c.Operation, ".")+1:]; c.Why == "" && (len(c.Actions) != 1 || !strings.HasSuffix(c.Actions[0], ":"+own)) {
				t.Errorf("%s: %s asks for %q without a reason", pkg, c.Operation, c.Actions)
			}
		}
		for _, i := range f.implied {
			wanted[i.Action] = true
			if i.Why == "" {
				t.Errorf("%s: %s is implied without a reason", pkg, i.Action)
			}
		}
		allowed := map[string]bool{}
		for _, s := range f.statements {
			for _, a := range s.Actions {
				allowed[a] = allowed[a] || !s.Deny
				if !wanted[a] {
					t.Errorf("%s: %s is in %s, and nobody calls it", pkg, a, s.Sid)
				}
				if strings.Contains(a, "*") {
					t.Errorf("%s: %s has the action %s", pkg, s.Sid, a)
				}
			}
		}
		for a := range wanted {
			if !allowed[a] {
				t.Errorf("%s: %s is called, and not allowed", pkg, a)
			}
		}
	}
}

// IAM refuses a policy in which two statements have the same Sid ("IAM JSON policy
// elements: Sid", AWS Identity and Access Management User Guide).
func TestNoTwoStatementsOfAPolicyHaveOneName(t *testing.T) {
	for pkg, f := range functions {
		seen := map[string]bool{}
		for _, s := range f.statements {
			if s.Sid == "" || seen[s.Sid] {
				t.Errorf("%s: the name %q is missing or there twice", pkg, s.Sid)
			}
			seen[s.Sid] = true
		}
	}
}

func TestNoStarIsWithoutAReason(t *testing.T) {
	for pkg, f := range functions {
		for _, s := range f.statements {
			if star := strings.Contains(strings.Join(s.Resources, " "), "*"); star && s.Why == "" {
				t.Errorf("%s: %s is on %q without a reason", pkg, s.Sid, s.Resources)
			}
		}
	}
}

// The types are of the families that EC2 has on offer. IAM's * is path.Match's
// here, because no type has a slash.
func TestNoGravitonEscapesTheDenyAndNothingElseFallsUnderIt(t *testing.T) {
	var globs []string
	for _, s := range permissions.Interrupt(at) {
		if s.Deny {
			globs, _ = s.If["StringLike"].(map[string]any)["ec2:InstanceType"].([]string)
			if !slices.Contains(s.Actions, "ec2:SendDiagnosticInterrupt") {
				t.Errorf("it denies %q", s.Actions)
			}
		}
	}
	if len(globs) != 8 {
		t.Errorf("there are %d: %q", len(globs), globs)
	}
	denied := func(kind string) bool {
		return slices.ContainsFunc(globs, func(glob string) bool {
			ok, err := path.Match(glob, kind)
			return ok && err == nil
		})
	}
	for kind := range strings.FieldsSeq(`a1.metal a1.large c6g.large c6gd.xlarge c6gn.16xlarge c7g.metal c7gd.large c7gn.large c7g-flex.large
		c8g.48xlarge c8g-flex.large c8gd.large c8gn.large c8gb.large g5g.xlarge hpc7g.4xlarge i4g.large i8g.large i8ge.12xlarge im4gn.large is4gen.large
		m6g.large m6gd.large m7g.large m7g-flex.large m7gd.large m8g.large m8g-flex.large m8gd.large m8gn.large m8gb.large r6g.large r6gd.large r7g.large
		r7gd.large r8g.large r8gd.large r8gn.large r8gb.large t4g.nano x2gd.large x8g.large`) {
		if !denied(kind) {
			t.Errorf("%s escapes", kind)
		}
	}
	for kind := range strings.FieldsSeq(`c5.large c5a.large c5n.metal c6a.large c6in.large c7a.large c7i-flex.large c7i.metal-24xl c8i.large c8a.large d3en.large dl1.24xlarge
		f2.6xlarge g4ad.xlarge g4dn.xlarge g5.xlarge g6.xlarge g6e.xlarge g6f.large gr6.4xlarge hpc6a.48xlarge hpc7a.96xlarge i3.metal i3en.large i4i.large i7i.large i7ie.large
		inf2.xlarge m5.large m5dn.large m5zn.metal m6id.large m7a.large m7i-flex.large mac1.metal p4d.24xlarge p5en.48xlarge r5b.large r6idn.large r7iz.large
		t2.micro t3.micro t3a.nano trn1n.32xlarge u-6tb1.metal u7in-16tb.224xlarge vt1.3xlarge x1e.xlarge x2iedn.large z1d.large`) {
		if denied(kind) {
			t.Errorf("%s is denied", kind)
		}
	}
}
