package casebook_test

import (
	"context"
	"testing"
	"time"
)

// A claim that commits, but whose answer does not come within its caller's bound,
// has been won all the same: given up, it would lock the host for two days with
// nothing sent.
func TestAClaimWhoseAnswerIsTooLateIsNeverGivenUp(t *testing.T) {
	b := newBench(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	b.api.faults = []fault{func(forward func() error) error {
		if err := forward(); err != nil {
			return err
		}
		<-ctx.Done()
		return ctx.Err()
	}}
	c, err := b.book.Claim(ctx, request(host, "alarm"))
	if err != nil || c.InstanceID != host {
		t.Fatalf("case %+v, error %v", c, err)
	}
}
