package screen

import (
	"fmt"
	"strings"
)

// gap stands between two columns.
const gap = "  "

// Column is the head of a table's column, and the width that its cells fill.
type Column struct {
	Head  string
	Width int
}

// Table prints rows under the heads of their columns. A cell that is longer than its
// column moves the rest of its row, and a row that is longer than the page is cut.
func (p *Page) Table(columns []Column, rows [][]string) {
	heads := make([]string, len(columns))
	for i, c := range columns {
		heads[i] = c.Head
	}
	p.row(columns, heads)
	for _, cells := range rows {
		p.row(columns, cells)
	}
}

// Sentences prints rows whose last cell is a sentence. It is wrapped, and continued under
// its own beginning. The other cells are cut, so that they leave it its room.
func (p *Page) Sentences(indent string, columns []Column, rows [][]string) {
	heads := make([]string, len(columns))
	for i, c := range columns {
		heads[i] = c.Head
	}
	for _, cells := range append([][]string{heads}, rows...) {
		head, last := indent, len(columns)-1
		for i, c := range columns[:last] {
			head += fmt.Sprintf("%-*s", c.Width, cut(clean(cells[i]), c.Width)) + gap
		}
		p.Beside(head, cells[last])
	}
}

func (p *Page) row(columns []Column, cells []string) {
	out := make([]string, len(cells))
	for i, cell := range cells {
		out[i] = fmt.Sprintf("%-*s", columns[i].Width, clean(cell))
	}
	p.print(cut(strings.Join(out, gap), Width))
}
