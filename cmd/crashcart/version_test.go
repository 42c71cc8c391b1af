package main

import (
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"

	"crashcart/lab"
)

func TestTheVersionIsTheCommitThatIsRecorded(t *testing.T) {
	const commit, date = "9875498c1f0de3f4a1b2c3d4e5f60718293a4b5c", "2026-03-02T08:15:30Z"
	setting := func(key, value string) debug.BuildSetting { return debug.BuildSetting{Key: key, Value: value} }
	for name, c := range map[string]struct {
		settings []debug.BuildSetting
		want     string
	}{
		"a clean checkout": {
			[]debug.BuildSetting{setting("vcs", "git"), setting("vcs.revision", commit), setting("vcs.time", date), setting("vcs.modified", "false")},
			commit + " (" + date + ")",
		},
		"a changed checkout": {
			[]debug.BuildSetting{setting("vcs.revision", commit), setting("vcs.time", date), setting("vcs.modified", "true")},
			commit + ", modified (" + date + ")",
		},
		"no date":          {[]debug.BuildSetting{setting("vcs.revision", commit)}, commit + " (unknown date)"},
		"nothing recorded": {nil, "unknown (unknown date)"},
	} {
		if got := recorded(&debug.BuildInfo{Settings: c.settings}).String(); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestABinaryWithoutARecordSaysSo(t *testing.T) {
	w := &world{t: t, env: map[string]string{}}
	w.want(0, "crashcart version unknown (unknown date)\n", "--version") // the tests' build records nothing
}

// maxSize is the most that the command may weigh, in bytes, as `make install` builds it.
const maxSize = 25e6

func TestTheCommandIsNoLargerThanItMayBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "crashcart")
	if err := lab.Build(t.Context(), "crashcart/cmd/crashcart", file); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > maxSize {
		t.Errorf("%.1f MB, at most %.1f MB", float64(info.Size())/1e6, maxSize/1e6)
	}
}
