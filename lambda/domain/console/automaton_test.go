package console

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// The scanner passes over text by the first three bytes of the words, and tells words apart
// by their whole text.
func TestEveryWordIsLongEnoughAndItsOwn(t *testing.T) {
	seen := map[string]Sign{}
	for _, w := range allWords() {
		if len(w.text) < 3 {
			t.Errorf("%q is too short", w.text)
		}
		if sign, ok := seen[w.text]; ok {
			t.Errorf("%q is there twice, for %s and %s", w.text, sign, w.sign)
		}
		seen[w.text] = w.sign
		if w.sign == 0 {
			t.Errorf("%q has no sign", w.text)
		}
	}
}

// What the automaton finds is what a search for one word after the other finds.
func TestTheAutomatonFindsEveryWordWhereItIs(t *testing.T) {
	words := allWords()
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		var text strings.Builder
		for range 8 {
			w := words[rnd.IntN(len(words))].text
			text.WriteString(w[:rnd.IntN(len(w)+1)])
			text.WriteString(w[rnd.IntN(len(w)):])
			text.WriteString(strings.Repeat(" ", rnd.IntN(2)))
		}
		line := []byte(text.String())
		var want []hit
		for id, w := range words {
			if at := strings.Index(string(line), w.text); at >= 0 {
				want = append(want, hit{uint16(id), at})
			}
		}
		if got := hitsIn(line); !slices.Equal(got, want) {
			t.Fatalf("%q: found %v, want %v", line, got, want)
		}
	}
}

// hitsIn gives the first hit of every word in a line, in the order of the words.
func hitsIn(line []byte) []hit {
	a := theAutomaton()
	s := scanner{words: a, lastOf: make([]int, len(a.words)), pieces: 1}
	at := row(0)
	for i := 0; i < len(line); i++ {
		if at == 0 {
			i = a.skip(line, i)
		}
		if at = a.next[int(at)+int(a.class[line[i]])]; at >= a.event && at < a.halt {
			s.found(at, i+1, line)
		}
	}
	slices.SortFunc(s.hits, func(x, y hit) int { return int(x.id) - int(y.id) })
	return s.hits
}
