package lab

import (
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"crashcart/lab/clock"
	"crashcart/lab/dynamodb"
	"crashcart/lab/fault"
)

// A process of the follow-up reads a case, takes its time, and writes what it has read. On
// a fast clock a step that takes a second would otherwise cost the case a minute's age.
func TestACaseNeverGetsYoungerByAStepThatTakesLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.NewScaled(60)
		a := &aging{clock: c, written: map[string]map[string]moment{}, read: map[string]moment{}}
		const follower = "ASIALAB0020000000001"
		begun, kept := c.Now(), time.Now().UTC().Format(time.RFC3339Nano)
		a.changed(dynamodb.Change{Partition: "case#1", Written: []string{"followed"}, At: time.Now()})
		for range 5 {
			time.Sleep(time.Second)
			kept = a.reads(t, follower, kept)
			time.Sleep(3 * time.Second) // in the midst of a step
			a.changed(dynamodb.Change{Partition: "case#1", Written: []string{"followed"}, At: time.Now(), Caller: follower})
		}
		kept = a.reads(t, follower, kept)
		at, err := time.Parse(time.RFC3339Nano, kept)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := time.Since(at), c.Now().Sub(begun); (got-want).Abs() > time.Millisecond || want != 20*time.Minute {
			t.Errorf("it is %s old to its reader, and %s in the lab", got, want)
		}
		time.Sleep(time.Second)
		if got := c.Now().Sub(a.meant(follower, at)); (got - 21*time.Minute).Abs() > time.Millisecond {
			t.Errorf("a second later the same time means %s ago", got)
		}
	})
}

// reads gives the time in a case as a process reads it.
func (a *aging) reads(t *testing.T, caller, kept string) string {
	t.Helper()
	item := map[string]any{dynamodb.HashKey: map[string]any{"S": "case#1"}, "followed": map[string]any{"S": `{"sentAt":"` + kept + `"}`}}
	body, err := json.Marshal(map[string]any{"Item": item})
	if err != nil {
		t.Fatal(err)
	}
	var out struct {
		Item struct {
			Followed struct{ S string } `json:"followed"`
		}
	}
	var followed struct{ SentAt string }
	if err := json.Unmarshal(a.aged(caller, fault.Answer{Body: body}).Body, &out); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(out.Item.Followed.S), &followed); err != nil {
		t.Fatal(err)
	}
	return followed.SentAt
}
