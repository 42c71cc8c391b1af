package count_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/count"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
)

// counting is a casebook without cases that counts how often it is asked.
type counting struct{ asked *int }

func (c counting) Unclosed(context.Context) ([]cases.Record, error) {
	*c.asked++
	return nil, nil
}

// handle gives an event to a function of its own, and says whether it counted.
func handle(t *testing.T, event string) (counted bool, err error) {
	t.Helper()
	asked := 0
	h := &count.Handler{Book: counting{&asked}, Log: slog.New(slog.DiscardHandler), Now: time.Now}
	_, err = h.Handle(t.Context(), json.RawMessage(event))
	return asked == 1, err
}

func TestTheScheduleCounts(t *testing.T) {
	for _, event := range []string{config.CountEvent, " {\n\"count\" : true }\n", `{"\u0063ount":true}`} {
		if counted, err := handle(t, event); err != nil || !counted {
			t.Errorf("%s: %v", event, err)
		}
	}
}

var refused = []string{
	"", "null", "true", `"count"`, "[]", "{}", `{"count":false}`, `{"count":"true"}`, `{"count":1}`, `{"count":null}`, `{"count":[true]}`,
	`{"Count":true}`, `{"COUNT":true}`, `{"count ":true}`, `{"count":true,"send":true}`, `{"caseId":"i-0a1b2c3d4e5f60718-0123456789abcdef","count":true}`,
	`{"count":false,"count":true}`, `{"count":true,"count":true}`, `{"count":true}{}`, `{"count":true} x`, `{"count":true,}`, `{"count":true`, `[{"count":true}]`,
	`{"instanceIds":["i-0a1b2c3d4e5f60718"],"reason":"hangs"}`,
	`{"version":"0","source":"aws.events","detail-type":"Scheduled Event","detail":{}}`,
}

func TestAnythingElseIsRefusedAndNothingIsRead(t *testing.T) {
	for _, event := range refused {
		counted, err := handle(t, event)
		if counted || !errors.Is(err, count.ErrEvent) {
			t.Errorf("%s: counted %v, error %v", event, counted, err)
		}
	}
}

func TestWhatIsRefusedNeverFillsTheLog(t *testing.T) {
	_, err := handle(t, `{"count":"`+strings.Repeat("\n", 100_000)+`"}`)
	if err == nil || len(err.Error()) > 1000 || strings.Contains(err.Error(), "\n") {
		t.Errorf("%v", err)
	}
}

func FuzzEvent(f *testing.F) {
	f.Add(config.CountEvent)
	for _, event := range refused {
		f.Add(event)
	}
	f.Fuzz(func(t *testing.T, event string) {
		counted, err := handle(t, event)
		if counted != (err == nil) || err != nil && !errors.Is(err, count.ErrEvent) {
			t.Fatalf("counted %v, error %v", counted, err)
		}
		var plain any
		if counted && (json.Unmarshal([]byte(event), &plain) != nil || !reflect.DeepEqual(plain, map[string]any{"count": true})) {
			t.Errorf("%q is taken for %s", event, config.CountEvent)
		}
	})
}
