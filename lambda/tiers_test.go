// Package lambda_test holds the functions' code to the tiers of ARCHITECTURE.md.
package lambda_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const module = "crashcart/"

// goTool runs the go command at the module's root.
func goTool(t *testing.T, env []string, args ...string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir, cmd.Env = "..", append(os.Environ(), env...)
	out, err := cmd.Output()
	if err != nil {
		var said []byte
		if exit, ok := err.(*exec.ExitError); ok { //nolint:errorlint // exec gives this very type
			said = exit.Stderr
		}
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, said)
	}
	return strings.Fields(string(out))
}

func TestWhatDecidesNeverLinksAWS(t *testing.T) {
	deps := goTool(t, nil, "list", "-deps", "./lambda/domain/...")
	if !slices.Contains(deps, module+"lambda/domain/guard") {
		t.Fatalf("the guard is not among %d packages", len(deps))
	}
	for _, dep := range deps {
		first, _, _ := strings.Cut(dep, "/")
		if strings.Contains(first, ".") || strings.HasPrefix(dep, module) && !strings.HasPrefix(dep, module+"lambda/domain/") {
			t.Errorf("the domain links %s", dep)
		}
	}
}

// A machine that has no module and may fetch none can build what decides.
func TestWhatDecidesNeedsNoModule(t *testing.T) {
	goTool(t, []string{"GOPROXY=off", "GOFLAGS=", "GOMODCACHE=" + t.TempDir()}, "build", "./lambda/domain/...")
}

// order is that of the domain's packages: each may import those before it.
var order = []string{"config", "printable", "fact", "console", "instance", "vitals", "dump", "cases", "trigger", "guard", "witness", "manifest"}

func TestTheDomainNeverImportsToTheRight(t *testing.T) {
	seen := map[string]bool{}
	for file, imports := range sources(t) {
		name, ok := strings.CutPrefix(path.Dir(file), "lambda/domain/")
		if !ok || isTest(file) {
			continue
		}
		seen[name] = true
		for _, i := range imports {
			if other, ok := strings.CutPrefix(i, module+"lambda/domain/"); ok && slices.Index(order, other) >= slices.Index(order, name) {
				t.Errorf("%s imports %s, which is not before it in %v", file, other, order)
			}
		}
	}
	if got := slices.Sorted(maps.Keys(seen)); !slices.Equal(got, slices.Sorted(slices.Values(order))) {
		t.Errorf("the domain has the packages %v, the order is of %v", got, order)
	}
}

// clients are the services that each package of lambda/aws speaks to.
var clients = map[string][]string{
	"awsenv":     nil,
	"awserr":     nil,
	"call":       nil,
	"emf":        nil,
	"casebook":   {"dynamodb"},
	"collect":    {"s3", "ssm"},
	"evidence":   {"ec2", "s3"},
	"executions": {"sfn"},
	"notify":     {"sns"},
	"observe":    {"autoscaling", "ec2", "ssm"},
	"resolve":    {"autoscaling", "cloudwatch", "ec2", "elasticloadbalancingv2", "ssm"},
	"send":       {"ec2"},
	"snapshot":   {"ec2"},
	"standby":    {"autoscaling"},
}

func TestNoServiceSpeaksToAnothersClient(t *testing.T) {
	got := map[string]map[string]bool{}
	for file, imports := range sources(t) {
		name, ok := strings.CutPrefix(path.Dir(file), "lambda/aws/")
		if !ok || isTest(file) || name == "emf/emftest" {
			continue
		}
		if got[name] == nil {
			got[name] = map[string]bool{}
		}
		for _, i := range imports {
			if service, ok := strings.CutPrefix(i, "github.com/aws/aws-sdk-go-v2/service/"); ok {
				service, _, _ = strings.Cut(service, "/")
				got[name][service] = true
			}
		}
	}
	for name, services := range got {
		if speaks := slices.Sorted(maps.Keys(services)); !slices.Equal(speaks, clients[name]) {
			t.Errorf("lambda/aws/%s speaks to %v, want %v", name, speaks, clients[name])
		}
	}
	if len(got) != len(clients) {
		t.Errorf("%d packages in lambda/aws, want %d", len(got), len(clients))
	}
}

// list is a list of depguard in .golangci.yml.
type list struct {
	Mode  string   `yaml:"list-mode"`
	Files []string `yaml:"files"`
	Allow []string `yaml:"allow"`
}

func lists(t *testing.T) map[string]list {
	t.Helper()
	text, err := os.ReadFile("../.golangci.yml")
	if err != nil {
		t.Fatal(err)
	}
	var c struct {
		Linters struct {
			Settings struct {
				Depguard struct {
					Rules map[string]list `yaml:"rules"`
				} `yaml:"depguard"`
			} `yaml:"settings"`
		} `yaml:"linters"`
	}
	if err := yaml.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	return c.Linters.Settings.Depguard.Rules
}

// A list that allows more than is needed lets in what nobody has thought about.
func TestNoListAllowsWhatNothingUses(t *testing.T) {
	files, rules := sources(t), lists(t)
	if len(rules) < 5 {
		t.Fatalf("%d lists in .golangci.yml", len(rules))
	}
	for name, l := range rules {
		if name == "elsewhere" {
			continue
		}
		used, covered := map[string]bool{}, 0
		for file, imports := range files {
			if !l.covers(file) {
				continue
			}
			covered++
			for _, i := range imports {
				for _, a := range l.Allow {
					used[a] = used[a] || allows(a, i)
				}
			}
		}
		for _, a := range l.Allow {
			if !used[a] {
				t.Errorf("list %s allows %s, which none of its %d files imports", name, a, covered)
			}
		}
	}
}

// Every file belongs to exactly one tier.
func TestNoFileIsWithoutATier(t *testing.T) {
	rules := lists(t)
	for file := range sources(t) {
		var in []string
		for name, l := range rules {
			if l.Mode != "strict" {
				t.Fatalf("list %s is not strict", name)
			}
			if l.covers(file) {
				in = append(in, name)
			}
		}
		if len(in) != 1 || in[0] == "elsewhere" {
			t.Errorf("%s is covered by the lists %v", file, in)
		}
	}
}

func (l list) covers(file string) bool {
	in := false
	for _, pattern := range l.Files {
		pattern, not := strings.CutPrefix(pattern, "!")
		hit := pattern == "$test" && isTest(file) || matches(strings.TrimPrefix(pattern, "${config-path}/"), file)
		if hit && not {
			return false
		}
		in = in || hit
	}
	return in
}

// matches says whether a file's path matches a pattern of depguard: * within a folder,
// ** across folders, {a,b} either.
func matches(pattern, file string) bool {
	expr := strings.NewReplacer(
		`\*\*/`, `(.*/)?`, `\*\*`, `.*`, `\*`, `[^/]*`, `\{`, `(`, `\}`, `)`, `,`, `|`,
	).Replace(regexp.QuoteMeta(pattern))
	return regexp.MustCompile("^" + expr + "$").MatchString(file)
}

// allows says whether an entry of a list allows an import.
func allows(entry, imported string) bool {
	if entry == "$gostd" {
		first, _, _ := strings.Cut(imported, "/")
		return !strings.Contains(first, ".") && !strings.HasPrefix(imported, module)
	}
	exact, ok := strings.CutSuffix(entry, "$")
	return imported == exact || !ok && strings.HasPrefix(imported, entry+"/")
}

func isTest(file string) bool { return strings.HasSuffix(file, "_test.go") }

// sources are the imports of every Go file of the repository, by its path.
func sources(t *testing.T) map[string][]string {
	t.Helper()
	files := map[string][]string{}
	err := filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == "build" || strings.HasPrefix(d.Name(), ".") && name != ".."):
			return filepath.SkipDir
		case d.IsDir() || filepath.Ext(name) != ".go":
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		file := strings.TrimPrefix(filepath.ToSlash(name), "../")
		files[file] = []string{}
		for _, i := range parsed.Imports {
			imported, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			files[file] = append(files[file], imported)
		}
		return nil
	})
	if err != nil || len(files) < 100 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	return files
}
