package ec2_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
)

func TestAnInstanceThatSomebodyEndedNeverPassesForOneThatEndedByItself(t *testing.T) {
	w := newWorld(t)
	if err := w.fleet.Stop(manual); err != nil {
		t.Fatal(err)
	}
	if err := w.fleet.Terminate(xen); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(10 * time.Minute)
	for id, state := range map[string]string{manual: "stopped", xen: "terminated", web: "running"} {
		out, err := w.DescribeInstances(t.Context(), &sdk.DescribeInstancesInput{InstanceIds: []string{id}})
		if err != nil {
			t.Fatal(err)
		}
		i := out.Reservations[0].Instances[0]
		if string(i.State.Name) != state {
			t.Errorf("%s is %s, want %s", id, i.State.Name, state)
		}
		why := aws.ToString(i.StateTransitionReason)
		if state == "running" {
			if i.StateReason != nil || why != "" {
				t.Errorf("%s runs, and the reason is %q, %+v", id, why, i.StateReason)
			}
			continue
		}
		if i.StateReason == nil || aws.ToString(i.StateReason.Code) != "Client.UserInitiatedShutdown" || !strings.HasPrefix(aws.ToString(i.StateReason.Message), "Client.UserInitiatedShutdown: ") {
			t.Errorf("the reason of %s is %+v", id, i.StateReason)
		}
		at, err := time.Parse("User initiated (2006-01-02 15:04:05 GMT)", why)
		if age := time.Since(at); err != nil || age < 10*time.Minute-time.Second || age > 11*time.Minute {
			t.Errorf("the reason of %s is %q, %v", id, why, err)
		}
	}
}
