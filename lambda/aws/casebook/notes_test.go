package casebook_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"crashcart/lambda/domain/cases"
)

var notes = cases.Notes{Evidence: "s3://evidence/before/", Protected: "it is in Standby"}

func TestANoteOutlivesConflictsAndAnOpenCase(t *testing.T) {
	for _, state := range []cases.State{cases.StateInterrupted, cases.StateRejected} {
		b := newBench(t)
		c := b.claim(request(host, "alarm"))
		b.settle(c, state)
		b.api.updates = []error{&types.TransactionConflictException{}, errThrottled, errOutage}
		if err := b.book.Note(t.Context(), c, notes); err != nil {
			t.Fatal(err)
		}
		it := b.items()["case#"+c.ID+" case"]
		if text(it, "evidence") != notes.Evidence || text(it, "protected") != notes.Protected || text(it, "caseState") != string(state) {
			t.Errorf("%s: %v", state, it)
		}
	}
}

// A case is kept for a year under its id; the note of one claim has no business in
// that of another.
func TestANoteNeverLandsInSomebodyElsesCase(t *testing.T) {
	b := newBench(t)
	c := b.claim(request(host, "alarm"))
	b.settle(c, cases.StateWithdrawn)
	if err := b.book.Note(t.Context(), c, notes); err == nil {
		t.Error("noted in a case that was withdrawn")
	}
	b.claim(request(host, "alarm"))
	if err := b.book.Note(t.Context(), c, notes); err == nil {
		t.Error("noted in the case of another claim")
	}
	if it := b.items()["case#"+c.ID+" case"]; text(it, "evidence") != "" {
		t.Errorf("%v", it)
	}
}

func TestANoteThatCannotBeMadeIsAnError(t *testing.T) {
	b := newBench(t)
	c := b.claim(request(host, "alarm"))
	b.api.down = errOutage
	if err := b.book.Note(t.Context(), c, notes); err == nil {
		t.Error("no error in an outage")
	}
}
