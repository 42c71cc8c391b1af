package notify_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"crashcart/lambda/aws/notify"
	"crashcart/lambda/domain/cases"
)

// Somebody who follows the interrupt's message must find the rest of the story there.
func TestAnUpdateNeverLeavesTheThreadOfItsInterrupt(t *testing.T) {
	w := newWorld()
	w.notify(t, scenes["interrupted"]...)
	want := w.notes[0].Metadata.ThreadID
	ids := map[string]bool{w.notes[0].ID: true}
	for name, u := range updates {
		n := w.update(t, u)
		if n.Metadata.ThreadID != want {
			t.Errorf("%s is on the thread %s", name, n.Metadata.ThreadID)
		}
		ids[n.Metadata.ThreadID+n.ID] = true
		if again := w.update(t, u); again.ID != n.ID {
			t.Errorf("%s tried again is another message", name)
		}
	}
	for _, kind := range []notify.UpdateKind{notify.UpdateDumping, notify.UpdateStalled, notify.UpdateCollect, notify.UpdateLost, notify.UpdateEnded} {
		ids[w.update(t, base(kind)).ID] = true
	}
	if len(ids) < 1+len(updates) {
		t.Errorf("updates share an id: %v", slices.Collect(maps.Keys(ids)))
	}
}

func TestAnUpdateIsNeverLimitedByTheHour(t *testing.T) {
	w := newWorld()
	w.memory.fails = errors.New("DynamoDB is away")
	for range 3 {
		w.update(t, updates["ended"])
	}
	if w.memory.asked > 0 || len(w.notes) != 3 {
		t.Errorf("the limiter was asked %d times, %d were published", w.memory.asked, len(w.notes))
	}
}

// A subscription that filters by finding must never miss one.
func TestTheFindingIsNeverLeftOutOfTheAttributes(t *testing.T) {
	w := newWorld()
	for _, f := range cases.Findings() {
		n := w.update(t, change(base(notify.UpdateEnded), func(u *notify.Update) { u.Finding = f }))
		want := map[string]string{"outcome": "ended", "finding": string(f), "dryRun": "false"}
		if !maps.Equal(n.attributes, want) || n.Metadata.AdditionalContext["finding"] != string(f) || !slices.Contains(n.Content.Keywords, string(f)) {
			t.Errorf("%s: %v, %s", f, n.attributes, n.raw)
		}
	}
	n := w.update(t, change(base(notify.UpdateDumping), func(u *notify.Update) { u.Finding = cases.FindingDumped }))
	if want := map[string]string{"outcome": "dumping", "dryRun": "false"}; !maps.Equal(n.attributes, want) {
		t.Errorf("before there is one: %v", n.attributes)
	}
}

// An end that is not understood must not read like a success.
func TestAnUnknownFindingIsNeverADump(t *testing.T) {
	for _, u := range []notify.Update{
		{}, {Kind: "ended"}, {Kind: "ended", Finding: "dumped!"}, {Kind: "no-such-kind", Finding: "a finding of tomorrow"},
	} {
		n := newWorld().update(t, u)
		if n.attributes["finding"] != "unproven" || !strings.Contains(n.Content.Title, "Nothing proves that") || strings.Contains(n.Content.Description, "yes") {
			t.Errorf("%+v is %s", u, n.raw)
		}
	}
}

func TestADoubtIsNeverLeftOutOfTheTitle(t *testing.T) {
	for _, f := range cases.Findings() {
		n := newWorld().update(t, change(base(notify.UpdateEnded), func(u *notify.Update) { u.Finding, u.Doubt = f, "the console was cut" }))
		if !strings.HasSuffix(n.Content.Title, "(in doubt: the console was cut)") || !strings.Contains(n.Content.Description, "\nIn doubt: the console was cut\n") {
			t.Errorf("%s: %s", f, n.raw)
		}
	}
}

// While a dump may be under way no command may be at hand that ends it.
func TestNobodyIsEverLedToRuinADumpByAnUpdate(t *testing.T) {
	for _, name := range []string{"dumping", "dumping-windows", "stalled", "collect", "lost"} {
		n := newWorld().update(t, change(updates[name], func(u *notify.Update) { u.Undo = standby }))
		if !strings.HasPrefix(n.Content.NextSteps[0], "Do not reboot") {
			t.Errorf("%s: %q", name, n.Content.NextSteps)
		}
		for _, s := range n.Content.NextSteps {
			for _, harm := range []string{"crashcart interrupt", "lambda invoke", "reboot-instances", "stop-instances", "terminate", "exit-standby"} {
				if strings.Contains(s, harm) && !strings.HasPrefix(s, "Only once its dump is safe") {
					t.Errorf("%s: %s", name, s)
				}
			}
		}
	}
}

func TestATitleNeverDeniesACrashThatIsProven(t *testing.T) {
	for _, p := range []cases.Proof{captured, complete} {
		n := newWorld().update(t, change(base(notify.UpdateEnded), func(u *notify.Update) {
			u.Finding, u.Proofs = cases.FindingUnproven, []cases.Proof{sentIt, p}
		}))
		if strings.Contains(n.Content.Title, "Nothing proves") || !strings.Contains(n.Content.Title, "crashed; how its dump ended is not known") {
			t.Errorf("%s: %s", p.Stage, n.Content.Title)
		}
	}
}

// A check of the network card alone may pass while the host is still down.
func TestATitleNeverClaimsAReturnThatIsInDoubt(t *testing.T) {
	for doubt, want := range map[string]string{"": ", back after 3m0s", "the network answers, the host may not": ", perhaps back after 3m0s"} {
		n := newWorld().update(t, change(base(notify.UpdateEnded), func(u *notify.Update) {
			back := proof(cases.StageReachable, 180, "status check", "")
			back.Doubt = doubt
			u.Finding, u.Proofs = cases.FindingDumped, []cases.Proof{sentIt, captured, complete, back}
		}))
		if !strings.HasSuffix(n.Content.Title, want) {
			t.Errorf("%q: %s", doubt, n.Content.Title)
		}
	}
}

// What is in doubt may be a dump that is being written. A reboot would end it.
func TestADoubtNeverLeadsToAReboot(t *testing.T) {
	for _, f := range cases.Findings() {
		for _, windows := range []bool{false, true} {
			n := newWorld().update(t, change(base(notify.UpdateEnded), func(u *notify.Update) {
				u.Finding, u.Doubt, u.Undo, u.Windows = f, "the console was cut", standby, windows
			}))
			for _, s := range n.Content.NextSteps {
				careful := strings.HasPrefix(s, "Once ") || f == cases.FindingDumped && strings.HasPrefix(s, "Then see why")
				if strings.Contains(s, "reboot it") && !careful || strings.Contains(s, "autoscaling") && !careful {
					t.Errorf("%s: %s", f, s)
				}
			}
		}
	}
}

// A dump that is still on the host goes with it.
func TestStandbyIsNeverEndedBeforeTheDumpIsSafe(t *testing.T) {
	for _, f := range cases.Findings() {
		for _, complete := range []bool{false, true} {
			n := newWorld().update(t, change(base(notify.UpdateEnded), func(u *notify.Update) {
				u.Finding, u.Undo, u.Proofs = f, standby, reached[f]
				if complete {
					u.Proofs = reached[cases.FindingDumped]
				}
			}))
			without := !complete && (f == cases.FindingIgnored || f == cases.FindingNoDump)
			shown := 0
			for _, s := range n.Content.NextSteps {
				if !strings.Contains(s, "autoscaling") {
					continue
				}
				shown++
				if strings.HasPrefix(s, "Once ") == without || complete && !strings.HasPrefix(s, "Once its dump is safe") {
					t.Errorf("%s: %s", f, s)
				}
			}
			if shown != len(standby) {
				t.Errorf("%s shows %d of %d commands: %q", f, shown, len(standby), n.Content.NextSteps)
			}
		}
	}
}

func TestAnUpdateThatFailsIsNeverKeptQuiet(t *testing.T) {
	w := newWorld()
	w.refuse = errors.New("SNS is away")
	if err := w.notifier.Update(t.Context(), updates["ended"]); !errors.Is(err, w.refuse) || !strings.Contains(err.Error(), "ended/"+caseID) {
		t.Errorf("%v", err)
	}
}

func TestAnUpdateNeverTakesLongerThanItsBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.takes = time.Hour
		began := time.Now()
		err := w.notifier.Update(t.Context(), updates["ended"])
		if took := time.Since(began); took != notify.Bound || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("took %s: %v", took, err)
		}
	})
}
