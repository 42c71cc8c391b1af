package synthtest

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"crashcart/infra/props"
)

// recommended reads the flags that a new app would be given from the very library that
// go.mod names.
func recommended(t *testing.T) map[string]any {
	t.Helper()
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-cdk-go/awscdk/v2").Output()
	if err != nil {
		t.Fatal(err)
	}
	archives, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "jsii", "aws-cdk-lib-*.tgz"))
	if err != nil || len(archives) != 1 {
		t.Fatalf("%d archives of the library, %v", len(archives), err)
	}
	file, err := os.Open(archives[0])
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	plain, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	for archive := tar.NewReader(plain); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			t.Fatal("the library names no recommended flags")
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Name == "package/recommended-feature-flags.json" {
			var flags map[string]any
			if err := json.NewDecoder(archive).Decode(&flags); err != nil {
				t.Fatal(err)
			}
			return flags
		}
	}
}

// After an update of the library, cdk.json takes its list again and the templates show
// what that changes.
func TestNoRecommendedFlagIsMissingOrOtherwise(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "..", "..", "cdk.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Context map[string]any }
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	mine, want := file.Context, recommended(t)
	delete(mine, props.Key)
	for flag, value := range want {
		if !reflect.DeepEqual(mine[flag], value) {
			t.Errorf("%s is %v, and %v is recommended", flag, mine[flag], value)
		}
		delete(mine, flag)
	}
	for flag := range mine {
		t.Errorf("%s is no recommended flag", flag)
	}
}
