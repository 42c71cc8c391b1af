package send_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestNothingElseEverCallsSendDiagnosticInterrupt reads the whole module but its
// tests and the lab, which stands in for EC2. Naming the method without calling
// it counts, too: a method value can be called anywhere.
func TestNothingElseEverCallsSendDiagnosticInterrupt(t *testing.T) {
	root := filepath.Join("..", "..", "..")
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		t.Fatal(err)
	}
	var files int
	var places []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(root, path)
		switch {
		case err != nil:
			return err
		case d.IsDir() && (rel == "lab" || d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".") && rel != "."):
			return filepath.SkipDir
		case d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		files++
		places = append(places, callers(t, path)...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{filepath.Join(root, "lambda", "aws", "send", "send.go")}; files < 20 || !slices.Equal(places, want) {
		t.Errorf("%d files name the call in %v, want it in %v and nowhere else", files, places, want)
	}
}

// callers gives the path once for every place that names the call.
func callers(t *testing.T, path string) (places []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Error(err)
		return nil
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == "SendDiagnosticInterrupt" {
			places = append(places, path)
		}
		return true
	})
	return places
}
