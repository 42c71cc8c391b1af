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

// Screenshot draws a guest's screen, the end of its console, as a JPEG. A machine has
// a screen of its own.
func (f *Fleet) Screenshot(id string) ([]byte, error) {
	if m, ok := f.Machine(id); ok {
		return m.Screenshot()
	}
	text, _, err := f.Console(id, true)
	if err != nil {
		return nil, err
	}
	img := image.NewGray(image.Rect(0, 0, columns*cellWidth, rows*cellHeight))
	draw.Draw(img, img.Bounds(), image.Black, image.Point{}, draw.Src)
	pen := font.Drawer{Dst: img, Src: image.NewUniform(color.Gray{Y: 0xaa}), Face: basicfont.Face7x13}
	for row, line := range screen(string(text)) {
		pen.Dot = fixed.P(0, row*cellHeight+basicfont.Face7x13.Ascent)
		pen.DrawString(line)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 60}); err != nil {
		return nil, fmt.Errorf("drawing the screen of %s: %w", id, err)
	}
	return b.Bytes(), nil
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
