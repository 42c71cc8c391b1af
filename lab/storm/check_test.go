package storm_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"crashcart/lab"
	"crashcart/lab/fleet"
	"crashcart/lab/states"
	"crashcart/lab/storm"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/dump"
)

var start = time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC)

func at(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }

// hosts of the sound storm: three are claimed and interrupted, one is refused.
const (
	a = "i-0aaaaaaaaaaaaaaaa"
	b = "i-0bbbbbbbbbbbbbbbb"
	c = "i-0cccccccccccccccc"
	d = "i-0dddddddddddddddd"
)

// dumpPath is where every host has its dump.
const dumpPath = "/var/crash/1/dump.1"

// sound are facts of which everything holds.
func sound() *storm.Facts {
	f := &storm.Facts{
		Scenario: storm.Scenario{
			Name:   "sound",
			Expect: storm.Expectation{Budget: 3, Claims: 3, Interrupts: 3, Rules: []string{"budget"}},
			Struck: func(c lab.Call) bool { return c.Lost },
		},
		Hosts: []string{a, b, c, d}, Sent: map[string]string{}, DeadIDs: map[string]bool{}, Said: map[string]int{}, Closings: map[string]int{}, Homes: map[string][]lab.Home{},
		Calls: []lab.Call{{Lost: true}}, Took: time.Second,
	}
	for n, id := range []string{a, b, c} {
		f.Claims = append(f.Claims, storm.Claim{Case: id + "-0123456789abcdef", At: at(n)})
		f.Interrupts = append(f.Interrupts, fleet.Interrupt{Instance: id, Wall: at(n + 1)})
		f.Decisions = append(f.Decisions, storm.Decision{Time: at(n + 1), InstanceID: id, Outcome: "interrupted", Rule: "unresponsive", MessageID: "m-" + id})
		f.Sent["m-"+id] = id
		id += "-0123456789abcdef"
		f.Cases = append(f.Cases, storm.Case{ID: id, InstanceID: id[:19], State: "interrupted", ClosedBy: "follow-up", Finding: "dumped"})
		f.Executions = append(f.Executions, states.Execution{Name: id, Status: states.Succeeded})
		f.Closings[id] = 1
		f.Homes[id] = []lab.Home{{File: fleet.File{Path: dumpPath}, Key: "cases/" + id + "/dump/0-dump.1", Same: true}}
	}
	f.Decisions = append(f.Decisions, storm.Decision{Time: at(5), InstanceID: d, Outcome: "refused", Rule: "budget", MessageID: "m-" + d})
	f.Sent["m-"+d] = d
	return f
}

func TestASoundStormHolds(t *testing.T) {
	if broken, slow := storm.Judge(sound()); len(broken) > 0 || slow {
		t.Errorf("broken: %q", broken)
	}
}

// TestEveryCheckFailsOnWhatItIsThereFor breaks one thing each and wants the check
// that is there for it to say so.
func TestEveryCheckFailsOnWhatItIsThereFor(t *testing.T) {
	broke := map[string]bool{}
	for _, tt := range []struct {
		name, check string
		spoil       func(*storm.Facts)
	}{
		{"an instance without a decision", "every trigger is decided", func(f *storm.Facts) { f.Decisions = f.Decisions[:3] }},
		{"one that is later for ever", "every trigger is decided", func(f *storm.Facts) { f.Decisions[3].Outcome = "later" }},
		{"one that failed", "every trigger is decided", func(f *storm.Facts) { f.Decisions[3].Outcome = "failed" }},
		{"a copy without an answer", "every trigger is decided", func(f *storm.Facts) { f.Sent["m-2"] = d }},
		{"a message left in the queue", "every trigger is decided", func(f *storm.Facts) { f.Left = []string{d} }},
		{"a dead letter that nobody expects", "every trigger is decided", func(f *storm.Facts) { f.Dead = []string{d} }},
		{"an instance hit twice", "no instance was interrupted twice", func(f *storm.Facts) { f.Interrupts[1].Instance = a }},
		{"a claim too many", "exactly the claims", func(f *storm.Facts) {
			f.Claims = append(f.Claims, storm.Claim{Case: d + "-0", At: at(6)})
		}},
		{"a claim that was withdrawn", "exactly the claims", func(f *storm.Facts) {
			f.Claims = append(f.Claims, storm.Claim{Case: c + "-0123456789abcdef", At: at(6), Withdrawn: true})
		}},
		{"an interrupt too few", "exactly the interrupts", func(f *storm.Facts) { f.Interrupts = f.Interrupts[:2] }},
		{"an interrupt before its claim", "exactly the interrupts", func(f *storm.Facts) { f.Interrupts[2].Wall = at(1) }},
		{"an interrupt of another host than was claimed", "exactly the interrupts", func(f *storm.Facts) { f.Interrupts[0].Instance = d }},
		{"more interrupts than claims", "exactly the interrupts", func(f *storm.Facts) { f.Claims = f.Claims[:2] }},
		{"a healthy host hit", "nothing healthy", func(f *storm.Facts) { f.Interrupts[0].Harm = "the guest was healthy" }},
		{"an interrupt that the log does not have", "every interrupt is in the log", func(f *storm.Facts) { f.Decisions[0].Outcome = "duplicate" }},
		{"a refusal by another rule", "refused by the expected rules", func(f *storm.Facts) { f.Decisions[3].Rule = "lever" }},
		{"a cooldown of a host that has no case", "refused by the expected rules", func(f *storm.Facts) { f.Decisions[3].Rule = "cooldown" }},
		{"no refusal at all", "refused by the expected rules", func(f *storm.Facts) { f.Decisions[3].Outcome = "duplicate" }},
		{"a budget overspent for a moment", "the budget is never overspent", func(f *storm.Facts) {
			f.Claims = append(f.Claims, storm.Claim{Case: d + "-0", At: at(6)}, storm.Claim{Case: d + "-0", At: at(7), Withdrawn: true})
		}},
		{"a refusal while a slot was free", "the budget is never refused", func(f *storm.Facts) { f.Decisions[3].Time = at(1) }},
		{"a case closed twice", "no case is closed twice", func(f *storm.Facts) { f.Closings[f.Cases[0].ID] = 2 }},
		{"a case left open", "every case is closed by the follow-up", func(f *storm.Facts) { f.Open = []string{f.Cases[0].ID} }},
		{"a claim without a case", "every case is closed by the follow-up", func(f *storm.Facts) { f.Cases = f.Cases[:2] }},
		{"a case closed by hand", "every case is closed by the follow-up", func(f *storm.Facts) { f.Cases[0].ClosedBy = "ops" }},
		{"a case without a finding", "every case is closed by the follow-up", func(f *storm.Facts) { f.Cases[0].Finding = "" }},
		{"a case with a finding that there is not", "every case is closed by the follow-up", func(f *storm.Facts) { f.Cases[0].Finding = "crashed" }},
		{"an execution that failed", "every case is closed by the follow-up", func(f *storm.Facts) { f.Executions[0].Status = states.Failed }},
		{"a follow-up that interrupts", "the follow-up interrupts nothing", func(f *storm.Facts) {
			f.Following = []lab.Call{{Operation: "SendDiagnosticInterrupt"}}
		}},
		{"an object that is not the host's file", "what is home is the host's file", func(f *storm.Facts) { f.Homes[f.Cases[0].ID][0].Same = false }},
		{"an object of a file that there is not", "what is home is the host's file", func(f *storm.Facts) {
			f.Homes[f.Cases[0].ID] = append(f.Homes[f.Cases[0].ID], lab.Home{Key: "x"})
		}},
		{"a dump that is lost without a word", "every dump is home, or its case says why not", func(f *storm.Facts) {
			f.Homes[f.Cases[0].ID][0] = lab.Home{File: fleet.File{Path: dumpPath}}
		}},
		{"a dump that there is not", "every dump is home, or its case says why not", func(f *storm.Facts) { f.Homes[f.Cases[0].ID] = nil }},
		{"a URL that is left in the bucket", "no URL is left in the bucket", func(f *storm.Facts) { f.Signed = []string{"cases/x/dump/parts.json"} }},
		{"a fault that struck nothing", "the faults struck", func(f *storm.Facts) { f.Calls[0].Lost = false }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := sound()
			tt.spoil(f)
			broken, _ := storm.Judge(f)
			if !slices.ContainsFunc(broken, func(s string) bool { return strings.HasPrefix(s, tt.check) }) {
				t.Errorf("said %q", broken)
			}
			broke[tt.check] = true
		})
	}
	for _, c := range storm.Always() {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(broke)), func(s string) bool { return strings.HasPrefix(c.Name, s) }) {
			t.Errorf("nothing breaks %q", c.Name)
		}
	}
}

func TestACopyThatComesAfterItsCaseWasClosedIsRefusedByTheCooldown(t *testing.T) {
	f := sound()
	f.Decisions = append(f.Decisions, storm.Decision{Time: at(6), InstanceID: a, Outcome: "refused", Rule: "cooldown", MessageID: "m-" + a})
	if broken, _ := storm.Judge(f); len(broken) > 0 {
		t.Errorf("broken: %q", broken)
	}
}

func TestADeadLetterIsNotLostWhereItIsExpected(t *testing.T) {
	f := sound()
	f.Scenario.Expect.Dead = true
	f.Decisions = f.Decisions[:3]
	f.Dead, f.DeadIDs = []string{d}, map[string]bool{"m-" + d: true}
	f.Scenario.Expect.Rules = nil
	if broken, _ := storm.Judge(f); len(broken) > 0 {
		t.Errorf("broken: %q", broken)
	}
}

func TestASlowMachineIsNoExcuseForHarm(t *testing.T) {
	f := sound()
	f.Calls[0].End = f.Calls[0].Start.Add(3 * time.Second)
	f.Cases[0].State = "unknown"
	f.Scenario.Checks = []storm.Check{storm.SettledAll()}
	if broken, slow := storm.Judge(f); len(broken) != 1 || !slow {
		t.Errorf("slow %v, broken %q", slow, broken)
	}
	f.Interrupts[0].Harm = "the guest was healthy"
	if _, slow := storm.Judge(f); slow {
		t.Error("harm is put down to the machine")
	}
}

func TestADumpThatIsLostIsNoSecretWhereItsCaseSaysWhy(t *testing.T) {
	for name, say := range map[string]func(*storm.Case){
		"nobody answered": func(c *storm.Case) { c.Collect.Missing = []cases.Missing{{What: "dump", Why: "the host is gone"}} },
		"half of it came": func(c *storm.Case) {
			c.Collect.Files.Uploads = []dump.Upload{{File: dump.File{Path: dumpPath}, Lost: "it is late"}}
		},
		"it is too large": func(c *storm.Case) {
			c.Collect.Files.Left = []dump.Left{{File: dump.File{Path: dumpPath}, Why: "it is too large"}}
		},
		"it is not one":        func(c *storm.Case) { c.Collect.Skipped = []dump.Skipped{{Path: dumpPath, Why: dump.WhyEmpty}} },
		"it was not asked for": func(c *storm.Case) { c.Finding = string(cases.FindingRaced) },
	} {
		f := sound()
		f.Homes[f.Cases[0].ID][0] = lab.Home{File: fleet.File{Path: dumpPath}}
		say(&f.Cases[0])
		if broken, _ := storm.Judge(f); len(broken) > 0 {
			t.Errorf("%s: broken %q", name, broken)
		}
	}
}

// TestTheSpecialChecksFailToo breaks what only some scenarios check.
func TestTheSpecialChecksFailToo(t *testing.T) {
	died := func() *storm.Facts {
		f := sound()
		for n := range f.Cases {
			f.Cases[n].State, f.Cases[n].Lost = "unknown", true
			f.Decisions = append(f.Decisions, storm.Decision{InstanceID: f.Cases[n].InstanceID, Outcome: "duplicate", CaseID: f.Cases[n].ID})
		}
		return f
	}
	bare := func() *storm.Facts {
		f := sound()
		for n := range f.Cases {
			f.Cases[n].Evidence = "console and screenshot could not be stored"
		}
		return f
	}
	for _, tt := range []struct {
		name  string
		check storm.Check
		facts func() *storm.Facts
		spoil func(*storm.Facts)
	}{
		{"a case that nobody finds", storm.DiedBeforeSending(3), died, func(f *storm.Facts) { f.Cases = f.Cases[:2] }},
		{"a case that passes for sent", storm.DiedBeforeSending(3), died, func(f *storm.Facts) { f.Cases[0].State = "interrupted" }},
		{"a case that was sent", storm.DiedBeforeSending(3), died, func(f *storm.Facts) {
			f.Calls = append(f.Calls, lab.Call{Operation: "SendDiagnosticInterrupt", Instances: []string{b}})
		}},
		{"a case that nobody is notified of", storm.DiedBeforeSending(3), died, func(f *storm.Facts) { f.Decisions = f.Decisions[:4] }},
		{"a case left as claimed", storm.SettledAll(), sound, func(f *storm.Facts) { f.Cases[0].State = "claimed" }},
		{"silence about a failure", storm.SaidOften("x", 1), func() *storm.Facts {
			f := sound()
			f.Said["x"] = 1
			return f
		}, func(f *storm.Facts) { f.Said["x"] = 0 }},
		{"evidence that is there after all", storm.WithoutEvidence(), bare, func(f *storm.Facts) { f.Evidence = []string{"x"} }},
		{"a case that does not say so", storm.WithoutEvidence(), bare, func(f *storm.Facts) { f.Cases[1].Evidence = "s3://bucket/x" }},
		{"evidence that is missing", storm.WithEvidence(), func() *storm.Facts {
			f := sound()
			for _, c := range f.Cases {
				f.Evidence = append(f.Evidence, fmt.Sprintf("cases/%s/before/evidence.json", c.ID))
			}
			return f
		}, func(f *storm.Facts) { f.Evidence = f.Evidence[1:] }},
		{"a follow-up that nobody killed", storm.StruckByDeath(), func() *storm.Facts {
			f := sound()
			f.Following = []lab.Call{{Service: "dynamodb", Status: 200, Lost: true}}
			return f
		}, func(f *storm.Facts) { f.Following[0].Status = 503 }},
		{"no host that was rebooted", storm.HostsRebooted(), func() *storm.Facts {
			f := sound()
			f.Sending = []lab.Call{{Operation: "UploadPart", Detail: "x", Lost: true}, {Operation: "UploadPart", Detail: "x"}}
			return f
		}, func(f *storm.Facts) { f.Sending[1].Code = "SlowDown" }},
		{"dumps that are not home", storm.AllHome(), sound, func(f *storm.Facts) { f.Homes[f.Cases[0].ID][0].Same = false }},
		{"no dump home", storm.SomeHome(), sound, func(f *storm.Facts) {
			for _, list := range f.Homes {
				for i := range list {
					list[i].Same = false
				}
			}
		}},
		{"a case whose result was not lost", storm.DiedBeforeSending(3), died, func(f *storm.Facts) { f.Cases[0].Lost = false }},
		{"a rule that refused nothing", storm.RefusedBy("budget"), sound, func(f *storm.Facts) { f.Decisions[3].Rule = "group" }},
		{"a target put off", storm.NeverLater(), sound, func(f *storm.Facts) { f.Decisions[3].Outcome = "later" }},
		{"a boot that no interrupt was before", storm.NeverLater(), func() *storm.Facts {
			f := sound()
			f.Decisions = append(f.Decisions, storm.Decision{InstanceID: a, Outcome: "later", Rule: "quiet"})
			return f
		}, func(f *storm.Facts) { f.Decisions[4].InstanceID = d }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := tt.facts()
			if why := tt.check.Broken(f); why != "" {
				t.Fatalf("broken to begin with: %s", why)
			}
			tt.spoil(f)
			if tt.check.Broken(f) == "" {
				t.Error("nobody noticed")
			}
		})
	}
}
