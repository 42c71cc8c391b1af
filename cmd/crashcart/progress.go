package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"crashcart/cmd/crashcart/screen"
	"crashcart/lambda/domain/manifest"
	"crashcart/lambda/domain/printable"
)

const (
	// redraw is how often a terminal's line is written anew.
	redraw = 200 * time.Millisecond
	// restate is how often a line is written where nothing can be written anew. A log of a
	// long download is then some hundred lines.
	restate = 10 * time.Second
)

// meter says how far a download is: in one line of a terminal that is written anew, or else
// in a line every few seconds.
type meter struct {
	say      func(...any) // to standard error
	now      func() time.Time
	terminal bool

	key          string
	reading      bool
	began, shown time.Time
	first, done  int64 // bytes that were here when it began, and are now
	size         int64
	drawn        bool // there is a line to be ended
}

func newMeter(c *cobra.Command) *meter {
	file, ok := c.ErrOrStderr().(*os.File)
	return &meter{say: c.PrintErr, now: time.Now, terminal: ok && term.IsTerminal(int(file.Fd()))}
}

// moved says that so many bytes of a file are here. reading says that they were here
// before, and are being read.
func (m *meter) moved(f manifest.File, done int64, reading bool) {
	now := m.now()
	if f.Key != m.key || reading != m.reading {
		m.over()
		m.first = 0
		if f.Key == m.key && !reading { // what was read is what is gone on with
			m.first = m.done
		}
		m.key, m.reading, m.size, m.began, m.shown = f.Key, reading, f.Size, now, now
	}
	m.done = done
	every := restate
	if m.terminal {
		every = redraw
	}
	if now.Sub(m.shown) >= every {
		m.shown = now
		m.draw(now)
	}
}

func (m *meter) draw(now time.Time) {
	line := "crashcart: " + m.line(now)
	if !m.terminal {
		m.say(line + "\n")
		return
	}
	m.say(fmt.Sprintf("\r%-*s", screen.Width-1, line[:min(len(line), screen.Width-1)]))
	m.drawn = true
}

// line is the state of the download in one line.
func (m *meter) line(now time.Time) string {
	doing := "fetching "
	if m.reading {
		doing = "checking "
	}
	parts := []string{doing + printable.Line(m.key, screen.Width/2), printable.Bytes(m.done) + " of " + printable.Bytes(m.size)}
	if m.size > 0 {
		parts = append(parts, fmt.Sprintf("%d %%", m.done*100/m.size))
	}
	if took, came := now.Sub(m.began), m.done-m.first; took > 0 && came > 0 {
		rate := float64(came) / took.Seconds()
		parts = append(parts, printable.Bytes(int64(rate))+"/s")
		if left := float64(m.size-m.done) / rate; left >= 1 {
			parts = append(parts, printable.Duration(time.Duration(left*float64(time.Second)))+" to go")
		}
	}
	return strings.Join(parts, ", ")
}

// over ends the line of a file.
func (m *meter) over() {
	if m.drawn {
		m.say(fmt.Sprintf("\r%-*s\r", screen.Width-1, ""))
		m.drawn = false
	}
}
