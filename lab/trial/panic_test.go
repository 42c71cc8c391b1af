package trial

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fakeReader puts a makedumpfile of the test's own in the place of the real one, which a real
// dump is read with in every trial. The last argument is the file that it writes.
func fakeReader(t *testing.T, rearrange, log string) {
	t.Helper()
	dir := t.TempDir()
	script := "#!/bin/sh\ncase $1 in\n-R) " + rearrange + " ;;\n--dump-dmesg) " + log + " ;;\n*) exit 9 ;;\nesac\n"
	if err := os.WriteFile(filepath.Join(dir, dumpReader), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

func TestAPanicIsOnlyReadFromTheObjectItself(t *testing.T) {
	for name, c := range map[string]struct{ object, want string }{
		"a panic": {"[1.0] fine\n[31.2] Kernel panic - not syncing: NMI: Not continuing\n[31.3] CPU: 0\n", "[31.2] Kernel panic - not syncing: NMI: Not continuing"},
		"none":    {"[1.0] fine\n", ""},
		"empty":   {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			fakeReader(t, `cat >"$2"`, `cat "$2" >"$3"`)
			if got, err := panicOf(t.Context(), []byte(c.object)); err != nil || got != c.want {
				t.Errorf("%q, %v, want %q", got, err, c.want)
			}
			if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
				t.Errorf("left are %v, %v", left, err)
			}
		})
	}
}

func TestADumpThatCannotBeReadIsNoDumpWithoutAPanic(t *testing.T) {
	for name, c := range map[string]struct{ rearrange, log string }{
		"it is no stream":    {"echo no stream >&2; exit 1", "exit 0"},
		"it is no dump":      {`cat >"$2"`, "echo no dump >&2; exit 1"},
		"nothing is written": {`cat >"$2"`, "exit 0"},
	} {
		t.Run(name, func(t *testing.T) {
			fakeReader(t, c.rearrange, c.log)
			if got, err := panicOf(t.Context(), []byte("x")); err == nil || errors.Is(err, errNoReader) {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

func TestAMachineThatCannotReadADumpSaysHowItCould(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for _, err := range []error{AbleToRead(), func() error { _, err := panicOf(t.Context(), nil); return err }()} {
		if !errors.Is(err, errNoReader) || !strings.Contains(err.Error(), "apt-get install") {
			t.Error(err)
		}
	}
}
