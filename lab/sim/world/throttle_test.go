package world_test

import (
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/smithy-go"

	"crashcart/lab/sim/world"
)

// TestARefusedCallIsNeverRefusedOnlyOnce asks two views the same questions, in both
// directions of time.
func TestARefusedCallIsNeverRefusedOnlyOnce(t *testing.T) {
	const asked, share = 20_000, 0.01
	w := make1(t, world.Hosts{Fleet: world.Single, Count: 1})
	ask := func(v *world.View, second int) (refused bool) {
		_, err := v.At(w.Start().Add(time.Duration(second)*time.Second)).DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{InstanceIds: []string{id(0)}})
		var api smithy.APIError
		if err != nil && (!errors.As(err, &api) || api.ErrorCode() != "RequestLimitExceeded") {
			t.Fatalf("the answer is %v", err)
		}
		return err != nil
	}
	busy, again, calm := w.View(world.Unknowns{Throttled: share}), w.View(world.Unknowns{Throttled: share}), w.View(world.Unknowns{})
	answers, refused := make([]bool, asked), 0
	for n := range asked {
		if answers[n] = ask(busy, n); answers[n] {
			refused++
		}
		if ask(calm, n) {
			t.Fatal("a call is refused although none is to be")
		}
	}
	for n := asked - 1; n >= 0; n-- {
		if ask(again, n) != answers[n] {
			t.Fatalf("at second %d the same call is refused once, and once not", n)
		}
	}
	if refused < asked*share/2 || refused > asked*share*2 {
		t.Errorf("%d of %d calls are refused", refused, asked)
	}
}

// TestNoOperationIsNeverRefused asks everything of a world that refuses everything.
func TestNoOperationIsNeverRefused(t *testing.T) {
	w := make1(t, world.Hosts{Fleet: world.Group6ELB, Count: 6})
	v := w.View(world.Unknowns{Throttled: 1})
	for what, ask := range strange {
		var api smithy.APIError
		if err := ask(t.Context(), v); !errors.As(err, &api) || api.ErrorCode() != "RequestLimitExceeded" {
			t.Errorf("asked for %s it says %v", what, err)
		}
	}
	if n := len(v.Calls()); n < 8 {
		t.Errorf("only %d operations are counted", n)
	}
}
