package intake_test

import (
	"strings"
	"testing"

	"crashcart/lambda/domain/config"
)

func TestAnAlarmOfSomewhereElseNeverNamesAGroupHere(t *testing.T) {
	for name, replace := range map[string][2]string{
		"another Region":  {"cloudwatch:eu-central-1:", "cloudwatch:us-east-1:"},
		"another account": {":111122223333:alarm:", ":444455556666:alarm:"},
	} {
		t.Run(name, func(t *testing.T) {
			w, m := hung(t, config.ModeAuto)
			w.deliver(strings.Replace(alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA), replace[0], replace[1], 1))
			w.expect(step{outcome: "refused", rule: "named", why: "the alarm is of "})
			if len(m.interruptedAt) != 0 || w.called("DescribeInstances") != 0 {
				t.Error("it was followed all the same")
			}
		})
	}
}
