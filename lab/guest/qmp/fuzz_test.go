package qmp

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"testing"
)

// FuzzDecoder feeds the decoder all that a hostile guest may write to its agent's port.
// It must come to the end, and still understand an answer behind the delimiter.
func FuzzDecoder(f *testing.F) {
	for _, seed := range []string{
		"", "\n", "\xff", "null\n", "[]\n", "{}\n", "{\"return\": {}}\n", "{\"return\": {}, \"id\": -1}\n",
		"{\"event\": \"RESET\"}\r\n", "{\"error\": {\"class\": \"C\", \"desc\": \"d\"}, \"id\": \"x\"}\n",
		"{\"QMP\": {}}\n{\"return\": 1, \"id\": 18446744073709551616}\n", "{\"return\": \xff{\"return\": 2}\n", "\x00\x01\n\xfe{",
	} {
		f.Add([]byte(seed))
	}
	const valid = "{\"return\": 42, \"id\": 7}"
	f.Fuzz(func(t *testing.T, garbage []byte) {
		stream := append(bytes.Clone(garbage), delimiter)
		d := newDecoder(bytes.NewReader(append(stream, valid+"\n"...)))
		var last message
		for {
			m, err := d.next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if !m.said() {
				t.Errorf("%+v was taken for a message", m)
			}
			last = m
		}
		if id, ok := last.id(); !ok || id != 7 || !bytes.Equal(last.Return, json.RawMessage("42")) {
			t.Errorf("the answer behind the delimiter is %+v", last)
		}
	})
}

func TestALineIsBounded(t *testing.T) {
	long := io.MultiReader(io.LimitReader(endless{}, maxLine), bytes.NewReader([]byte("{\"return\": 2}\n{\"return\": 1}\n")))
	d := newDecoder(long)
	m, err := d.next()
	if err != nil || string(m.Return) != "1" {
		t.Errorf("%+v %v", m, err)
	}
}

// endless is a line that never ends, and until then could become JSON.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}
