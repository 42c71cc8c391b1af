package powershelltest

import (
	"bytes"
	"encoding/json"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"crashcart/infra/node"
)

// tree is a node of a parsed script, as parse.mjs gives it.
type tree struct {
	Type     string  `json:"type"`
	Line     int     `json:"line"`
	Text     string  `json:"text"`
	Wrong    bool    `json:"wrong"` // the parser does not understand it, or misses it
	Children []*tree `json:"children"`
}

const reader = "parse.mjs"

// program gives the Node.js that runs the parser, or skips the test where there is none.
func program(t *testing.T) string {
	t.Helper()
	program, err := node.Find()
	// The test reads these here, so that `go test` knows what its result depends on.
	for _, file := range []string{
		reader,
		filepath.Join("..", "..", "node_modules", "tree-sitter-powershell", "package.json"),
		filepath.Join("..", "..", "node_modules", "web-tree-sitter", "package.json"),
	} {
		if err == nil {
			_, err = os.Stat(file)
		}
	}
	if err == nil {
		return program
	}
	const how = "the script is not parsed: that needs `npm ci --prefix infra`"
	if os.Getenv("CI") != "" {
		t.Fatalf("%s (%v)", how, err)
	}
	t.Skip(how)
	return ""
}

// parsed is what parse.mjs says.
type parsed struct {
	Tree   *tree  `json:"tree"`
	Broken []bool `json:"broken"`
}

func parse(t *testing.T, script string, others ...string) parsed {
	t.Helper()
	in, err := json.Marshal(map[string]any{"script": script, "others": append([]string{}, others...)})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program(t), reader)
	cmd.Stdin = bytes.NewReader(in)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", reader, err, complaint.Bytes())
	}
	var p parsed
	if err := json.Unmarshal(out, &p); err != nil || p.Tree == nil || len(p.Broken) != len(others) {
		t.Fatalf("%s gave %d answers: %v", reader, len(p.Broken), err)
	}
	return p
}

func source(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "collect.ps1"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// all gives a node and everything below it, of these types; of all types when none is named.
func (n *tree) all(types ...string) iter.Seq[*tree] {
	return func(yield func(*tree) bool) { n.walk(types, yield) }
}

func (n *tree) walk(types []string, yield func(*tree) bool) bool {
	if (len(types) == 0 || slices.Contains(types, n.Type)) && !yield(n) {
		return false
	}
	for _, child := range n.Children {
		if !child.walk(types, yield) {
			return false
		}
	}
	return true
}

// child gives the first direct child of this type.
func (n *tree) child(kind string) *tree {
	for _, c := range n.Children {
		if c.Type == kind {
			return c
		}
	}
	return nil
}

// statements are those of a block.
func (n *tree) statements() []*tree {
	for list := range n.all("statement_list") {
		return list.Children
	}
	return nil
}

// functions are those of the script, by name.
func (n *tree) functions() map[string]*tree {
	out := map[string]*tree{}
	for f := range n.all("function_statement") {
		out[f.child("function_name").Text] = f
	}
	return out
}

// called is the name of a command.
func (n *tree) called() string {
	if name := n.child("command_name"); name != nil {
		return name.Text
	}
	return ""
}

// member is the method's name of an invocation.
func (n *tree) member() string {
	var name string
	for _, c := range n.Children {
		if c.Type == "simple_name" {
			name = c.Text
		}
	}
	return name
}
