package fleet

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"regexp"
	"strings"
	"time"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// The text screen of a PC: 80 columns by 25 rows, of 7 by 13 pixels here.
const (
	columns, rows         = 80, 25
	cellWidth, cellHeight = 7, 13
)

// escapes are terminal control sequences, which leave no mark on a screen.
var escapes = regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]`)

// Screenshot draws a guest's screen as a JPEG: the end of its console, or what a Windows
// shows. The same screen is the same bytes, so that of a hung guest stands still. A machine
// has a screen of its own.
func (f *Fleet) Screenshot(id string) ([]byte, error) {
	if m, ok := f.Machine(id); ok {
		return m.Screenshot()
	}
	text, err := f.shown(id)
	if err != nil {
		return nil, err
	}
	img := image.NewGray(image.Rect(0, 0, columns*cellWidth, rows*cellHeight))
	draw.Draw(img, img.Bounds(), image.Black, image.Point{}, draw.Src)
	pen := font.Drawer{Dst: img, Src: image.NewUniform(color.Gray{Y: 0xaa}), Face: basicfont.Face7x13}
	for row, line := range screen(text) {
		pen.Dot = fixed.P(0, row*cellHeight+basicfont.Face7x13.Ascent)
		pen.DrawString(line)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 60}); err != nil {
		return nil, fmt.Errorf("drawing the screen of %s: %w", id, err)
	}
	return b.Bytes(), nil
}

// shown is the text on a guest's screen now.
func (f *Fleet) shown(id string) (string, error) {
	f.lock()
	defer f.mu.Unlock()
	g := f.find(id)
	if g == nil {
		return "", fmt.Errorf("%s: %w", id, ErrUnknown)
	}
	now := f.clock.Now()
	if g.Platform == "windows" {
		return g.windowsScreen(now), nil
	}
	return string(g.console(now)), nil
}

// windowsScreen is what a Windows shows, which writes nothing on its serial console: a clock
// while it lives, and that clock as it stood when it hung. A boot, a shutdown and a dump
// show that they go on.
func (g *guest) windowsScreen(now time.Time) string {
	p, _ := g.phaseAt(now)
	goesOn := strings.Repeat(".", int(now.Sub(p.at).Seconds())%columns)
	switch p.name {
	case phaseUp:
		return now.UTC().Format("Monday, 2 January\n15:04")
	case phaseFrozen, phaseDead:
		return p.at.UTC().Format("Monday, 2 January\n15:04")
	case phaseDumping:
		return "Your device ran into a problem. We are just collecting some error info.\n" + goesOn
	case phaseBooting:
		return "Getting Windows ready\n" + goesOn
	case phaseStopping:
		return "Restarting\n" + goesOn
	}
	return "" // off, or between two of these
}

// screen breaks console text into the rows that fit at the end.
func screen(text string) []string {
	text = strings.ReplaceAll(escapes.ReplaceAllString(text, ""), "\r", "")
	var out []string
	for line := range strings.SplitSeq(text, "\n") {
		for len(line) > columns {
			out, line = append(out, line[:columns]), line[columns:]
		}
		out = append(out, line)
	}
	return out[max(0, len(out)-rows):]
}
