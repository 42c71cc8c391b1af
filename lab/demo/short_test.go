package demo

import (
	"bytes"
	"strings"
	"testing"

	"crashcart/lab/demo/page"
)

func TestTheShortStoryHidesNothingThatIsWrong(t *testing.T) {
	broken := false
	for name, e := range map[string]Event{
		"a decision that nobody expects": {Kind: KindDecision, Alarm: workers, Names: []string{arm1}, Outcome: "interrupted", Rule: "unresponsive"},
		"another rule":                   {Kind: KindDecision, Alarm: "crashcart-action-" + db1, Names: []string{db1}, Outcome: "refused", Rule: "region"},
		"a trigger of no script":         {Kind: KindDecision, Alarm: "other", Names: []string{db1}, Outcome: "later", Rule: "unresponsive"},
		"a message that was ignored":     {Kind: KindIgnored, Rule: "unreadable"},
		"a line of the function":         {Kind: KindNote, Text: "panic: oh no"},
		"a broken promise":               {Kind: KindPromise, Text: "nothing was harmed", Kept: &broken, Detail: "i-0"},
	} {
		var b bytes.Buffer
		o := Short(&b, 100, false)
		o.Event(e)
		if b.Len() == 0 || o.Err() != nil {
			t.Errorf("%s is not shown, %v", name, o.Err())
		}
	}
}

func TestTheShortStoryTellsNothingTwice(t *testing.T) {
	var b bytes.Buffer
	o := Short(&b, 100, false)
	for _, e := range []Event{
		{Kind: KindAlarm, Alarm: heartbeat + web2, Names: []string{web2}, Text: "a heartbeat is missing"},
		{Kind: KindDecision, Alarm: heartbeat + web2, Names: []string{web2}, Outcome: "later", Rule: "unresponsive", Text: "pass one"},
		{Kind: KindDecision, Alarm: heartbeat + web2, Names: []string{web2}, Outcome: "later", Rule: "unresponsive", Text: "pass two", Pass: 1},
		{Kind: KindDecision, Alarm: heartbeat + web2, Names: []string{web2}, Outcome: "interrupted", Rule: "unresponsive", Text: "it is silent", Pass: 2},
		{Kind: KindAlarm, Alarm: heartbeat + web2, Names: []string{web2}, Text: "SQS delivers the same event a second time"},
		{Kind: KindDecision, Alarm: heartbeat + web2, Names: []string{web2}, Outcome: "duplicate", Rule: "episode", Text: "again"},
		{Kind: KindSummary, Text: "the figures"},
	} {
		o.Event(e)
	}
	got := b.String()
	for _, want := range []string{"pass one", "pass 3: unresponsive: it is silent", "the other 2 decisions"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	for _, hidden := range []string{"pass two", "again", "second time"} {
		if strings.Contains(got, hidden) {
			t.Errorf("%q is shown in\n%s", hidden, got)
		}
	}
}

func TestALongReasonIsCutBetweenItsClauses(t *testing.T) {
	for text, want := range map[string]string{
		"short; enough": "short; enough",
		"one clause; another; and more than that": "one clause; another…",
		"a first clause that is much too long; x": "a first clause that is much too long…",
		"a single clause which cannot be cut up":  "a single clause which cannot be cut up",
		"rule: one part: and one part more":       "rule: one part…",
		"rule: a part that is much too long":      "rule: a part that is much too long",
	} {
		if got := clause(text, 25); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// The command that asks for a held host is for copying.
func TestACommandIsNeverWrapped(t *testing.T) {
	command := "aws lambda invoke " + strings.Repeat("--option value ", 12) + "/dev/stdout"
	e := Event{Kind: KindDecision, Alarm: heartbeat + pay1, Names: []string{pay1}, Outcome: "held", Rule: "asked", Text: "a person must ask", Command: command}
	var short, all bytes.Buffer
	Short(&short, 80, false).Event(e)
	Text(&all, 80, false).Event(e)
	for _, out := range []string{short.String(), all.String()} {
		if !strings.Contains(out, " "+command+"\n") {
			t.Errorf("it is not whole in\n%s", out)
		}
	}
	if page.Columns(command) <= 80 {
		t.Error("the command is no test of this")
	}
}
