package trial_test

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"crashcart/lab/trial"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/manifest"
)

func dumped() *trial.Record {
	t := trial.Ends()[0]
	r := &trial.Record{
		Trial: t, Back: true,
		Decisions: []trial.Decision{{Outcome: "later", Rule: "unresponsive"}, {Outcome: "interrupted", Rule: "unresponsive"}},
		Files: []trial.File{
			{Name: "/var/crash/202611230301/dmesg.202611230301", Size: 21_000, SHA256: strings.Repeat("ab", 32)},
			{Name: "/var/crash/202611230301/dump.202611230301", Size: 17_000_000, SHA256: strings.Repeat("cd", 32)},
		},
		Case: &trial.Case{Finding: "dumped", Why: "the dump is complete", Proofs: []cases.Proof{
			{Stage: cases.StageDumpComplete, Line: "kdump-tools[391]: The dumpfile is saved to /var/crash", By: "console"},
		}},
	}
	for _, name := range t.End.Stages {
		r.Stages = append(r.Stages, trial.Stage{Name: name})
	}
	r.Home = brought(r.Files...)
	return r
}

// brought is what the bucket has when those files of the guest have come home.
func brought(files ...trial.File) *trial.Home {
	h := &trial.Home{
		Manifest: manifest.Manifest{Version: manifest.Version}, Panic: "[   31.2] Kernel panic - not syncing: NMI: Not continuing",
		After: 62300 * time.Millisecond, Cost: &trial.Cost{Scripts: 1, Took: 3 * time.Second, CPU: 2100 * time.Millisecond, Memory: 41_000_000},
	}
	for i, f := range files {
		key := fmt.Sprintf("dump/%d-%s", i, path.Base(f.Name))
		h.Files = append(h.Files, trial.File{Name: key, Size: f.Size, SHA256: f.SHA256})
		h.Manifest.Files = append(h.Manifest.Files, manifest.File{Key: key, Kind: "dump", Size: f.Size, SHA256: f.SHA256, Path: f.Name})
	}
	return h
}

func TestNothingIsWrongWithATrialThatEndedAsItMust(t *testing.T) {
	if wrong := trial.Judge(dumped()); len(wrong) > 0 {
		t.Error(wrong)
	}
}

// Everything that a trial is about is judged: change one thing and it is wrong.
func TestNothingThatADumpLacksIsOverlooked(t *testing.T) {
	for name, spoil := range map[string]func(*trial.Record){
		"refused":              func(r *trial.Record) { r.Decisions[1] = trial.Decision{Outcome: "refused", Rule: "quiet"} },
		"nothing decided":      func(r *trial.Record) { r.Decisions = r.Decisions[:1] },
		"no capture kernel":    func(r *trial.Record) { r.Stages = slices.Delete(r.Stages, 1, 2) },
		"stages in disorder":   func(r *trial.Record) { r.Stages[1], r.Stages[2] = r.Stages[2], r.Stages[1] },
		"one stage more":       func(r *trial.Record) { r.Stages = append(r.Stages, trial.Stage{Name: trial.StagePanicked}) },
		"it stays away":        func(r *trial.Record) { r.Back = false },
		"no files":             func(r *trial.Record) { r.Files = nil },
		"an empty dump":        func(r *trial.Record) { r.Files[1].Size = 0 },
		"a stump":              func(r *trial.Record) { r.Files[1].Size = 104 },
		"unfinished":           func(r *trial.Record) { r.Files[1].Name = "/var/crash/202611230301/dump-incomplete" },
		"a second interrupt":   func(r *trial.Record) { r.Again = 1 },
		"a case left open":     func(r *trial.Record) { r.Case = nil },
		"another finding":      func(r *trial.Record) { r.Case.Finding = "dump-failed" },
		"no finding":           func(r *trial.Record) { r.Case.Finding = "" },
		"no proof":             func(r *trial.Record) { r.Case.Proofs = nil },
		"nobody has looked":    func(r *trial.Record) { r.Home = nil },
		"no manifest":          func(r *trial.Record) { r.Home.Manifest = manifest.Manifest{} },
		"another in the list":  func(r *trial.Record) { r.Home.Manifest.Files[1].SHA256 = strings.Repeat("ef", 32) },
		"one less in the list": func(r *trial.Record) { r.Home.Manifest.Files = r.Home.Manifest.Files[:1] },
		"no panic in it":       func(r *trial.Record) { r.Home.Panic = "" },
		"a live URL":           func(r *trial.Record) { r.Home.Live = true },
		"no dump came":         func(r *trial.Record) { r.Home = brought(r.Files[0]) },
		"no log came":          func(r *trial.Record) { r.Home = brought(r.Files[1]) },
	} {
		t.Run(name, func(t *testing.T) {
			r := dumped()
			spoil(r)
			if wrong := trial.Judge(r); len(wrong) != 1 {
				t.Errorf("wrong: %q, not one thing", wrong)
			}
		})
	}
}

// A guest that lives must be left alone: an interrupt is what is wrong then.
func TestAnInterruptOfALivingGuestIsNeverRight(t *testing.T) {
	hang, _ := trial.HangNamed("spinning-bounded")
	r := dumped()
	r.Trial = trial.Of(hang)
	if wrong := trial.Judge(r); len(wrong) != 4 {
		t.Errorf("wrong: %q", wrong)
	}
	r = &trial.Record{Trial: r.Trial, Decisions: []trial.Decision{{Outcome: "refused", Rule: "unresponsive"}}}
	if wrong := trial.Judge(r); len(wrong) != 0 {
		t.Errorf("wrong: %q", wrong)
	}
	r.Decisions[0].Outcome = "held"
	if wrong := trial.Judge(r); len(wrong) != 0 {
		t.Errorf("a person asked is no harm: %q", wrong)
	}
	r.Decisions[0].Rule = "opted-in"
	if wrong := trial.Judge(r); len(wrong) != 1 {
		t.Errorf("wrong: %q", wrong)
	}
}

// A guest that has crashed by itself, and is back, lives.
func TestAGuestThatIsBackIsNeverMissed(t *testing.T) {
	hang, _ := trial.HangNamed("memory")
	refused := &trial.Record{Trial: trial.Of(hang), Decisions: []trial.Decision{{Outcome: "refused", Rule: "unresponsive"}}}
	if wrong := trial.Judge(refused); len(wrong) != 0 {
		t.Errorf("wrong: %q", wrong)
	}
	interrupted := dumped()
	interrupted.Trial = refused.Trial
	if wrong := trial.Judge(interrupted); len(wrong) != 0 {
		t.Errorf("wrong: %q", wrong)
	}
	refused.Decisions[0].Rule = "group"
	if wrong := trial.Judge(refused); len(wrong) == 0 {
		t.Error("refused by another rule, and nothing is wrong")
	}
}

func TestAFalseDumpIsNeverAWholeOne(t *testing.T) {
	for name, c := range map[string]struct {
		files []trial.File
		want  trial.Dump
	}{
		"nothing":                 {nil, trial.NoDump},
		"an empty log":            {[]trial.File{{Name: "/var/crash/1/dmesg.1"}}, trial.NoDump},
		"the log":                 {[]trial.File{{Name: "/var/crash/1/dmesg.1", Size: 9}}, trial.DmesgOnly},
		"the log and a piece":     {[]trial.File{{Name: "/var/crash/1/dmesg.1", Size: 9}, {Name: "/var/crash/1/dump-incomplete", Size: 5 << 20}}, trial.DmesgOnly},
		"an empty dump":           {[]trial.File{{Name: "/var/crash/1/dmesg.1", Size: 9}, {Name: "/var/crash/1/dump.1"}}, trial.FalseDump},
		"the head of a dump":      {[]trial.File{{Name: "/var/crash/1/dump.1", Size: 104}}, trial.FalseDump},
		"a dump":                  {[]trial.File{{Name: "/var/crash/1/dmesg.1", Size: 9}, {Name: "/var/crash/1/dump.1", Size: 17 << 20}}, trial.WholeDump},
		"a false one and a whole": {[]trial.File{{Name: "/var/crash/1/dump.1"}, {Name: "/var/crash/2/dump.2", Size: 17 << 20}}, trial.WholeDump},
	} {
		t.Run(name, func(t *testing.T) {
			if got := (&trial.Record{Files: c.files}).Left(); got != c.want {
				t.Errorf("left %q, want %q", got, c.want)
			}
		})
	}
}

func TestEveryTrialCanBePlayed(t *testing.T) {
	seen := map[string]bool{}
	for _, trialOf := range slices.Concat(trial.Ends(), trial.Ways()) {
		if _, ok := trial.HangNamed(trialOf.Hang); !ok {
			t.Errorf("%s hangs by %q, which there is not", trialOf.Name, trialOf.Hang)
		}
		if seen[trialOf.Name] || trialOf.What == "" {
			t.Errorf("%s is there twice, or says nothing", trialOf.Name)
		}
		seen[trialOf.Name] = true
		if trialOf.End.Back == (trialOf.End.Watch > 0) {
			t.Errorf("%s must either come back or be watched for a time", trialOf.Name)
		}
		if got := slices.Contains(trialOf.End.Stages, trial.StageReachable); got != trialOf.End.Back {
			t.Errorf("%s: reachable %t, back %t", trialOf.Name, got, trialOf.End.Back)
		}
	}
	for _, name := range trial.Few() {
		if !seen[name] {
			t.Errorf("%s is one of the few, but not one of all", name)
		}
	}
}

func TestNothingIsPrintedOverOrLeftOutOfTheTable(t *testing.T) {
	var out strings.Builder
	bad := dumped()
	bad.Files[1].Size = 104
	if err := trial.Ended(&out, []*trial.Record{dumped(), bad}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"whole (17000000 bytes)", "whole after 62.3 s", "3.0 s, 2.1 s cpu, 41 MB", "false (104 bytes)", `dumped: what is left of the dump is "false"`, "reachable"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
}

// The tables of hangs say what was answered when, what was written and sent, what was
// decided when and why, and nothing of what was not asked.
func TestNoAnswerOfAHungGuestIsLeftOutOfTheTable(t *testing.T) {
	yes := true
	asked := dumped()
	asked.Hung = &trial.Answers{ARP: time.Millisecond, Agent: time.Second, Serial: time.Second, TCP: time.Second, Memory: time.Second}
	asked.Late = &trial.Answers{ARP: time.Millisecond, TCP: time.Second}
	asked.Capture, asked.Speed = &yes, 30
	asked.LivesFrom, asked.HungAt, asked.DecidedAt = 10*time.Second, 20*time.Second, 45*time.Second
	for second := range 50 { // five writes and three frames a second; from 23 s on only a frame
		at := uint64(second)
		asked.Samples = append(asked.Samples, trial.Sample{
			At: time.Duration(second) * time.Second, Writes: 5 * min(at, 23), Frames: at + 2*min(at, 20),
		})
	}
	asked.Decisions[1].Why, asked.Decisions[1].Vitals = "it says nothing", "ssm-ping=dead heartbeat=nothing disk-writes=dead network-out=nothing"
	refused := &trial.Record{Trial: trial.Trial{Name: "lives"}, Decisions: []trial.Decision{{Outcome: "refused", Rule: "unresponsive", Why: "it is alive"}}}
	var out strings.Builder
	if err := trial.Hung(&out, []*trial.Record{asked, refused}); err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for line := range strings.Lines(out.String()) {
		rows = append(rows, regexp.MustCompile(` {2,}`).Split(strings.TrimSpace(line), -1))
	}
	want := [][]string{
		{"hang", "ARP", "agent", "serial", "TCP", "page in memory", "page on disk", "writes", "last", "frames"},
		{"dumped", "yes", "yes, later no", "yes, later no", "yes", "yes, later no", "no", "50.0, then 6.0", "+3.0 s", "30.0, then 10.0"},
		{"lives", "-", "-", "-", "-", "-", "-", "-", "-", "-"},
		{""},
		{"hang", "decided", "dead", "minute", "ARP, dumping", "dump"},
		{"dumped", "interrupted unresponsive", "ssm-ping, disk-writes", "12.5", "yes", "whole"},
		{"lives", "refused unresponsive", "none", "0.0", "-", "none"},
		{""},
		{"dumped: it says nothing"},
		{"lives: it is alive"},
	}
	if !slices.EqualFunc(rows, want, slices.Equal) {
		t.Errorf("%q, want %q", rows, want)
	}
}

// A host that goes on writing is left to a person, and never interrupted or refused.
func TestAGuestThatGoesOnWritingIsNeverInterrupted(t *testing.T) {
	hang, _ := trial.HangNamed("stopped-timesyncd")
	for outcome, right := range map[string]bool{"held": true, "refused": false, "interrupted": false} {
		r := &trial.Record{Trial: trial.Of(hang), Decisions: []trial.Decision{{Outcome: outcome, Rule: "unresponsive"}}}
		if wrong := trial.Judge(r); (len(wrong) == 0) != right {
			t.Errorf("%s: %q", outcome, wrong)
		}
	}
}

// The pipeline counts these lines.
func TestTheLineForMachinesSaysHowMuchIsWrong(t *testing.T) {
	bad := dumped()
	bad.Back, bad.Files, bad.Home = false, nil, nil
	for r, want := range map[*trial.Record]string{
		dumped(): "trial: name=dumped stages=sent,capture-kernel,dmesg-saved,dump-complete,rebooted,reachable back=true dump=whole home=whole homeAfter=62.3s read=true sendTook=3.0s sendCPU=2.1s sendMB=41 wrong=0",
		bad:      "trial: name=dumped stages=sent,capture-kernel,dmesg-saved,dump-complete,rebooted,reachable back=false dump=none home=none wrong=2",
	} {
		if got := trial.Line(r); got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
}
