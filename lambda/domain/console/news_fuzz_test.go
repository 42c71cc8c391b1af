package console_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/console"
)

func FuzzNews(f *testing.F) {
	for _, text := range recorded(f) {
		f.Add(text[max(0, len(text)-4096):], int64(time.Second), 3)
	}
	for _, c := range lives() {
		f.Add([]byte(c.console), int64(10*time.Second), 1)
	}
	f.Add([]byte(host+lockup+hung), int64(10100*time.Millisecond), 2)
	f.Add([]byte(host+"\r\n[ 5000.1] INFO: task a:b:812 blocked for more than 999999999 seconds.\r\n[    1.1] a\r\n"), int64(10100*time.Millisecond), 1)
	f.Add([]byte(lockup+"[ 5000.1] a\r[ 5000.2] b\r\r\n\x1b]0;host login: [    1.1] "+lockup), int64(1), 0)
	f.Add([]byte("host login: [    0.1] INFO: task :1 blocked for more than INFO: task  blocked for more than "), int64(-1), -1)
	f.Fuzz(func(t *testing.T, text []byte, clock int64, lines int) {
		before := bytes.Clone(text)
		n := console.NewsSince(text, console.Mark{Clock: time.Duration(clock), Lines: lines})
		if !bytes.Equal(before, text) {
			t.Error("the console was written to")
		}
		checkNewsLine(t, n.Stuck)
		checkNewsLine(t, n.Life)
		if n.Mark.Clock < 0 || n.Mark.Lines < 0 || !n.Timed && (n.Mark.Clock != 0 || n.Stuck != "") {
			t.Errorf("%+v", n)
		}
		if n.Stuck != "" && n.Mark.Clock <= time.Duration(clock) {
			t.Errorf("stuck, with no later time: %+v", n)
		}
		if clock <= 0 && (n.Stuck != "" || n.Life != "") {
			t.Errorf("news of a console that nobody has seen: %+v", n)
		}
		checkSame(t, &n, time.Duration(clock))
		checkGrowth(t, text, n.Mark)
	})
}

// checkSame checks what the fields that a guest may not enlarge are bound by.
func checkSame(t *testing.T, n *console.News, clock time.Duration) {
	t.Helper()
	const longest = 999999999 * time.Second
	if n.StuckFor < 0 || n.StuckFor > longest || n.StuckFor%time.Second != 0 {
		t.Errorf("stuck for %s", n.StuckFor)
	}
	if n.StuckFor > 0 && (clock <= 0 || n.Mark.Clock <= clock) {
		t.Errorf("stuck for %s, with no later time than %s: %+v", n.StuckFor, clock, n)
	}
	if n.Same && (clock <= 0 || !n.Timed || n.Mark.Clock < clock.Round(time.Microsecond)) {
		t.Errorf("the same life, with no later time than %s: %+v", clock, n)
	}
}

// checkGrowth compares a console with itself, and with what it may grow to.
func checkGrowth(t *testing.T, text []byte, mark console.Mark) {
	t.Helper()
	if n := console.NewsSince(text, mark); n.Stuck != "" || n.Life != "" || n.Mark != mark {
		t.Errorf("compared with itself: %+v, mark %+v", n, mark)
	}
	if len(text) > console.MaxBytes/2 {
		return
	}
	if m := markOf(string(text) + "\r\na\r\n"); m.Clock != mark.Clock || m.Lines != mark.Lines+1 {
		t.Errorf("%+v, and with a line more %+v", mark, m)
	}
	line := fmt.Sprintf("\r\n[%12.6f] a\r\n", (mark.Clock + time.Second).Seconds())
	if m := markOf(string(text) + line); m.Clock < mark.Clock {
		t.Errorf("%+v, and a second later %+v", mark, m)
	}
}

// The work must not depend on what a hostile guest writes. A scan is part of it: see
// BenchmarkScan.
func BenchmarkNews(b *testing.B) {
	log := fixture(b, "whole-life")
	fill := func(text string) []byte {
		return []byte(strings.Repeat(text, console.MaxBytes/len(text)))
	}
	for _, c := range []struct {
		name    string
		console []byte
	}{
		{"measured", log[len(log)-console.MaxBytes:]},
		{"one line", fill("x")},
		{"no text", fill("\r\n")},
		{"short lines", fill("x\n")},
		{"escapes", fill("\x1b]")},
		{"colours", fill("\x1b[0;32mx")},
		{"times", fill("[    0.000000] ")},
		{"times that fail", fill("[    0.00000")},
		{"brackets", fill("[")},
		{"prompts", fill("\nhost login:")},
		{"a line of prompts", fill("xlogin:")},
		{"marks", fill("[  OK  ] * ")},
		{"lockups", fill("\n[    1.1] watchdog: BUG: soft lockup - CPU#")},
		{"hung tasks", fill("\n[    1.1] INFO: task :::::::::::: blocked for more")},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.console)))
			b.ReportAllocs()
			for b.Loop() {
				console.NewsSince(c.console, console.Mark{Clock: time.Millisecond})
			}
		})
	}
}
