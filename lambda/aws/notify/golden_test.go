package notify_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crashcart/lambda/aws/notify"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/vitals"
)

var update = flag.Bool("update", false, "rewrite the golden files of testdata")

const caseID = host + "-0123456789abcdef"

const command = `aws lambda invoke --region eu-central-1 --function-name crashcart-interrupt --cli-binary-format raw-in-base64-out ` +
	`--payload '{"instanceIds":["` + host + `"],"reason":"say why"}' /dev/stdout`

// hangs is what the guard says of a host that hangs.
const hangs = "it says nothing (SSM ping 11m40s ago), it writes nothing (0 for 6 min, 40 a minute before), and nobody gets an answer (target health: Target.Timeout (HTTP))"

// hostile is what somebody might call an alarm.
const hostile = "<!channel> <@U0123> @here *now* _now_ ~now~ `now` [click](https://evil.example) <https://evil.example|click>\n# A & B\u202e www.evil.example\x1b[31m"

// scenes are the messages that a person on call may get.
var scenes = map[string][]notify.Decision{
	"interrupted": {{
		InstanceID: host, Outcome: "interrupted", Rule: "unresponsive", CaseID: caseID, Group: "asg/web",
		Why: hangs + "; EC2 accepted the interrupt", Source: "web-1 is silent",
		Evidence:  "console and screenshot are in s3://crashcart-evidence/cases/" + caseID + "/before/",
		Protected: "moved to Standby in its Auto Scaling group web",
		Undo: []string{
			"aws autoscaling exit-standby --instance-ids " + host + " --auto-scaling-group-name=web --region=eu-central-1",
			"aws autoscaling terminate-instance-in-auto-scaling-group --instance-id " + host + " --no-should-decrement-desired-capacity --region=eu-central-1",
		},
	}},
	"interrupted-on-request": {{
		InstanceID: host, Outcome: "interrupted", Rule: "unresponsive", CaseID: caseID, Source: "lambda",
		Why: "it says nothing (reachability check fails for 7m), it writes nothing (it has no EBS volume of its own, nothing new on the console), and nobody gets an answer (in no target group); EC2 accepted the interrupt", Reason: "hangs since the deploy", RequestedBy: "ana@example.com",
	}},
	"unknown": {{
		InstanceID: host, Outcome: "unknown", Rule: "unresponsive", CaseID: caseID, Source: "web-1 is silent",
		Why: hangs + `; EC2 answered "InternalError", so the interrupt may have been sent, and will not be sent again: a second one would kill the dump; look at the console`,
	}},
	"rejected": {{
		InstanceID: host, Outcome: "rejected", Rule: "ec2", CaseID: caseID, Code: "UnauthorizedOperation", Source: "web-1 is silent",
		Why: hangs + "; EC2 refused it (UnauthorizedOperation): the function's role, a permission boundary or an SCP denies it; " +
			"decode the message of the event in CloudTrail with `aws sts decode-authorization-message`",
	}},
	"failed": {{
		InstanceID: host, Outcome: "failed", Rule: "time", CaseID: caseID,
		Why: "nothing was sent, there was no time left for it; and the claim could not be undone: DynamoDB is away",
	}},
	"dry-run": {{
		InstanceID: host, Outcome: "dry-run", Rule: "unresponsive", CaseID: caseID, DryRun: true, Source: "web-1 is silent",
		Why: hangs + "; a dry run: EC2 would have accepted the interrupt, none was sent",
	}},
	"held": {{
		InstanceID: host, Outcome: "held", Rule: "asked", Source: "web-1 is silent",
		Why: "its tag crashcart is manual, so a person must ask", Command: command,
	}},
	"held-dry-run": {{
		InstanceID: host, Outcome: "held", Rule: "asked", Source: "web-1 is silent", DryRun: true,
		Why: "its tag crashcart is manual, so a person must ask", Command: command,
	}},
	"refused-opted-in": {{
		InstanceID: host, Outcome: "refused", Rule: "opted-in", Source: "web-1 is silent",
		Why: "it has no tag crashcart, or an empty one; auto or manual would opt it in",
	}},
	"refused-cooldown": {{
		InstanceID: host, Outcome: "refused", Rule: "cooldown", Source: "web-1 is silent",
		Why: "interrupted 2h13m ago, 6h required; force can shorten it to 1h",
	}},
	"refused-named": {{
		Target: "target group web/0123456789abcdef", Outcome: "refused", Rule: "named", Source: "web is unhealthy",
		Why: "its targets are addresses outside this account",
	}},
	"refused-lever": {
		{InstanceID: host, Outcome: "refused", Rule: "lever", Why: "all interrupts were stopped 2m40s ago by oncall (database migration); `crashcart resume` allows them again"},
		{InstanceID: host2, Outcome: "refused", Rule: "lever", Why: "all interrupts were stopped 2m40s ago by oncall (database migration); `crashcart resume` allows them again"},
	},
	"refused-region-of-one": {{
		InstanceID: host, Outcome: "refused", Rule: "region", Source: "web-1 is silent",
		Why: "57 instances of the Region became unreachable within 30m, at most 10 may: that is an outage, not a hang",
	}},
	"refused-group": {
		{InstanceID: host, Outcome: "refused", Rule: "group", Group: "asg/web", Why: "2 of 5 members of its Auto Scaling group web show no life now, at most 1 may: that is an outage, not a hang"},
		{InstanceID: host2, Outcome: "refused", Rule: "group", Group: "asg/web", Why: "2 of 5 members of its Auto Scaling group web show no life now, at most 1 may: that is an outage, not a hang"},
	},
	"refused-region-dry-run": {
		{InstanceID: host, Outcome: "refused", Rule: "region", DryRun: true, Why: "57 instances of the Region became unreachable within 30m, at most 10 may: that is an outage, not a hang"},
		{InstanceID: host2, Outcome: "refused", Rule: "region", DryRun: true, Why: "57 instances of the Region became unreachable within 30m, at most 10 may: that is an outage, not a hang"},
	},
	"refused-alive": {{
		InstanceID: host, Outcome: "refused", Rule: "unresponsive", Source: "web-1 is silent",
		Why: "given up after 24 passes: it is alive: target health: healthy (HTTP)", Vitals: seen("ssm-ping=dead disk-writes=nothing target-health=alive"),
	}},
	"refused-voiceless": {{
		InstanceID: host, Outcome: "refused", Rule: "unresponsive", Source: "web-1 is silent",
		Why: "given up after 24 passes: not proven that it says nothing (no SSM agent, no heartbeat, reachability check does not fail: nothing of it can fall silent); " +
			"it writes nothing (0 for 26 min, 40 a minute before); nobody gets an answer (in no target group)",
		Vitals: seen("ssm-ping=nothing heartbeat=nothing reachability=nothing disk-writes=dead kernel-log=nothing target-health=nothing"),
	}},
	"refused-unanswered": {{
		InstanceID: host, Outcome: "refused", Rule: "unresponsive", Source: "web-1 is silent",
		Why: "given up after 24 passes: not proven that it writes nothing (what disk-writes says is not known: reading its metrics: AccessDenied); " +
			"it says nothing (SSM ping 29m ago); nobody gets an answer (in no target group)",
		Vitals: seen("ssm-ping=dead heartbeat=nothing reachability=nothing disk-writes=unknown kernel-log=nothing target-health=nothing"),
	}},
	"held-no-baseline": {{
		InstanceID: host, Outcome: "held", Rule: "unresponsive", Source: "web-1 is silent", Command: command,
		Why: "not proven that it writes nothing (it has no EBS volume of its own; no kernel line on the console); " +
			"it says nothing (SSM ping 11m40s ago); nobody gets an answer (in no target group)",
		Vitals: seen("ssm-ping=dead heartbeat=nothing reachability=nothing disk-writes=nothing kernel-log=nothing target-health=nothing"),
	}},
	"held-network-alone": {{
		InstanceID: host2, Outcome: "held", Rule: "unresponsive", Source: "web-1 is unreachable", Command: strings.ReplaceAll(command, host, host2),
		Why: "not proven that it says nothing (reachability check fails for 7m, and neither agent nor heartbeat was heard in the hour before: that may be its network alone); " +
			"it writes nothing (0 for 6 min, 40 a minute before); nobody gets an answer (in no target group)",
		Vitals: seen("ssm-ping=nothing heartbeat=nothing reachability=dead disk-writes=dead kernel-log=nothing target-health=nothing"),
	}},
	"hostile": {{
		InstanceID: host, Target: hostile, Outcome: "refused", Rule: "quiet", Group: hostile, Code: hostile, Source: hostile, Reason: hostile, RequestedBy: hostile,
		Evidence: hostile, Protected: hostile, Why: "it is shutting down: " + hostile,
	}},
}

// seen makes vitals of what a log line says of them.
func seen(line string) []vitals.Vital {
	var out []vitals.Vital
	for field := range strings.FieldsSeq(line) {
		name, says, _ := strings.Cut(field, "=")
		out = append(out, vitals.Vital{Name: vitals.Name(name), Says: vitals.Says(says)})
	}
	return out
}

func TestEveryMessageIsItsGoldenFile(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(scenes) && !*update {
		t.Errorf("testdata has %d files of %d scenes", len(files), len(scenes))
	}
	for name, decisions := range scenes {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			w.notify(t, decisions...)
			if len(w.notes) != 1 {
				t.Fatalf("%d messages: %q", len(w.notes), w.titles())
			}
			for _, problem := range problems(w.notes[0]) {
				t.Error(problem)
			}
			golden(t, filepath.Join("testdata", name+".json"), pretty(t, w.notes[0]))
		})
	}
}

func pretty(t *testing.T, n note) []byte {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(struct {
		Subject    string
		Attributes map[string]string
		Message    json.RawMessage
	}{n.subject, n.attributes, json.RawMessage(n.raw)}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// The command is the point of the message to the person who may ask. The guard words
// it, and a change of its words must not lose it here.
func TestTheGuardsCommandIsNeverLost(t *testing.T) {
	golden, err := os.ReadFile("../../domain/guard/testdata/asked.golden")
	if err != nil {
		t.Fatal(err)
	}
	held := 0
	for line := range strings.Lines(string(golden)) {
		verdict, ok := strings.CutPrefix(strings.TrimSpace(line), "held | asked: ")
		if !ok {
			continue
		}
		held++
		why, asked, _ := strings.Cut(verdict, " | ")
		w := newWorld()
		w.notify(t, notify.Decision{InstanceID: host, Outcome: cases.OutcomeHeld, Rule: cases.RuleAsked, Why: why, Command: asked})
		n := w.notes[0]
		if steps := n.Content.NextSteps; len(steps) == 0 || steps[0] != "If it really hangs, ask for it: `"+command+"`" {
			t.Errorf("%q gives %q", verdict, steps)
		}
		if strings.Contains(n.Content.Title+n.Content.Description, "invoke") {
			t.Errorf("the command is in the way: %s", n.raw)
		}
		if !strings.Contains(n.Content.Title, "a person must ask") {
			t.Errorf("the title does not say that a person must ask: %s", n.Content.Title)
		}
	}
	if held == 0 {
		t.Error("no golden file of the guard holds anything")
	}
}

// A command comes in its own field. What looks like one in a reason is the console's
// word, or somebody's.
func TestAReasonIsNeverCutShort(t *testing.T) {
	why := "it is shutting down: of course, so a person must ask: aws lambda invoke --region eu-central-1"
	for _, d := range []notify.Decision{
		{InstanceID: host, Outcome: cases.OutcomeRefused, Rule: cases.RuleQuiet, Why: why},
		{InstanceID: host, Outcome: cases.OutcomeHeld, Rule: cases.RuleAsked, Why: why},
		{InstanceID: host, Outcome: cases.OutcomeHeld, Rule: cases.RuleAsked, Why: "so be it, so a person must ask: somebody"},
	} {
		w := newWorld()
		w.notify(t, d)
		n := w.notes[0]
		if !strings.Contains(n.Content.Title, d.Why) || !strings.HasPrefix(n.Content.Description, "Why: "+d.Why+"\n") {
			t.Errorf("%s", n.raw)
		}
		if strings.Contains(strings.Join(n.Content.NextSteps, " "), "lambda invoke") {
			t.Errorf("a part of the reason became a command: %s", n.raw)
		}
	}
}

// Somebody who is to ask must find out how, even without the guard's command.
func TestAHeldTargetIsNeverWithoutAWayToAsk(t *testing.T) {
	w := newWorld()
	w.notify(t, notify.Decision{InstanceID: host, Outcome: cases.OutcomeHeld})
	n := w.notes[0]
	if want := "If it really hangs, ask for it: `crashcart interrupt " + host + " --region eu-central-1 --reason 'say why'`"; n.Content.NextSteps[0] != want {
		t.Errorf("%q, want %q", n.Content.NextSteps, want)
	}
	if !strings.Contains(n.Content.Title, "a person must ask") {
		t.Errorf("title %q", n.Content.Title)
	}
}
