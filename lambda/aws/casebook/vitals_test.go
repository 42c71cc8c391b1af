package casebook_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/aws/casebook"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/vitals"
)

func TestACaseNeverForgetsWhatWasSeen(t *testing.T) {
	seen := []vitals.Vital{
		{Name: vitals.SSMPing, Question: vitals.Voice, Says: vitals.Dead, Saw: "SSM ping 11m40s ago", Since: dawn.Add(-400 * time.Second)},
		{Name: vitals.TargetHealth, Question: vitals.Answers, Says: vitals.Nothing, Saw: `target health: <Target.Timeout> & "none" (HTTP)`},
	}
	b := newBench(t)
	book, d := b.desk()
	real, dry := request(host, "alarm"), dryRun(request(hostNumber(1), "alarm"))
	real.Vitals, dry.Vitals = seen, seen
	for _, r := range []cases.Request{real, dry} {
		c := b.claim(r)
		b.settle(c, cases.StateUnknown)
		got, err := book.CaseByID(t.Context(), c.ID)
		if err != nil || !reflect.DeepEqual(got.Vitals, seen) {
			t.Errorf("error %v, the case has\n%+v, want\n%+v", err, got.Vitals, seen)
		}
	}
	// The claim takes them along: nothing else was written for them.
	if d.calls["PutItem"]+d.calls["UpdateItem"] != 0 {
		t.Errorf("calls %v", d.calls)
	}
	listed, err := book.Cases(t.Context(), casebook.Which{Open: true})
	if err != nil || len(listed) != 1 || !reflect.DeepEqual(listed[0].Vitals, seen) {
		t.Errorf("error %v, the list has %+v", err, listed)
	}
}

// A case of before there were vitals, and one that somebody has written into, must be
// read all the same.
func TestACaseWithoutVitalsIsNeverLost(t *testing.T) {
	for name, text := range map[string]string{"old": "", "not JSON": "{", "something else": `{"a":1}`, "null": "null", "nonsense": `[1,2]`, "a broken time": `[{"since":"x"}]`} {
		b := newBench(t)
		book, _ := b.desk()
		it := attributes{"pk": s("case#" + host), "sk": s("case"), "caseId": s(host), "instanceId": s(host), "caseState": s("interrupted"), "claimedAt": s("2026-03-02T04:05:06.000Z")}
		if text != "" {
			it["vitals"] = s(text)
		}
		b.put(it)
		if got, err := book.CaseByID(t.Context(), host); err != nil || len(got.Vitals) != 0 || got.State != cases.StateInterrupted {
			t.Errorf("%s: error %v, %+v", name, err, got)
		}
	}
}

// DynamoDB refuses an item of more than 400 KB ("Service, account, and table quotas",
// Amazon DynamoDB Developer Guide). A claim must not be lost for what a reader likes to
// know.
func TestVitalsNeverMakeAClaimTooLarge(t *testing.T) {
	read := make([]vitals.Vital, 100)
	for i := range read {
		read[i] = vitals.Vital{Name: vitals.KernelLog, Question: vitals.Machine, Says: vitals.Dead, Saw: strings.Repeat("<", 2000), Since: dawn}
	}
	b := newBench(t)
	r := request(host, "alarm")
	r.Vitals = read
	c := b.claim(r)
	if size := len(text(b.items()["case#"+c.ID+" case"], "vitals")); size == 0 || size > 40<<10 {
		t.Errorf("%d bytes of vitals", size)
	}
}
