package serial_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"crashcart/lab/guest/serial"
)

// say writes text in pieces of n bytes, as a UART and a pipe cut it.
func say(t *testing.T, l *serial.Log, n int, text string) {
	t.Helper()
	for piece := range slices.Chunk([]byte(text), n) {
		if _, err := l.Write(piece); err != nil {
			t.Fatal(err)
		}
	}
}

func texts(lines []serial.Line) []string {
	out := []string{}
	for _, l := range lines {
		out = append(out, l.Text)
	}
	return out
}

func TestLinesAreTheSameHoweverTheyAreCut(t *testing.T) {
	const said = "first\r\n\r\n[    1.0] \x1b[0;32mOK\x1b[0m caf\xc3\xa9\r\r\nlast, unfinished"
	for n := 1; n <= len(said); n++ {
		l := serial.New()
		say(t, l, n, said)
		want := []string{"first", "", "[    1.0] \x1b[0;32mOK\x1b[0m café"}
		if got := texts(l.Lines(0)); !slices.Equal(got, want) {
			t.Fatalf("in pieces of %d: %q", n, got)
		}
		if got := string(l.Bytes()); got != said {
			t.Fatalf("in pieces of %d the bytes are %q", n, got)
		}
		if l.Mark() != 3 {
			t.Fatalf("mark %d, want that of the unfinished line, 3", l.Mark())
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if got := texts(l.Lines(3)); !slices.Equal(got, []string{"last, unfinished"}) {
			t.Fatalf("after the end: %q", got)
		}
		if _, err := l.Write([]byte("more")); !errors.Is(err, serial.ErrClosed) {
			t.Fatalf("a closed log took more: %v", err)
		}
	}
}

func TestALineWithoutEndIsCutAndNothingLost(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 5000)
	for _, n := range []int{4096, len(long) + 100} {
		l := serial.New()
		say(t, l, n, long+"\nshort\n")
		lines := texts(l.Lines(0))
		if strings.Join(lines[:len(lines)-1], "") != long || lines[len(lines)-1] != "short" {
			t.Errorf("%d lines", len(lines))
		}
		for _, line := range lines {
			if len(line) > 16<<10 {
				t.Errorf("a line of %d bytes", len(line))
			}
		}
	}
}

func TestAFloodIsBoundedAndMarksStayWhereTheyWere(t *testing.T) {
	l := serial.New()
	pad := strings.Repeat("x", 1000)
	const lines = 40_000
	for i := range lines {
		say(t, l, 2000, fmt.Sprintf("%d %s\n", i, pad))
	}
	kept := l.Lines(0)
	if size := len(l.Bytes()); size > 16<<20 || size < 8<<20-2000 {
		t.Errorf("%d bytes are kept", size)
	}
	if l.Mark() != lines {
		t.Errorf("mark %d, want %d", l.Mark(), lines)
	}
	for i, line := range kept {
		number, _, _ := strings.Cut(line.Text, " ")
		if fmt.Sprint(int(line.Mark)) != number || int(line.Mark) != lines-len(kept)+i {
			t.Fatalf("line %s has the mark %d", number, line.Mark)
		}
	}
	if got := l.Lines(lines - 1); len(got) != 1 || !strings.HasSuffix(string(l.Tail(10)), "xxx\n") {
		t.Errorf("the last line: %v", got)
	}
}

func TestWaitSeesWhatWasAndWhatComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := serial.New()
		say(t, l, 100, "boot 1\nboot 2\n")
		boot := regexp.MustCompile(`boot \d`)
		first, err := l.Wait(t.Context(), 0, boot)
		if err != nil || first.Text != "boot 1" {
			t.Fatal(first, err)
		}
		second, err := l.Wait(t.Context(), first.Mark+1, boot)
		if err != nil || second.Text != "boot 2" {
			t.Fatal(second, err)
		}
		begun := time.Now()
		go func() {
			for _, piece := range []string{"noise\nbo", "ot", " 3", " is late\n"} {
				time.Sleep(time.Second)
				_, _ = l.Write([]byte(piece)) // the reader fails without it
			}
		}()
		third, err := l.Wait(t.Context(), second.Mark+1, boot)
		if err != nil || third.Text != "boot 3 is late" || !third.At.Equal(begun.Add(4*time.Second)) {
			t.Error(third, err)
		}
	})
}

func TestAnUnfinishedLineOnlyCountsWhenAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := serial.New()
		say(t, l, 100, "login\nroot@guest:~# ")
		prompt := regexp.MustCompile(`root@\w+:~# $`)
		line, err := l.WaitOpen(t.Context(), 0, prompt)
		if err != nil || line.Mark != 1 {
			t.Error(line, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if line, err := l.Wait(ctx, 0, prompt); !errors.Is(err, context.DeadlineExceeded) {
			t.Error("an unfinished line was taken for one:", line, err)
		}
		if line, err := l.WaitOpen(ctx, 2, prompt); err == nil {
			t.Error("a line before the mark was taken:", line)
		}
	})
}

func TestNobodyWaitsForAClosedPort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := serial.New()
		pattern := regexp.MustCompile("last words")
		go func() {
			time.Sleep(time.Second)
			_, _ = io.WriteString(l, "last words") // the reader fails without it
			_ = l.Close()                          // likewise
		}()
		if line, err := l.Wait(t.Context(), 0, pattern); err != nil || line.Text != "last words" {
			t.Error("the last words were lost:", line, err)
		}
		if _, err := l.Wait(t.Context(), 1, pattern); !errors.Is(err, serial.ErrClosed) {
			t.Error(err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestFollowMissesNothingAndEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := serial.New()
		say(t, l, 100, "before\n")
		go func() {
			for i := range 100 {
				_, _ = fmt.Fprintf(l, "line %d\n", i) // the reader fails without it
			}
			_ = l.Close() // likewise
		}()
		var got []string
		for line := range l.Follow(t.Context(), 0) {
			time.Sleep(time.Millisecond) // a slow reader
			got = append(got, line.Text)
		}
		if len(got) != 101 || got[0] != "before" || got[100] != "line 99" {
			t.Errorf("%d lines: %q", len(got), got)
		}
		l = serial.New()
		say(t, l, 100, "one\ntwo\nthree\n")
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		got = nil
		for line := range l.Follow(ctx, 1) {
			got = append(got, line.Text)
			cancel()
		}
		if !slices.Equal(got, []string{"two"}) {
			t.Errorf("after the end of its context: %q", got)
		}
	})
}

func TestLastIsTheNewest(t *testing.T) {
	l := serial.New()
	say(t, l, 100, "Linux version 1\n# Linux version 2\nother\n")
	kernel := regexp.MustCompile(`Linux version`)
	if line, ok := l.Last(0, kernel); !ok || line.Mark != 1 {
		t.Error(line, ok)
	}
	if line, ok := l.Last(2, kernel); ok {
		t.Error("found", line)
	}
}
