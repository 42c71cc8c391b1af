package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"crashcart/cmd/crashcart/screen"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/intake"
)

// A command is copied from the screen, so it stands alone on its line, whole, however
// long it is, and the sentence before it has no part of it.
func TestACommandStandsOnItsOwnLine(t *testing.T) {
	ask := "aws lambda invoke --region eu-central-1 --function-name crashcart --payload '" + strings.Repeat("x", 90) + "' /dev/stdout"
	undo := "aws autoscaling exit-standby --region eu-central-1 --instance-ids " + hungID + " --auto-scaling-group-name web"
	for name, c := range map[string]struct {
		outcome intake.Outcome
		want    string
	}{
		"held": {
			intake.Outcome{InstanceID: hungID, Outcome: cases.OutcomeHeld, Rule: cases.RuleAsked, Why: "its tag is manual, so a person must ask", Command: ask},
			hungID + ": held\n  rule      asked\n  why       its tag is manual, so a person must ask\n" +
				"  To ask for it yourself:\n    " + ask + "\n",
		},
		"protected": {
			intake.Outcome{InstanceID: hungID, Outcome: cases.OutcomeInterrupted, Rule: cases.RuleUnresponsive, Why: "it is silent", Protected: "it is in Standby", Undo: []string{undo}},
			hungID + ": interrupted\n  rule      unresponsive\n  why       it is silent\n  protected it is in Standby\n" +
				"  To undo that, once the dump is safe:\n    " + undo + "\n",
		},
		"a dry run": {
			intake.Outcome{InstanceID: hungID, Outcome: cases.OutcomeDryRun, Rule: cases.RuleUnresponsive, Code: "DryRunOperation"},
			hungID + ": dry-run\n  rule      unresponsive\n",
		},
		"rejected": {
			intake.Outcome{InstanceID: hungID, Outcome: cases.OutcomeRejected, Rule: cases.RuleEC2, Code: "UnsupportedOperation"},
			hungID + ": rejected\n  rule      ec2\n  EC2 said  UnsupportedOperation\n",
		},
		"no instance": {
			intake.Outcome{Target: "group web", Outcome: cases.OutcomeRefused, Rule: cases.RuleNamed},
			"group web: refused\n  rule      named\n",
		},
	} {
		var out bytes.Buffer
		p := screen.New(&out, time.Now())
		showOutcomes(p, []intake.Outcome{c.outcome})
		if out.String() != c.want || p.Err() != nil {
			t.Errorf("%s: %v\n%s, want\n%s", name, p.Err(), out.String(), c.want)
		}
	}
}
