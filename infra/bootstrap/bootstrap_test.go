package bootstrap_test

import (
	"crypto/sha256"
	"debug/elf"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crashcart/infra/bootstrap"
)

const interrupt = "./lambda/cmd/interrupt"

// functions are all that are deployed.
var functions = []string{interrupt, "./lambda/cmd/count", "./lambda/cmd/followup"}

func build(t *testing.T, root, pkg string) (dir, sum string) {
	t.Helper()
	dir, err := bootstrap.Build(t.Context(), bootstrap.Command{Root: root, Package: pkg}, filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "bootstrap"))
	if err != nil {
		t.Fatal(err)
	}
	return dir, fmt.Sprintf("%x", sha256.Sum256(raw))
}

// The second build is of a copy elsewhere, by somebody with habits of their own.
func TestTheSameSourceNeverGivesAnotherAsset(t *testing.T) {
	root := filepath.Join("..", "..")
	var dir string
	first := map[string]string{}
	for _, pkg := range functions {
		dir, first[pkg] = build(t, root, pkg)
	}

	copied := filepath.Join(t.TempDir(), "elsewhere")
	if err := os.CopyFS(filepath.Join(copied, "lambda"), os.DirFS(filepath.Join(root, "lambda"))); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		raw, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(copied, name), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("GOFLAGS", "-gcflags=-N")
	t.Setenv("GOARCH", "amd64")
	t.Setenv("CGO_ENABLED", "1")
	seen := map[string]bool{}
	for _, pkg := range functions {
		if _, second := build(t, copied, pkg); first[pkg] != second {
			t.Errorf("%s: %s here, %s from a copy", pkg, first[pkg], second)
		}
		seen[first[pkg]] = true
	}
	if len(seen) != len(functions) {
		t.Errorf("%d functions are %d programs", len(functions), len(seen))
	}

	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("the asset is %v, %v; want the bootstrap alone", entries, err)
	}
	info, err := os.Stat(filepath.Join(dir, "bootstrap"))
	if err != nil || info.Mode()&0o111 == 0 {
		t.Errorf("the bootstrap cannot be started: %v, %v", info, err)
	}
	program, err := elf.Open(filepath.Join(dir, "bootstrap"))
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	if program.Machine != elf.EM_AARCH64 || program.Section(".interp") != nil || program.Section(".symtab") != nil {
		t.Errorf("it is for %s, dynamic %v, with symbols %v; want a stripped static one for arm64",
			program.Machine, program.Section(".interp") != nil, program.Section(".symtab") != nil)
	}
}

func TestWhatIsLeftOverIsNeverPartOfTheAsset(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	if err := os.MkdirAll(out, 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(out, "old"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := bootstrap.Build(t.Context(), bootstrap.Command{Root: filepath.Join("..", ".."), Package: interrupt}, out); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(out, "old")); err == nil {
		t.Error("it is still there")
	}
}

func TestAFunctionThatDoesNotCompileSaysWhy(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module broken\n\ngo 1.26.0\n", "main.go": "package main\n\nfunc main() { undefined() }\n"} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, err := bootstrap.Build(t.Context(), bootstrap.Command{Root: root, Package: "."}, filepath.Join(t.TempDir(), "out"))
	if err == nil || !strings.Contains(err.Error(), "undefined: undefined") {
		t.Errorf("it says %v", err)
	}
}
