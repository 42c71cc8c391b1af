package notify_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"crashcart/lambda/aws/notify"
	"crashcart/lambda/domain/cases"
)

// struck is when the interrupt of the updates was sent.
var struck = time.Date(2026, 11, 22, 4, 40, 0, 0, time.UTC)

// proof is a stage that was reached some seconds after the interrupt.
func proof(stage cases.Stage, after int, by, line string) cases.Proof {
	return cases.Proof{Stage: stage, By: by, Line: line, SeenAt: struck.Add(time.Duration(after) * time.Second)}
}

// The stages as a Linux goes through them, and as a Windows does.
var (
	sentIt   = proof(cases.StageSent, 0, "EC2", "")
	seenIt   = proof(cases.StageSeen, 15, "console", "[ 3605.120011] Uhhuh. NMI received for unknown reason 20 on CPU 0.")
	captured = proof(cases.StageCaptureKernel, 15, "console", "[    0.000000] Command line: root=/dev/nvme0n1p1 elfcorehdr=0x2f000000 nr_cpus=1")
	logSaved = proof(cases.StageDmesgSaved, 32, "console", "[   12.004410] kdump-tools[214]: kdump-tools: saved dmesg content in /var/crash/202611220440")
	complete = proof(cases.StageDumpComplete, 161, "console", "[  141.220013] kdump-tools[214]: kdump-tools: saved vmcore in /var/crash/202611220440.")
	rebooted = proof(cases.StageRebooted, 177, "console", "[    0.000000] Command line: root=/dev/nvme0n1p1 ro quiet")
	answers  = proof(cases.StageReachable, 192, "agent", "")

	gone     = proof(cases.StagePanicked, 75, "status check", "")
	dumpFile = proof(cases.StageDumpComplete, 420, "console", "event 1001: The computer has rebooted from a bugcheck. A dump was saved in: C:\\Windows\\MEMORY.DMP.")
)

var standby = []string{
	"aws autoscaling exit-standby --instance-ids " + host + " --auto-scaling-group-name=web --region=eu-central-1",
	"aws autoscaling terminate-instance-in-auto-scaling-group --instance-id " + host + " --no-should-decrement-desired-capacity --region=eu-central-1",
}

// base is an update with what all of them have.
func base(kind notify.UpdateKind) notify.Update {
	return notify.Update{
		Kind: kind, CaseID: caseID, InstanceID: host, SentAt: struck, At: struck.Add(200 * time.Second),
		Evidence: "s3://crashcart-evidence/cases/" + caseID + "/before/", Group: "asg/web", Source: "web-1 is silent",
	}
}

func change(u notify.Update, change func(*notify.Update)) notify.Update {
	change(&u)
	return u
}

// updates are the messages that somebody on call may get after an interrupt.
var updates = map[string]notify.Update{
	"dumping": change(base(notify.UpdateDumping), func(u *notify.Update) {
		u.Why, u.Percent, u.Left = "its capture kernel writes a dump: 41 %, 9m1s to go", "41 %", "9m1s"
		u.Proofs = []cases.Proof{sentIt, seenIt, captured}
	}),
	"dumping-windows": change(base(notify.UpdateDumping), func(u *notify.Update) {
		u.Why, u.Windows = "it has answered nobody for 2m since the interrupt, as a Windows does while it writes its dump", true
		u.Doubt = "its console shows nothing of a dump"
		u.Proofs = []cases.Proof{sentIt, gone}
	}),
	"stalled": change(base(notify.UpdateStalled), func(u *notify.Update) {
		u.Why, u.Percent, u.Left = "its dump stands at 41 % for 10m", "41 %", "9m1s"
		u.Proofs = []cases.Proof{sentIt, captured}
	}),
	"lost": change(base(notify.UpdateLost), func(u *notify.Update) {
		u.Why, u.Undo = "the function that claimed it ended without a result, 2m10s ago", standby
		u.Reason, u.RequestedBy = "hangs since the deploy", "ana@example.com"
	}),
	"ended": change(base(notify.UpdateEnded), func(u *notify.Update) {
		u.Finding, u.Why = cases.FindingDumped, "its dump was complete after 2m41s, and it answered after 3m12s"
		u.Proofs, u.Undo = []cases.Proof{sentIt, seenIt, captured, logSaved, complete, rebooted, answers}, standby
	}),
	"ended-windows": change(base(notify.UpdateEnded), func(u *notify.Update) {
		u.Finding, u.Why, u.Windows = cases.FindingDumped, "its event log names the dump", true
		u.Proofs = []cases.Proof{sentIt, gone, dumpFile, proof(cases.StageReachable, 480, "agent", "")}
	}),
	"ended-by-hand": change(base(notify.UpdateEnded), func(u *notify.Update) {
		u.Finding, u.Why, u.Closed = cases.FindingUnproven, "its console shows nothing after the interrupt", true
		u.Proofs = []cases.Proof{sentIt}
	}),
	"ended-hostile": {
		Kind: notify.UpdateEnded, CaseID: caseID, InstanceID: host, Finding: cases.FindingDumpFailed, SentAt: struck, At: struck.Add(time.Hour),
		Why: hostile, Doubt: hostile, Percent: hostile, Left: hostile, Evidence: hostile, Undo: []string{hostile}, Group: hostile, Source: hostile,
		Reason: hostile, RequestedBy: hostile,
		Proofs: []cases.Proof{{Stage: cases.StageCaptureKernel, By: hostile, Line: hostile, Doubt: hostile, SeenAt: struck}},
	},
}

func (w world) update(t *testing.T, u notify.Update) note {
	t.Helper()
	before := len(w.notes)
	if err := w.notifier.Update(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	if len(w.notes) != before+1 {
		t.Fatalf("%d messages of one update", len(w.notes)-before)
	}
	n := w.notes[before]
	for _, problem := range problems(n) {
		t.Error(problem)
	}
	return n
}

func TestEveryUpdateIsItsGoldenFile(t *testing.T) {
	for name, u := range updates {
		t.Run(name, func(t *testing.T) {
			golden(t, filepath.Join("testdata", "update", name+".json"), pretty(t, newWorld().update(t, u)))
		})
	}
	nothingElse(t, filepath.Join("testdata", "update"), len(updates))
}

// reached are the stages before the host is back, by finding.
var reached = map[cases.Finding][]cases.Proof{
	cases.FindingDumped:     {sentIt, captured, logSaved, complete},
	cases.FindingDumpFailed: {sentIt, captured, logSaved},
	cases.FindingHungInDump: {sentIt, captured},
	cases.FindingNoDump:     {sentIt, proof(cases.StagePanicked, 15, "console", "[ 3605.120400] Kernel panic - not syncing: NMI: Not continuing")},
	cases.FindingIgnored:    {sentIt, proof(cases.StageSeen, 15, "console", "[ 3605.120300] Dazed and confused, but trying to continue")},
	cases.FindingRaced:      {sentIt},
	cases.FindingUnproven:   {sentIt},
}

// Every finding in every way: with and without doubt, back or not, in Standby or not, on
// both families of systems.
func TestEveryEndIsItsGoldenFile(t *testing.T) {
	for _, f := range cases.Findings() {
		t.Run(string(f), func(t *testing.T) {
			var b bytes.Buffer
			for i := range 16 {
				back, doubt, kept, windows := i&1 == 0, i&2 > 0, i&4 > 0, i&8 > 0
				u := change(base(notify.UpdateEnded), func(u *notify.Update) {
					u.Finding, u.Why, u.Windows, u.Proofs = f, "because of what was seen", windows, reached[f]
					if back {
						u.Proofs = append(slices.Clone(u.Proofs), rebooted, answers)
					}
					if doubt {
						u.Doubt = "the console was cut"
					}
					if kept {
						u.Undo = standby
					}
				})
				n := newWorld().update(t, u)
				fmt.Fprintf(&b, "## back %v, doubt %v, Standby %v, Windows %v\n%s\n", back, doubt, kept, windows, n.Content.Title)
				for line := range strings.SplitSeq(n.Content.Description, "\n") {
					if label, _, _ := strings.Cut(line, ":"); slices.Contains([]string{"In doubt", "Crashed", "Dumped", "Back"}, label) {
						b.WriteString(line + "\n")
					}
				}
				for _, s := range n.Content.NextSteps {
					b.WriteString("- " + s + "\n")
				}
				b.WriteString("\n")
			}
			golden(t, filepath.Join("testdata", "ended", string(f)+".txt"), b.Bytes())
		})
	}
	nothingElse(t, filepath.Join("testdata", "ended"), len(cases.Findings()))
}

// golden compares with a file, or rewrites it.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, got, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v; got\n%s", err, got)
	}
}

// nothingElse says that a folder has as many files as there are golden files.
func nothingElse(t *testing.T, folder string, want int) {
	t.Helper()
	if files, err := os.ReadDir(folder); err != nil || len(files) != want {
		t.Errorf("%s has %d files, not %d: %v", folder, len(files), want, err)
	}
}

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
	for _, kind := range []notify.UpdateKind{notify.UpdateDumping, notify.UpdateStalled, notify.UpdateLost, notify.UpdateEnded} {
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
	for _, name := range []string{"dumping", "dumping-windows", "stalled", "lost"} {
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

func TestNothingFromOutsideIsEverAliveInAnUpdate(t *testing.T) {
	for _, text := range []string{
		"<!channel>", "@here", "<https://evil.example|the console>", "[the console](https://evil.example)", "www.evil.example", "`code`", "```\ncode\n```",
		"*bold*", "_slanted_", "~gone~", "a\nb", "a\u2028b", "a\x00b", "a\x1b[31mb", "\u202eevil", "a\u200bb", "\xff\xfe", "", "`", "_", "…",
	} {
		for _, u := range throughout(text) {
			newWorld().update(t, u)
		}
	}
}

func TestNoUpdateIsEverTooLong(t *testing.T) {
	for _, c := range []string{"x", "ü", "…", "😀", "\"", "\\", "_", "](", "é\u0301", "\x00x", "\xff", " x"} {
		for _, n := range []int{1, 80, 99, 250, 351, 9000} {
			for _, u := range throughout(strings.Repeat(c, n)) {
				newWorld().update(t, u)
			}
		}
	}
}

// throughout puts the text wherever text from outside can come in an update.
func throughout(text string) []notify.Update {
	u := notify.Update{
		CaseID: text, InstanceID: text, Why: text, Doubt: text, Percent: text, Left: text, Evidence: text,
		Undo: []string{text, text + text, text, text, text, text}, Group: text, Source: text, Reason: text, RequestedBy: text,
	}
	for _, s := range cases.Stages() {
		u.Proofs = append(u.Proofs, cases.Proof{Stage: s, Line: text, By: text, Doubt: text, SeenAt: struck})
	}
	var out []notify.Update
	add := func(kind notify.UpdateKind, f cases.Finding) {
		u.Kind, u.Finding = kind, f
		out = append(out, u, change(u, func(u *notify.Update) { u.InstanceID, u.CaseID, u.SentAt, u.Windows = host, caseID, struck, true }))
	}
	for _, kind := range []notify.UpdateKind{notify.UpdateDumping, notify.UpdateStalled, notify.UpdateLost, notify.UpdateKind(text)} {
		add(kind, cases.Finding(text))
	}
	for _, f := range cases.Findings() {
		add(notify.UpdateEnded, f)
	}
	return out
}

func FuzzNoUpdateIsEverAliveOrTooLong(f *testing.F) {
	f.Add("ended", "dumped", host, caseID, hostile, "console", "41 %", command)
	f.Add("dumping", "", host, "a b", "_`_`]\u200b(", "\xff", "www.", "`@")
	f.Fuzz(func(t *testing.T, kind, finding, instance, id, text, by, percent, undo string) {
		u := notify.Update{
			Kind: notify.UpdateKind(kind), Finding: cases.Finding(finding), InstanceID: instance, CaseID: id, Why: text, Doubt: by, Percent: percent, Left: text,
			Evidence: by, Undo: []string{undo}, Group: percent, Source: undo, Reason: text, RequestedBy: by, SentAt: struck,
		}
		for _, s := range cases.Stages() {
			u.Proofs = append(u.Proofs, cases.Proof{Stage: s, Line: text, By: by, Doubt: percent, SeenAt: struck.Add(time.Minute)})
		}
		newWorld().update(t, u)
	})
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
