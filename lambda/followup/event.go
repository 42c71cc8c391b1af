package followup

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"crashcart/lambda/domain/config"
)

// shown is how much of an event that is refused goes into the error, in bytes.
const shown = 200

// ErrEvent says that an event asks for nothing that the function knows.
var ErrEvent = errors.New("the follow-up's function takes " + config.SweepEvent + " and nothing else")

// decode accepts one event, by its tokens: encoding/json's own decoding into a struct
// would also take {"SWEEP":true}, or a key that is there twice with two values.
func decode(event []byte) error {
	d := json.NewDecoder(bytes.NewReader(event))
	for _, want := range []json.Token{json.Delim('{'), "sweep", true, json.Delim('}')} {
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
	if len(event) > shown {
		return fmt.Errorf("%w: not %q and %d bytes more", ErrEvent, event[:shown], len(event)-shown)
	}
	return fmt.Errorf("%w: not %q", ErrEvent, event)
}
