package console_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/console"
)

// recorded are all consoles of real machines, by their names.
func recorded(t testing.TB) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, c := range trials(t) {
		all["trial "+c.name] = c.text
	}
	files, err := filepath.Glob(filepath.Join("testdata", "*.log"))
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(file)] = text
	}
	return all
}

const step = 4 << 10

// Nothing is new on a console that has not moved, however far it has come and wherever the
// ring is cut.
func TestAConsoleThatHasNotMovedHasNoNews(t *testing.T) {
	for name, text := range recorded(t) {
		for cut := 0; cut < len(text); cut += step {
			for _, ring := range [][]byte{text[:len(text)-cut], text[cut:]} {
				mark := console.NewsSince(ring, console.Mark{}).Mark
				n := console.NewsSince(ring, mark)
				if n.Life != "" || n.Stuck != "" || n.StuckFor != 0 || n.Same != (mark.Clock > 0) {
					t.Errorf("%s, cut by %d: %+v", name, cut, n)
				}
			}
		}
	}
}

// No machine of the lab was stuck but the one whose capture kernel had no memory: not by a
// boot, a panic, a dump, a killed process or a restart.
func TestNoRecordedConsoleIsStuckButWhereMemoryIsGone(t *testing.T) {
	stuck := map[string]bool{}
	for name, text := range recorded(t) {
		for end := step; end < len(text); end += step {
			mark := console.NewsSince(text[:end], console.Mark{}).Mark
			for _, later := range []int{min(end+step, len(text)), min(end+5*step, len(text)), len(text)} {
				if n := console.NewsSince(text[:later], mark); n.Stuck != "" {
					stuck[name] = true
					if !strings.Contains(n.Stuck, "Kernel panic - not syncing: System is deadlocked on memory") {
						t.Errorf("%s[%d:%d]: %q", name, end, later, n.Stuck)
					}
				}
			}
		}
	}
	if len(stuck) != 2 || !stuck["trial capture-panics"] || !stuck["capture-kernel-dead.log"] {
		t.Errorf("stuck: %v", stuck)
	}
}

// A machine that hung, was interrupted, dumped and came back is alive by its new boot.
func TestEveryTrialThatComesBackIsAlive(t *testing.T) {
	back := 0
	for _, c := range trials(t) {
		if c.reach < 0 {
			continue
		}
		back++
		mark := console.NewsSince(c.text[:c.SentAt], console.Mark{}).Mark
		if n := console.NewsSince(c.text[max(0, c.reach-console.MaxBytes):c.reach], mark); n.Life == "" || n.Stuck != "" {
			t.Errorf("%s: %+v", c.name, n)
		}
		if n := console.NewsSince(c.text[:c.SentAt], mark); n.Life != "" || n.Stuck != "" {
			t.Errorf("%s, while it hung: %+v", c.name, n)
		}
	}
	if back < 5 {
		t.Errorf("only %d trials came back", back)
	}
}

// What is said behind a real console is heard, wherever the ring is cut: that the kernel is
// stuck, and that user space is not.
func TestNoCutHidesWhatIsNew(t *testing.T) {
	compared := 0
	for name, text := range recorded(t) {
		text = text[max(0, len(text)-console.MaxBytes):]
		mark := console.NewsSince(text, console.Mark{}).Mark
		if mark.Clock == 0 {
			continue // a kernel that has just begun: there is nothing to compare with
		}
		compared++
		stuck := fmt.Sprintf("\r\n[%12.6f] INFO: task systemd:1 blocked for more than 120 seconds.\r\n", (mark.Clock + time.Hour).Seconds())
		for start := 0; start < len(text); start += step {
			ring := string(text[start:])
			if n := console.NewsSince([]byte(ring+stuck), mark); !strings.Contains(n.Stuck, "systemd:1 blocked") {
				t.Errorf("%s[%d:] and stuck: %+v", name, start, n)
			}
			if n := console.NewsSince([]byte(ring+"\r\n[  OK  ] Started a.\r\n"), mark); n.Life != "[  OK  ] Started a." {
				t.Errorf("%s[%d:] and alive: %+v", name, start, n)
			}
		}
	}
	if compared < 20 {
		t.Errorf("only %d consoles were compared", compared)
	}
}
