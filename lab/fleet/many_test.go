package fleet_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"crashcart/lab/fleet"
)

const other = "i-0b2c3d4e5f6071829"

func ids(views []fleet.View) []string {
	var out []string
	for _, v := range views {
		out = append(out, v.ID)
	}
	return out
}

func TestAnUnseenGuestIsUnknownUntilItsTime(t *testing.T) {
	f, c := one(t, fleet.Spec{Unseen: 30 * time.Second})
	check := func(known bool) {
		t.Helper()
		_, err := f.Get(id)
		if known != (err == nil) || !known && !errors.Is(err, fleet.ErrUnknown) {
			t.Errorf("get: %v", err)
		}
		for name, views := range map[string][]fleet.View{"all": f.All(), "some": f.Some([]string{id}), "each": slices.Collect(f.Each())} {
			if known != (len(views) == 1) {
				t.Errorf("%s: %v", name, ids(views))
			}
		}
	}
	check(false)
	c.Advance(30 * time.Second)
	check(true)
}

func TestSomeAreThoseThatExistOnceEachAndInOrder(t *testing.T) {
	f, _ := one(t, fleet.Spec{})
	must(t, f.Add(fleet.Spec{ID: other, Type: "m6i.large"}))
	if got := ids(f.Some([]string{other, "i-00000000000000000", id, other})); !slices.Equal(got, []string{id, other}) {
		t.Errorf("some are %v", got)
	}
	must(t, f.Vanish(id))
	if got := ids(f.Some([]string{other, id})); !slices.Equal(got, []string{other}) {
		t.Errorf("some are %v after one has vanished", got)
	}
	must(t, f.Add(fleet.Spec{ID: id, Type: "m6i.large"})) // its address is free again
}

func TestImpairedAreThoseWhoseCheckFailsAndNoOthers(t *testing.T) {
	f, c := one(t, fleet.Spec{})
	must(t, f.Add(fleet.Spec{ID: other, Type: "m6i.large"}))
	must(t, f.Hang(id, fleet.Frozen, 5*time.Minute))
	must(t, f.Hang(other, fleet.Dead, 5*time.Minute))
	if got := f.Impaired(); len(got) != 1 || got[0].ID != other || got[0].Status.Instance != "impaired" {
		t.Errorf("impaired are %v", ids(got))
	}
	must(t, f.Interrupt(other))
	c.Advance(10 * time.Minute)
	if got := f.Impaired(); len(got) != 0 {
		t.Errorf("impaired are %v after it has dumped and booted", ids(got))
	}
}

func TestEachStopsWhenItsReaderDoes(t *testing.T) {
	f, _ := one(t, fleet.Spec{})
	must(t, f.Add(fleet.Spec{ID: other, Type: "m6i.large"}))
	for v := range f.Each() {
		if v.ID != id {
			t.Errorf("the first is %s", v.ID)
		}
		break
	}
	if _, err := f.Get(other); err != nil { // the fleet is free again
		t.Error(err)
	}
}
