package screen_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"crashcart/cmd/crashcart/screen"
)

var now = time.Date(2026, time.March, 2, 8, 16, 0, 0, time.UTC)

// printed is what a page looks like.
func printed(write func(*screen.Page)) string {
	var out bytes.Buffer
	write(screen.New(&out, now))
	return out.String()
}

func TestAPageReadsAsItShould(t *testing.T) {
	long := strings.Repeat("word ", 20)
	for name, c := range map[string]struct {
		write func(*screen.Page)
		want  string
	}{
		"a short text":      {func(p *screen.Page) { p.Text("one line") }, "one line\n"},
		"no text":           {func(p *screen.Page) { p.Text("") }, "\n"},
		"an empty line":     {func(p *screen.Page) { p.Blank() }, "\n"},
		"a text that wraps": {func(p *screen.Page) { p.Text(long) }, strings.TrimSpace(strings.Repeat("word ", 16)) + "\n" + "word word word word\n"},
		"beside a head": {
			func(p *screen.Page) { p.Beside("head: ", long) },
			"head: " + strings.TrimSpace(strings.Repeat("word ", 15)) + "\n      word word word word word\n",
		},
		"a word longer than a line":        {func(p *screen.Page) { p.Text(strings.Repeat("x", 85)) }, strings.Repeat("x", 80) + "\nxxxxx\n"},
		"a word that is to be copied":      {func(p *screen.Page) { p.Text("s3://" + strings.Repeat("x", 85)) }, "s3://" + strings.Repeat("x", 85) + "\n"},
		"a field":                          {func(p *screen.Page) { p.Field("state", "open") }, "state     open\n"},
		"a field that is indented":         {func(p *screen.Page) { p.Field("  rule", "lever") }, "  rule      lever\n"},
		"a field without a value":          {func(p *screen.Page) { p.Field("alarm", "") }, ""},
		"a command":                        {func(p *screen.Page) { p.Copy("aws " + strings.Repeat("x", 90)) }, "    aws " + strings.Repeat("x", 90) + "\n"},
		"a moment":                         {func(p *screen.Page) { p.Text(p.When(now.Add(-time.Minute))) }, "1m ago (2026-03-02 08:15:00 UTC)\n"},
		"a moment that nobody knows":       {func(p *screen.Page) { p.Text(p.When(time.Time{})) }, "at an unknown time\n"},
		"text that would steer a terminal": {func(p *screen.Page) { p.Text("a\x1b[2J\nb\u202ec") }, "a [2J bc\n"},
		"a command that would":             {func(p *screen.Page) { p.Copy("a\nb\x1b") }, "    a b\n"},
		"a table": {
			func(p *screen.Page) {
				p.Table([]screen.Column{{"CASE", 6}, {"FOR", 3}}, [][]string{{"i-1", "a"}, {"longer than it", "b\nc"}, {"x", strings.Repeat("y", 90)}})
			},
			"CASE    FOR\ni-1     a\nlonger than it  b c\nx       " + strings.Repeat("y", 71) + "…\n",
		},
		"a table of sentences": {
			func(p *screen.Page) {
				p.Sentences(" ", []screen.Column{{"CASE", 6}, {"WHY", 0}}, [][]string{{"i-1", "a"}, {"longer\x1b than it", "b\nc"}, {"x", strings.TrimSpace(strings.Repeat("word ", 16))}})
			},
			" CASE    WHY\n i-1     a\n longe…  b c\n x       " + strings.TrimSpace(strings.Repeat("word ", 14)) + "\n         word word\n",
		},
	} {
		if got := printed(c.write); got != c.want {
			t.Errorf("%s:\n%q, want\n%q", name, got, c.want)
		}
	}
}

func TestATextWithoutAnEndIsBounded(t *testing.T) {
	got := printed(func(p *screen.Page) { p.Text(strings.Repeat("x ", 1<<20)) })
	if len(got) > 2*screen.MaxText || !strings.HasSuffix(got, "...\n") {
		t.Errorf("%d bytes, ending in %q", len(got), got[len(got)-10:])
	}
	for line := range strings.Lines(got) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > screen.Width {
			t.Fatalf("a line of %d columns", n)
		}
	}
}

// closed is a reader that has hung up.
type closed struct{ writes int }

var errClosed = errors.New("nobody reads any more")

func (c *closed) Write([]byte) (int, error) {
	c.writes++
	return 0, errClosed
}

func TestTheFirstFailureToWriteIsKept(t *testing.T) {
	var w closed
	p := screen.New(&w, now)
	p.Text("one")
	p.Text("two")
	if !errors.Is(p.Err(), errClosed) || w.writes != 1 {
		t.Errorf("%v after %d writes", p.Err(), w.writes)
	}
	if err := screen.JSON(&w, 1); !errors.Is(err, errClosed) {
		t.Errorf("JSON: %v", err)
	}
	if err := screen.JSON(&w, func() {}); err == nil {
		t.Error("a function is written as JSON")
	}
}

func TestJSONIsForMachinesAndSteersNoTerminal(t *testing.T) {
	want := "a\x1b[2J\n<b>\u202e\U000e0001"
	var out bytes.Buffer
	if err := screen.JSON(&out, map[string]string{"text": want}); err != nil {
		t.Fatal(err)
	}
	if s := out.String(); strings.ContainsAny(s, "\x1b\u202e\U000e0001") || !strings.Contains(s, "<b>") {
		t.Errorf("printed as %q", s)
	}
	var got map[string]string
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || got["text"] != want {
		t.Errorf("read as %q, %v", got["text"], err)
	}
}
