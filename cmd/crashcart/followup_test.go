package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"crashcart/lab"
	"crashcart/lambda/aws/casebook"
	"crashcart/lambda/domain/cases"
)

// book is the casebook at some time ago.
func (w *world) book(age time.Duration) *casebook.Book {
	book := casebook.New(dynamodb.NewFromConfig(w.lab.Config()), table)
	then := time.Now().Add(-age)
	book.Now = func() time.Time { return then }
	return book
}

// step writes a step of the follow-up, as the function would have.
func (w *world) step(id string, age time.Duration, change func(*cases.Followup)) cases.Record {
	w.t.Helper()
	book := w.book(age)
	r, err := book.CaseByID(w.t.Context(), id)
	if err == nil {
		next := r.Followup
		change(&next)
		r, err = book.Follow(w.t.Context(), r, next)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// ends has the follow-up end a case with that finding.
func (w *world) ends(id string, age time.Duration, finding cases.Finding, why, doubt string) {
	w.t.Helper()
	r := w.step(id, age, func(f *cases.Followup) {
		f.Finding, f.Why, f.Doubt, f.ConcludedAt = finding, why, doubt, time.Now().Add(-age)
	})
	if _, ended, err := w.book(age).End(w.t.Context(), r); err != nil || !ended {
		w.t.Fatal(ended, err)
	}
}

// dumping has the follow-up see a dump that has come to 41 %.
func dumping(age time.Duration) func(*cases.Followup) {
	return func(f *cases.Followup) {
		sent := time.Now().Add(-age)
		f.Account.SentAt, f.Account.Percent, f.Account.Left = sent, "41 %", "9m1s"
		f.Account.Proofs = []cases.Proof{
			{Stage: cases.StageSent, By: "EC2", SeenAt: sent},
			{Stage: cases.StageCaptureKernel, By: "console", Line: "[    0.000000] Command line: elfcorehdr=0x2f000000", SeenAt: sent.Add(15 * time.Second)},
		}
	}
}

// complete has the follow-up see the rest of the dump, and the host again.
func complete(age time.Duration) func(*cases.Followup) {
	return func(f *cases.Followup) {
		dumping(age)(f)
		sent := f.Account.SentAt
		f.Account.Proofs = append(f.Account.Proofs,
			cases.Proof{Stage: cases.StageDumpComplete, By: "console", Line: "kdump-tools: saved vmcore in /var/crash/202603020405.", SeenAt: sent.Add(161 * time.Second)},
			cases.Proof{Stage: cases.StageReachable, By: "agent", SeenAt: sent.Add(192 * time.Second)},
		)
	}
}

// TestACaseReadsAsItWasFollowed is what a person sees of cases that the follow-up follows,
// has ended, and has not begun with, in a golden file.
func TestACaseReadsAsItWasFollowed(t *testing.T) {
	w := newWorld(t, 0, lab.Options{}, lab.Function{})
	dumped, ignored := w.claimed(0, 65*time.Minute, false), w.claimed(1, 64*time.Minute, false)
	running, begun := w.claimed(2, 5*time.Minute, false), w.claimed(3, time.Minute, false)
	w.step(dumped, 63*time.Minute, dumping(65*time.Minute))
	w.step(dumped, 61*time.Minute, complete(65*time.Minute))
	w.ends(dumped, 60*time.Minute, cases.FindingDumped, "its dump was complete after 2m41s, and it answered after 3m12s", "the console was cut")
	w.ends(ignored, 60*time.Minute, cases.FindingIgnored, "its kernel goes on: Dazed and confused, but trying to continue", "")
	w.step(running, 2*time.Minute, dumping(5*time.Minute))
	w.session("followed.txt", []step{
		{0, []string{"status"}},
		{0, []string{"cases"}},
		{0, []string{"cases", "--open"}},
		{0, []string{"case", dumped}},
		{0, []string{"case", dumped, "--json"}},
		{0, []string{"case", running}},
		{0, []string{"case", running, "--json"}},
		{0, []string{"case", begun}},
		{0, []string{"case", ignored}},
		{0, []string{"case", "close", dumped, "--reason", "seen to"}},
	})
}

// A case that the follow-up has ended holds nothing: not its instance, and not its group.
func TestACaseThatHasEndedIsNeverListedAsOpen(t *testing.T) {
	w := newWorld(t, 0, lab.Options{}, lab.Function{})
	book, request := w.book(time.Minute), cases.Request{
		InstanceID: host(0), Cooldown: 6 * time.Hour, Budget: 3, Group: "asg/web", GroupLimit: 1, Origin: cases.Origin{SourceKey: "request/1", Kind: "direct"},
	}
	c, err := book.Claim(t.Context(), request)
	if err == nil {
		err = book.Settle(t.Context(), c, cases.StateInterrupted, "")
	}
	if err != nil {
		t.Fatal(err)
	}
	w.want(0, c.ID, "cases", "--open")
	w.want(0, "1 case, 0 followed", "status")
	w.step(c.ID, time.Minute, dumping(time.Minute))
	w.want(0, "1 case, 1 followed", "status")
	w.ends(c.ID, time.Minute, cases.FindingDumped, "its dump is complete", "")
	w.want(0, "No case is open or overdue.", "cases", "--open", "--overdue")
	w.want(0, "open      0 cases", "status")
	slots, err := w.book(0).GroupSlots(t.Context(), "asg/web")
	if err != nil || slots.Used() != 0 {
		t.Errorf("%d of the group's slots are taken: %v", slots.Used(), err)
	}
	request.InstanceID = host(1)
	if _, err := w.book(0).Claim(t.Context(), request); err != nil {
		t.Errorf("another member of the group: %v", err)
	}
}

// The follow-up should have closed it. A person must see that it has not.
func TestAFindingNeverHidesACaseThatWasNeverClosed(t *testing.T) {
	w := newWorld(t, 0, lab.Options{}, lab.Function{})
	id, old := w.claimed(0, 49*time.Hour, false), w.claimed(1, 49*time.Hour, false)
	closed := w.claimed(2, 49*time.Hour, false)
	w.step(old, time.Hour, dumping(49*time.Hour)) // followed, and no more than that
	w.ends(closed, time.Minute, cases.FindingUnproven, "nothing was seen for 49h", "")
	w.step(id, time.Minute, func(f *cases.Followup) {
		f.Finding, f.Why, f.ConcludedAt = cases.FindingUnproven, "nothing was seen for 49h", time.Now()
	})
	r := w.want(0, old, "cases", "--overdue")
	if !strings.Contains(r.stdout, id) || strings.Contains(r.stdout, closed) {
		t.Errorf("overdue are not %s and %s, without %s:\n%s", old, id, closed, r.stdout)
	}
}

// Scripts tell a case without a follow-up by a null, and never by a key that is missing.
func TestTheFollowupIsNeverLeftOutOfTheJSON(t *testing.T) {
	w := newWorld(t, 0, lab.Options{}, lab.Function{})
	w.claimed(0, time.Minute, false)
	w.step(w.claimed(1, time.Minute, false), time.Minute, func(*cases.Followup) {})
	var out struct {
		Cases []map[string]json.RawMessage
	}
	if err := json.Unmarshal([]byte(w.want(0, "", "cases", "--json").stdout), &out); err != nil || len(out.Cases) != 2 {
		t.Fatal(err, out)
	}
	for _, c := range out.Cases {
		got := string(c["followup"])
		if followed := strings.Contains(string(c["id"]), host(1)); followed != strings.Contains(got, `"stages": []`) || !followed && got != "null" {
			t.Errorf("%s: %s", c["id"], got)
		}
	}
}
