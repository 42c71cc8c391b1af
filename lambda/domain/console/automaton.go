package console

import "sync"

// automaton finds all words in one pass over a text, in a time that grows with the text
// alone (Aho and Corasick, "Efficient string matching: an aid to bibliographic search").
// Letters count without their case, so that the tables stay small. Whoever uses a hit
// compares the word itself.
type automaton struct {
	words []word
	class [256]uint8 // the class of a byte
	next  []state    // by state and class
	found [][]uint16 // by state: the words that end there
}

// state is a state of the automaton. The highest bit says that words end there.
type state uint16

const (
	// classes is how many classes of bytes there may be. Class 0 is all other bytes.
	classes = 64
	ends    = state(1 << 15)
)

// theAutomaton is made when the first console is read, and never changes.
var theAutomaton = sync.OnceValue(func() *automaton { return newAutomaton(allWords()) })

func newAutomaton(words []word) *automaton {
	a := &automaton{words: words}
	a.classify()
	a.grow(make([]state, classes))
	for id, w := range words {
		a.add(uint16(id), w.text)
	}
	a.link()
	return a
}

// classify gives each letter of the words its class.
func (a *automaton) classify() {
	used := uint8(0)
	for _, w := range a.words {
		for i := range len(w.text) {
			c := lower(w.text[i])
			if a.class[c] == 0 {
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
}

// grow adds a state with these followers, and gives its number.
func (a *automaton) grow(followers []state) state {
	a.next = append(a.next, followers...)
	a.found = append(a.found, nil)
	return state(len(a.found) - 1)
}

// add makes the states of one word.
func (a *automaton) add(id uint16, text string) {
	at := state(0)
	for i := range len(text) {
		edge := int(at)*classes + int(a.class[lower(text[i])])
		if a.next[edge] == 0 {
			made := a.grow(make([]state, classes))
			a.next[edge] = made
		}
		at = a.next[edge]
	}
	a.found[at] = append(a.found[at], id)
}

// link gives every state its follower for every class, the shallow states first: where a
// word breaks off, the longest other word that has begun goes on.
func (a *automaton) link() {
	shorter := make([]state, len(a.found))
	var queue []state
	for c := range classes {
		if to := a.next[c]; to != 0 {
			queue = append(queue, to)
		}
	}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		for c := range classes {
			to, fallback := &a.next[int(at)*classes+c], a.next[int(shorter[at])*classes+c]
			if *to == 0 {
				*to = fallback
				continue
			}
			shorter[*to] = fallback
			a.found[*to] = append(a.found[*to], a.found[fallback]...)
			queue = append(queue, *to)
		}
	}
	for i, to := range a.next {
		if len(a.found[to]) > 0 {
			a.next[i] |= ends
		}
	}
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
