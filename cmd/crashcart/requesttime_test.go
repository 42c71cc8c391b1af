package main

import (
	"encoding/json"
	"testing"
	"time"

	"crashcart/lambda/domain/trigger"
)

// Whoever forces has seen the host a moment ago, and an asynchronous invoke may wait for
// hours. Who does not force needs no clock that is right.
func TestOnlyARequestWithForceEverDependsOnThisClock(t *testing.T) {
	for _, force := range [][]string{nil, {"unresponsive"}, {"cooldown", "quiet"}} {
		before := time.Now().Truncate(time.Second)
		payload, err := directRequest{InstanceIDs: []string{hungID}, Reason: "checkout hangs", RequestID: "night-1", Force: force}.payload()
		if err != nil {
			t.Fatal(err)
		}
		var sent map[string]any
		if err := json.Unmarshal(payload, &sent); err != nil {
			t.Fatal(err)
		}
		if _, says := sent["at"]; says != (force != nil) {
			t.Errorf("force %v: sent %s", force, payload)
		}
		r := trigger.Decode(payload, trigger.Invocation{RequestID: "x", At: before}).Records[0]
		if r.Trigger == nil || r.Trigger.At.Before(before) || r.Trigger.At.After(time.Now()) {
			t.Errorf("force %v: %s is read as %+v, want a time from %s on", force, payload, r, before)
		}
	}
}
