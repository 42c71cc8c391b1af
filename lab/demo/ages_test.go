package demo

import (
	"testing"
	"time"

	"crashcart/lab/dynamodb"
)

func TestTheAgeOfACaseIsThatOfTheLab(t *testing.T) {
	const one, other = "i-0b2f6c1d8e3a54a72-7584b50e0298e6c1", "i-0b2f6c1d8e3a54a72-0000000000000000"
	var o openings
	o.changed(dynamodb.Change{Partition: "instance#i-0b2f6c1d8e3a54a72", Created: true}, time.Second)
	o.changed(dynamodb.Change{Partition: "case#" + one, Created: true}, 2*time.Minute)
	o.changed(dynamodb.Change{Partition: "case#" + one}, 3*time.Minute) // it is settled
	for _, c := range []struct{ why, id, want string }{
		{"case " + one + " of this instance was opened 0s ago and is still open", one, "case " + one + " of this instance was opened 3m10s ago and is still open"},
		{"case " + one + " was opened 2s ago, while this trigger was being decided", one, "case " + one + " was opened 3m10s ago, while this trigger was being decided"},
		{"case " + one + " of this instance was opened at an unknown time and is still open", one, "case " + one + " of this instance was opened 3m10s ago and is still open"},
		{"case " + other + " of this instance was opened 0s ago and is still open", other, "case " + other + " of this instance was opened before and is still open"},
		{"this very trigger has opened case " + one + " already", one, "this very trigger has opened case " + one + " already"},
		{"its SSM agent pinged 4m ago", one, "its SSM agent pinged 4m ago"},
		{"its window was opened 5m ago", "", "its window was opened 5m ago"},
	} {
		if got := o.inLabTime(c.why, c.id, 5*time.Minute+10*time.Second); got != c.want {
			t.Errorf("%s: %q, want %q", c.why, got, c.want)
		}
	}
}
