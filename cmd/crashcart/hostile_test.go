package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"crashcart/lab"
	"crashcart/lab/cloudformation"
	"crashcart/lambda/domain/config"
)

// evil clears the screen, moves the cursor, sets the title, turns the writing round,
// and is long.
var evil = "\x1b[2J\x1b[1;1H\x1b]0;owned\a\r\nPaused by nobody: fine\u202egnp.exe\u2028\x9b31m\x7f" + strings.Repeat("x", 300) + "\xff"

// People who may name an alarm or invoke the function write into the tables. Somebody
// who may do more reads them in a terminal. world.run checks every line.
func TestNothingInTheCasebookEverSteersTheTerminal(t *testing.T) {
	w := newWorld(t, 0, lab.Options{}, lab.Function{})
	client := dynamodb.NewFromConfig(w.lab.Config())
	put := func(attributes map[string]string) {
		t.Helper()
		it := map[string]types.AttributeValue{}
		for k, v := range attributes {
			it[k] = &types.AttributeValueMemberS{Value: v}
			if k == "followSteps" {
				it[k] = &types.AttributeValueMemberN{Value: v}
			}
		}
		if _, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String(w.lab.TableName), Item: it}); err != nil {
			t.Fatal(err)
		}
	}
	put(map[string]string{"pk": "lever", "sk": "lever", "reason": evil, "requestedBy": evil, "since": evil})
	put(map[string]string{
		"pk": "case#" + host(0), "sk": "case", "caseId": host(0), "instanceId": evil, "caseState": evil, "openKey": "open", "openedAt": "2026-03-02T04:05:06.000Z",
		"claimedAt": "2026-03-02T04:05:06.000Z", "settledAt": "2026-03-02T04:05:07.000Z", "notedAt": "2026-03-02T04:05:07.000Z", "closedAt": "2026-03-02T04:05:08.000Z",
		"alarm": "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:" + evil, "reason": evil, "requestedBy": evil, "forced": evil,
		"errorCode": evil, "evidence": evil, "protected": evil, "closedBy": evil, "closedReason": evil, "caseGroup": evil,
		"vitals": evilVitals(t),
	})
	put(map[string]string{
		"pk": "case#" + host(1), "sk": "case", "caseId": host(1), "instanceId": host(1), "caseState": "closed", "claimedAt": "2026-03-02T04:05:06.000Z",
		"reason": evil, "closedAt": "2026-03-02T04:05:09.000Z", "closedReason": evil, "followSteps": "7",
		"finding": evil, "findingWhy": evil, "findingDoubt": evil, "concludedAt": "2026-03-02T04:05:08.000Z", "followed": evilFollowed(t),
	})
	for _, args := range [][]string{
		{"status"}, {"cases"}, {"cases", "--open"}, {"cases", "--overdue"}, {"case", host(0)}, {"case", host(1)}, {"pause", "--reason", evil[:40]}, {"pause", "--reason", "x", "--as", "\x1b[2Jme", "--replace"}, {"resume"},
	} {
		if r := w.run(args...); r.code != 0 || strings.Contains(r.stdout, "\nPaused by nobody") {
			t.Errorf("crashcart %q: exit %d\n%s%s", args, r.code, r.stdout, r.stderr)
		}
	}
	for _, args := range [][]string{{"cases", "--json"}, {"cases", "--overdue", "--json"}, {"case", host(0), "--json"}, {"case", host(1), "--json"}} {
		r := w.run(args...)
		var v struct {
			Cases   []jsonCase
			Trigger jsonTrigger
		}
		if err := json.Unmarshal([]byte(r.stdout), &v); err != nil || r.code != 0 {
			t.Errorf("crashcart %q: exit %d, %v\n%s", args, r.code, err, r.stdout)
		}
		for _, c := range v.Cases {
			v.Trigger = c.Trigger
		}
		// Machines get it as it is, but for what is not UTF-8.
		if got, want := v.Trigger.Reason, strings.ToValidUTF8(evil, "\ufffd"); got != want {
			t.Errorf("the reason arrives as %q, want %q", got, want)
		}
	}
	evilStack := cloudformation.Stack{Name: "evil", Status: "UPDATE_COMPLETE", Outputs: map[string]string{
		config.OutputTable: "\u009b2J\u202e", config.OutputFunction: "\u009b2J\u202e", config.OutputRegion: "\u009b2J\u202e",
	}}
	w.lab.Stacks.Put(evilStack)
	if r := w.run("status", "--stack", "evil"); r.code != exitFailed {
		t.Errorf("exit %d\n%s", r.code, r.stdout)
	}
	delete(evilStack.Outputs, config.OutputRegion)
	w.lab.Stacks.Put(evilStack)
	for _, args := range [][]string{
		{"case", evil},
		{evil},
		{"pause", evil},
		{"status", "--stack", evil},
		{"status", "--stack", "evil"},
		{"interrupt", host(0), "--reason", "x", "--yes", "--stack", "evil"},
		{"interrupt", evil, "--reason", "x", "--yes"},
		{"status", "--" + "\x1b[2J"},
		{"cases", "--table", "\x1b[2J"},
	} {
		if r := w.run(args...); r.code == 0 {
			t.Errorf("crashcart %q: exit 0\n%s", args, r.stdout)
		}
	}
}

// evilFollowed is what a follow-up may have read on the console of a hostile guest.
func evilFollowed(t *testing.T) string {
	t.Helper()
	proof := map[string]string{"stage": evil, "line": evil, "by": evil, "doubt": evil, "seenAt": "2026-03-02T04:05:08Z"}
	text, err := json.Marshal(map[string]any{"account": map[string]any{"percent": evil, "left": evil, "proofs": []any{proof}}})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// evilVitals are those of a case that somebody has written into the table.
func evilVitals(t *testing.T) string {
	t.Helper()
	text, err := json.Marshal([]map[string]string{{"name": evil, "question": evil, "says": evil, "saw": evil, "since": "1066-10-14T09:00:00Z"}})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
