package page_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/fatih/color"

	"crashcart/lab/demo/page"
)

var palette = page.Palette{"loud": {color.Bold}}

func TestALineFitsItsWidthAndGoesOnUnderItsBeginning(t *testing.T) {
	for _, colour := range []bool{false, true} {
		var b bytes.Buffer
		p := page.New(&b, 60, palette, colour)
		p.Line(p.Paint("loud", "head")+" ", strings.Repeat("word ", 30))
		for i, line := range strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n") {
			if page.Columns(line) > 60 || strings.HasSuffix(line, " ") {
				t.Errorf("colour %t: %q", colour, line)
			}
			if i > 0 && !strings.HasPrefix(line, "       word") {
				t.Errorf("it goes on at another column: %q", line)
			}
		}
		if strings.Contains(b.String(), "\x1b") != colour {
			t.Errorf("colour %t: %q", colour, b.String())
		}
	}
}

func TestAWordIsNeverBroken(t *testing.T) {
	long := strings.Repeat("x", 90)
	if lines := page.Wrap("a "+long+" b", 20); len(lines) != 3 || lines[1] != long {
		t.Errorf("%q", lines)
	}
	if lines := page.Wrap("", 20); len(lines) != 1 || lines[0] != "" {
		t.Errorf("no text: %q", lines)
	}
}

func TestACutSaysSo(t *testing.T) {
	for text, want := range map[string]string{"12345": "12345", "123456": "1234…", "äöüäöü": "äöüä…"} {
		if got := page.Cut(text, 5); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestAClockHasMinutesAndSeconds(t *testing.T) {
	for seconds, want := range map[float64]string{0: " 0:00", 59.9: " 0:59", 61: " 1:01", 754: "12:34"} {
		if got := page.Clock(seconds); got != want {
			t.Errorf("%f: %q, want %q", seconds, got, want)
		}
	}
}

// full is a disk without room.
type full struct{ tries int }

func (f *full) Write([]byte) (int, error) { f.tries++; return 0, errors.New("no space left") }

func TestNothingIsWrittenAfterTheFirstFailure(t *testing.T) {
	w := &full{}
	p := page.New(w, 80, nil, false)
	p.Print("one")
	p.Print("two")
	if p.Err() == nil || w.tries != 1 {
		t.Errorf("tried %d times, %v", w.tries, p.Err())
	}
}
