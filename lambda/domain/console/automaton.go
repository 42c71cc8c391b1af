package console

import "sync"

// automaton finds all words in one pass over a text, in a time that grows with the text
// alone (Aho and Corasick, "Efficient string matching: an aid to bibliographic search").
// Letters count without their case, so that the tables stay small. Whoever uses a hit
// compares the word itself.
type automaton struct {
	words []word
	class [256]uint8 // the class of a byte
	next  []row      // by row and class
	found [][]uint16 // by state: the words that end there
	event row        // at this row and behind it words end, or the line does
	halt  row        // the row of a line's end, and of an escape

	// starts says, by the classes of three bytes, whether a word may begin with them. It
	// lets the scanner pass over text in which no word begins. A byte that parts the text
	// may have anything behind it.
	starts [classes * classes]uint64
}

// row is where a state's followers begin in the table: the state's number, times classes.
type row uint32

const (
	// classes is how many classes of bytes there may be.
	classes = 64
	// Class 0 is every byte that is in no word.
	classOther = 0
	// classHalt is what no word goes on behind: LF, CR and the escape.
	classHalt = 1
)

// escape begins a terminal escape (ECMA-48, "Control Functions for Coded Character Sets").
const escape = 0x1b

// theAutomaton is made when the first console is read, and never changes.
var theAutomaton = sync.OnceValue(func() *automaton { return newAutomaton(allWords()) })

func newAutomaton(words []word) *automaton {
	a := &automaton{words: words}
	a.classify()
	letters := 1
	for _, w := range words {
		letters += len(w.text)
	}
	a.next = make([]row, 0, letters*classes)
	a.grow()
	for id, w := range words {
		a.add(uint16(id), w.text)
	}
	a.link()
	a.sort()
	a.mark()
	return a
}

// classify gives each letter of the words its class.
func (a *automaton) classify() {
	used := uint8(classHalt)
	for _, w := range a.words {
		for i := range len(w.text) {
			c := lower(w.text[i])
			if a.class[c] == classOther {
				used++
				a.class[c] = used
			}
		}
	}
	if used >= classes {
		panic("console: the words have too many letters")
	}
	for c := byte('A'); c <= 'Z'; c++ {
		a.class[c] = a.class[lower(c)]
	}
	a.class['\n'], a.class['\r'], a.class[escape] = classHalt, classHalt, classHalt
}

// grow adds a state, and gives its row.
func (a *automaton) grow() row {
	a.next = a.next[:len(a.next)+classes] // newAutomaton has made room
	a.found = append(a.found, nil)
	return row(len(a.next) - classes) //nolint:gosec // there are a few thousand states
}

// add makes the states of one word.
func (a *automaton) add(id uint16, text string) {
	at := row(0)
	for i := range len(text) {
		edge := at + row(a.class[lower(text[i])])
		if a.next[edge] == 0 {
			made := a.grow()
			a.next[edge] = made
		}
		at = a.next[edge]
	}
	a.found[at/classes] = append(a.found[at/classes], id)
}

// link gives every state its follower for every class, the shallow states first: where a
// word breaks off, the longest other word that has begun goes on.
func (a *automaton) link() {
	shorter := make([]row, len(a.found))
	var queue []row
	for c := range row(classes) {
		if to := a.next[c]; to != 0 {
			queue = append(queue, to)
		}
	}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		for c := range row(classes) {
			to, fallback := &a.next[at+c], a.next[shorter[at/classes]+c]
			if *to == 0 {
				*to = fallback
				continue
			}
			shorter[*to/classes] = fallback
			a.found[*to/classes] = append(a.found[*to/classes], a.found[fallback/classes]...)
			queue = append(queue, *to)
		}
	}
}

// sort puts the states at which words end behind all others, and the halt behind these. So
// one comparison finds both.
func (a *automaton) sort() {
	var order []int
	for _, ends := range []bool{false, true} {
		for s := range a.found {
			if len(a.found[s]) > 0 == ends {
				order = append(order, s)
			}
		}
		if !ends {
			a.event = row(len(order) * classes) //nolint:gosec // as in grow
		}
	}
	moved := make([]row, len(order))
	for to, from := range order {
		moved[from] = row(to * classes)
	}
	a.halt = row(len(a.next)) //nolint:gosec // as in grow
	next, found := make([]row, 0, len(a.next)), make([][]uint16, 0, len(a.found))
	for _, from := range order {
		for _, to := range a.next[from*classes : (from+1)*classes] {
			next = append(next, moved[to/classes])
		}
		next[len(next)-classes+classHalt] = a.halt
		found = append(found, a.found[from])
	}
	a.next, a.found = next, found
}

// mark fills starts. No word is shorter than three bytes.
func (a *automaton) mark() {
	for second := range row(classes) {
		for _, parts := range []uint8{a.class['['], classHalt} {
			a.starts[row(parts)*classes+second] = ^uint64(0)
		}
	}
	for _, w := range a.words {
		pair := row(a.class[w.text[0]])*classes + row(a.class[w.text[1]])
		a.starts[pair] |= 1 << a.class[w.text[2]]
	}
}

// skip gives the first index from at on at which a word may begin, or the text is parted.
func (a *automaton) skip(text []byte, at int) int {
	if at+2 >= len(text) {
		return at
	}
	pair := row(a.class[text[at]])*classes + row(a.class[text[at+1]])
	for ; at+2 < len(text); at++ {
		third := a.class[text[at+2]]
		if a.starts[pair]>>(third%classes)&1 != 0 {
			break
		}
		pair = (pair*classes + row(third)) % (classes * classes)
	}
	return at
}

// seek gives the first index from at on, in whatever line, at which a word may begin or a
// line must be looked at for another reason. With logged, so must a line of the system's
// log. It is the text's length if there is none.
func (a *automaton) seek(text []byte, at int, logged bool) int {
	if logged && at < len(text) && isLogged(text[at:]) {
		return at
	}
	for at < len(text) {
		if at = a.skip(text, at); at+2 >= len(text) {
			return at
		}
		if c := text[at]; c != '\n' && c != '\r' {
			return at
		}
		at++
		if logged && isLogged(text[at:]) {
			return at
		}
	}
	return at
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
