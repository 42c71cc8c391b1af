package count

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/printable"
)

// shown is how much of a refused event goes into the error, in bytes.
const shown = 200

// ErrEvent says that an event asks for nothing that the function knows.
var ErrEvent = errors.New("the count takes " + config.CountEvent + " and nothing else")

// decode accepts one event and reads it by its tokens. Decoding into a struct would
// also take {"COUNT":true}, or a key that is there twice with two values.
func decode(event []byte) error {
	d := json.NewDecoder(bytes.NewReader(event))
	for _, want := range []json.Token{json.Delim('{'), "count", true, json.Delim('}')} {
		if got, err := d.Token(); err != nil || got != want {
			return refuse(event)
		}
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return refuse(event)
	}
	return nil
}

func refuse(event []byte) error {
	return fmt.Errorf("%w: not %q", ErrEvent, printable.Line(string(event), shown))
}
