package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/trigger"
)

func TestALineOfTextIsReadAsIfItWerePublished(t *testing.T) {
	file := filepath.Join(t.TempDir(), "line.txt")
	line := "interrupt " + hungID + " i-1a2b3c4d dry-run because checkout hangs\n"
	if err := os.WriteFile(file, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	fromFile, err := execute(t, "", "explain", file)
	if err != nil {
		t.Fatal(err)
	}
	fromInput, err := execute(t, line, "explain", "-")
	if err != nil {
		t.Fatal(err)
	}
	for _, out := range []string{fromFile, fromInput} {
		var e explanation
		if err := json.Unmarshal([]byte(out), &e); err != nil || len(e.Records) != 1 || e.Records[0].Trigger == nil {
			t.Fatalf("%v: explained as %s", err, out)
		}
		got := e.Records[0].Trigger
		if got.Kind != trigger.KindText || !got.DryRun || got.Reason != "checkout hangs" || len(got.Targets) != 2 || time.Since(got.At) > time.Minute {
			t.Errorf("explained as %s", out)
		}
	}
}

// A person who has mistyped an event's file must see how its content was taken.
func TestALineIsCalledALine(t *testing.T) {
	w := &world{t: t, env: map[string]string{}}
	r := w.want(0, "crashcart: this is not JSON, so it is read as a line of text", "explain", filepath.Join(examples, "line.txt"))
	if !json.Valid([]byte(r.stdout)) {
		t.Errorf("the output is not JSON alone: %s", r.stdout)
	}
}

// What is wrong with a line is said in the decoder's own words, and is a failure.
func TestALineThatIsNoRequestFailsWithItsReason(t *testing.T) {
	for _, c := range []struct {
		line   string
		reason trigger.Reason
		err    error
	}{
		{"hello", trigger.ReasonNotTheGrammar, errNoRequest},
		{"force the interrupt of " + hungID, trigger.ReasonForceOutsideDirect, errNoRequest},
		{"interrupt " + hungID, trigger.ReasonMalformed, errMalformed},
		{"interrupt web-1 because it hangs", trigger.ReasonMalformed, errMalformed},
		{"interrupt " + hungID + " because it hangs\nand more", trigger.ReasonMalformed, errMalformed},
		{"interrupt " + hungID + " because \x1b[2J", trigger.ReasonMalformed, errMalformed},
		{"interrupt " + hungID + " because \xff", trigger.ReasonNotJSON, errMalformed},
		{strings.Repeat("x", trigger.MaxBody+1), trigger.ReasonTooLarge, errMalformed},
		// What was meant as JSON is no line.
		{`{"instanceIds":["` + hungID + `"]`, trigger.ReasonNotJSON, errMalformed},
		{` [{"instanceIds":["` + hungID + `"]}`, trigger.ReasonNotJSON, errMalformed},
		{`"interrupt ` + hungID + ` because it hangs`, trigger.ReasonNotJSON, errMalformed},
		{`"interrupt ` + hungID + ` because it hangs"`, trigger.ReasonNotJSON, errMalformed},
		{" \n", trigger.ReasonNotJSON, errMalformed},
	} {
		out, err := execute(t, c.line, "explain", "-")
		if !errors.Is(err, c.err) || !strings.Contains(out, `"reason": "`+string(c.reason)+`"`) {
			t.Errorf("%.80q: %v, want %v and %s\n%.300s", c.line, err, c.err, c.reason, out)
		}
	}
}
