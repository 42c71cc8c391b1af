package followup_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/followup"
)

// counting is a casebook without cases that counts how often it is asked.
type counting struct{ asked *int }

func (c counting) Unclosed(context.Context) ([]cases.Record, error) {
	*c.asked++
	return nil, nil
}

// handle gives an event to a function of its own, and says whether it swept.
func handle(t *testing.T, event string) (swept bool, err error) {
	t.Helper()
	asked := 0
	h := &followup.Handler{Book: counting{&asked}, Log: slog.New(slog.DiscardHandler), Now: time.Now}
	_, err = h.Handle(t.Context(), json.RawMessage(event))
	return asked == 1, err
}

func TestTheScheduleSweeps(t *testing.T) {
	for _, event := range []string{config.SweepEvent, " {\n\"sweep\" : true }\n", `{"\u0073weep":true}`} {
		if swept, err := handle(t, event); err != nil || !swept {
			t.Errorf("%s: %v", event, err)
		}
	}
}

var refused = []string{
	"", "null", "true", `"sweep"`, "[]", "{}", `{"sweep":false}`, `{"sweep":"true"}`, `{"sweep":1}`, `{"sweep":null}`, `{"sweep":[true]}`,
	`{"Sweep":true}`, `{"SWEEP":true}`, `{"sweep ":true}`, `{"sweep":true,"send":true}`, `{"caseId":"i-0a1b2c3d4e5f60718-0123456789abcdef","sweep":true}`,
	`{"sweep":false,"sweep":true}`, `{"sweep":true,"sweep":true}`, `{"sweep":true}{}`, `{"sweep":true} x`, `{"sweep":true,}`, `{"sweep":true`, `[{"sweep":true}]`,
	`{"instanceIds":["i-0a1b2c3d4e5f60718"],"reason":"hangs"}`,
	`{"version":"0","source":"aws.events","detail-type":"Scheduled Event","detail":{}}`,
}

func TestAnythingElseIsRefusedAndNothingIsRead(t *testing.T) {
	for _, event := range refused {
		swept, err := handle(t, event)
		if swept || !errors.Is(err, followup.ErrEvent) {
			t.Errorf("%s: swept %v, error %v", event, swept, err)
		}
	}
}

func TestWhatIsRefusedNeverFillsTheLog(t *testing.T) {
	_, err := handle(t, `{"sweep":"`+strings.Repeat("\n", 100_000)+`"}`)
	if err == nil || len(err.Error()) > 1000 || strings.Contains(err.Error(), "\n") {
		t.Errorf("%v", err)
	}
}

func FuzzEvent(f *testing.F) {
	f.Add(config.SweepEvent)
	for _, event := range refused {
		f.Add(event)
	}
	f.Fuzz(func(t *testing.T, event string) {
		swept, err := handle(t, event)
		if swept != (err == nil) || err != nil && !errors.Is(err, followup.ErrEvent) {
			t.Fatalf("swept %v, error %v", swept, err)
		}
		var plain any
		if swept && (json.Unmarshal([]byte(event), &plain) != nil || !reflect.DeepEqual(plain, map[string]any{"sweep": true})) {
			t.Errorf("%q is taken for %s", event, config.SweepEvent)
		}
	})
}
