package trial

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"crashcart/lambda/domain/console"
	"crashcart/lambda/domain/witness"
)

// oracle are the stages that this package's own reader finds in a text.
func oracle(text []byte) []string {
	var r reader
	var found []string
	for line := range strings.Lines(string(text)) {
		if stage := r.read(plain(line)); stage != "" {
			found = append(found, stage)
		}
	}
	return found
}

// What the product believes of a recorded console is what the lab has seen in it, wherever
// the console ends. Only the guest's return shows by other lines: the lab has one of its
// own for that.
func TestTheWitnessNeverBelievesWhatTheLabHasNotSeen(t *testing.T) {
	const step = 4 << 10
	compared := 0
	for name, finding := range findings {
		truth, text := fixture(t, name)
		for from := truth.SentAt; from < len(text); from += step {
			end := len(text)
			if n := bytes.IndexByte(text[from:], '\n'); n >= 0 {
				end = from + n + 1
			}
			start := max(0, end-console.MaxBytes)
			if start > truth.SentAt {
				break // the ring has forgotten the interrupt, and one look does not tell all
			}
			var got []string
			for _, s := range witness.Read(text[:truth.SentAt], text[start:end]).Stages {
				if string(s.Stage) != StageReachable {
					got = append(got, string(s.Stage))
				}
			}
			want := oracle(text[truth.SentAt:end])
			want = slices.DeleteFunc(want, func(s string) bool { return s == StageReachable })
			if !slices.Equal(got, want) {
				t.Errorf("%s, up to %d: the witness has %q, the lab %q", name, end, got, want)
			}
			compared++
		}
		if got := witness.Read(text[:truth.SentAt], text).Finding; string(got) != finding || finding != truth.Finding {
			t.Errorf("%s: the witness says %s, the lab %s, and a person %s", name, got, truth.Finding, finding)
		}
	}
	if compared < 100 {
		t.Errorf("only %d consoles were compared", compared)
	}
}
