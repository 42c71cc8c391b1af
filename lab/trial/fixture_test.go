package trial

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// recorded is where `make lab-record` writes.
const recorded = "testdata"

// findings are what each end ought to be taken for, by hand.
var findings = map[string]string{
	"dumped":                 FindingDumped,
	"ignored":                FindingIgnored,
	"no-kdump":               FindingNoDump,
	"disk-completely-full":   FindingDumpFailed,
	"disk-without-a-block":   FindingDumpFailed,
	"no-kdump-silent":        FindingNoDump,
	"disk-full":              FindingDumpFailed,
	"makedumpfile-dies":      FindingDumpFailed,
	"second-interrupt":       FindingDumpFailed,
	"second-interrupt-early": FindingDumped,
	"capture-starves":        FindingHungInDump,
	"capture-panics":         FindingHungInDump,
	"dumped-backport":        FindingDumped,
}

func fixture(t *testing.T, name string) (Truth, []byte) {
	t.Helper()
	console, err := os.ReadFile(filepath.Join(recorded, name, "console.log"))
	if err != nil {
		t.Fatalf("%v: run make lab-record", err)
	}
	text, err := os.ReadFile(filepath.Join(recorded, name, "truth.json"))
	if err != nil {
		t.Fatalf("%v: run make lab-record", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var truth Truth
	if err := decoder.Decode(&truth); err != nil {
		t.Fatal(err)
	}
	if truth.SentAt <= 0 || truth.SentAt >= len(console) {
		t.Fatalf("the interrupt came at byte %d of %d", truth.SentAt, len(console))
	}
	return truth, console
}

// replay is the record that a recorded console and its files give, read anew.
func replay(trial Trial, truth Truth, console []byte) *Record {
	r := &Record{
		Trial: trial, Back: truth.Back, Console: console, SentAt: truth.SentAt, Release: truth.Kernel, CommandLine: truth.CommandLine,
		Decisions: []Decision{{Outcome: "interrupted", Rule: "unresponsive"}},
		Stages:    []Stage{{Name: StageSent}},
	}
	var crash reader
	// The line that was not finished then, a prompt's, is the one that the kernel went on.
	from := bytes.LastIndexByte(console[:truth.SentAt], '\n') + 1
	for line := range strings.Lines(string(console[from:])) {
		if stage := crash.read(plain(line)); stage != "" {
			r.Stages = append(r.Stages, Stage{Name: stage, Line: plain(line)})
		}
	}
	for _, f := range truth.Files {
		r.Files = append(r.Files, File(f))
	}
	return r
}

func TestNoEndIsWithoutItsConsole(t *testing.T) {
	var names []string
	for _, end := range Ends() {
		names = append(names, end.Name)
		if findings[end.Name] == "" {
			t.Errorf("it is not said here what %s ought to be taken for", end.Name)
		}
	}
	entries, err := os.ReadDir(recorded)
	if err != nil {
		t.Fatalf("%v: run make lab-record", err)
	}
	for _, entry := range entries {
		if i := slices.Index(names, entry.Name()); i >= 0 {
			names = slices.Delete(names, i, i+1)
		} else {
			t.Errorf("%s is of no trial", entry.Name())
		}
	}
	if len(names) > 0 {
		t.Errorf("no console was recorded of %q: run make lab-record", names)
	}
}

// The console that was recorded is read as it was when it came, judged as it must end,
// and said to be true of just that.
func TestARecordedConsoleNeverTellsAnotherStory(t *testing.T) {
	for _, end := range Ends() {
		t.Run(end.Name, func(t *testing.T) {
			truth, console := fixture(t, end.Name)
			r := replay(end, truth, console)
			if wrong := judgeGuest(r); len(wrong) > 0 { // a recording has no case
				t.Errorf("read anew, it did not end as it must: %q", wrong)
			}
			var stages []TruthStage
			for _, s := range r.Stages {
				stages = append(stages, TruthStage{s.Name, s.Line})
			}
			if !slices.Equal(stages, truth.Stages) {
				t.Errorf("read anew, the stages are\n%q, not\n%q", stages, truth.Stages)
			}
			if truth.Finding != findings[end.Name] || r.Finding() != truth.Finding {
				t.Errorf("it was found %q, read anew %q, and ought to be %q", truth.Finding, r.Finding(), findings[end.Name])
			}
			if truth.Name != end.Name || truth.What != end.What || truth.Hang != end.Hang {
				t.Errorf("it says that it is %q (%s) of %q", truth.Name, truth.What, truth.Hang)
			}
			for _, f := range truth.Files {
				if f.Size < 0 || !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(f.SHA256) || !strings.HasPrefix(f.Name, "/var/crash/") {
					t.Errorf("there was the file %+v", f)
				}
			}
		})
	}
}

// What comes before the interrupt is a healthy boot of the kernel that is named, and of
// no other.
func TestNothingBeforeTheInterruptIsOfACrash(t *testing.T) {
	for _, end := range Ends() {
		t.Run(end.Name, func(t *testing.T) {
			truth, console := fixture(t, end.Name)
			before := string(console[:truth.SentAt])
			var reader reader
			var stages []string
			for line := range strings.Lines(before) {
				if stage := reader.read(plain(line)); stage != "" {
					stages = append(stages, stage)
				}
			}
			if !slices.Equal(stages, []string{StageRebooted, StageReachable}) {
				t.Errorf("before the interrupt the console shows %q, not one boot", stages)
			}
			for _, want := range []string{"Linux version " + truth.Kernel + " ", "Command line: " + truth.CommandLine + "\r\n"} {
				if !strings.Contains(before, want) {
					t.Errorf("the console has no %q", want)
				}
			}
		})
	}
}

// names are where a console names its machine: the guest's own name is all that may be
// there.
var names = regexp.MustCompile(`root@([\w.-]+)|([\w.-]+) login:|Hostname set to <([^>]*)>`)

func TestNoRecordedConsoleNamesTheMachineThatItRanOn(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(recorded, "*", "*"))
	if err != nil || len(files) < 2*len(Ends()) {
		t.Fatalf("%d files, %v: run make lab-record", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if here, err := os.Getwd(); err != nil || bytes.Contains(text, []byte(filepath.Join(here, "..", ".."))) {
			t.Errorf("%s names the folder of this checkout, %v", file, err)
		}
		found := 0
		for _, m := range names.FindAllSubmatch(text, -1) {
			found++
			if name := slices.Concat(m[1:]...); string(name) != hostname {
				t.Errorf("%s has %q", file, m[0])
			}
		}
		if found == 0 && strings.HasSuffix(file, ".log") {
			t.Errorf("%s never names the guest: is this the name as it is written?", file)
		}
	}
}

// What is saved is what is read, and a trial of which there is nothing to save never
// leaves an empty fixture.
func TestWhatIsSavedIsWhatWasTrue(t *testing.T) {
	dir := t.TempDir()
	r := &Record{
		Trial: Trial{Name: "some", What: "a <thing>", Hang: frozen}, Release: "6.1", CommandLine: "ro", Back: true,
		Stages: []Stage{{Name: StageSent}, {Name: StageCaptureKernel, Line: "Command line: elfcorehdr=1"}},
		Files:  []File{{Name: "/var/crash/1/dump.1", Size: wholeDump, SHA256: strings.Repeat("a", 64)}},
	}
	r.Console, r.SentAt = []byte("before\r\n\xff\x00after"), 8
	if err := Save(dir, r); err != nil {
		t.Fatal(err)
	}
	console, err := os.ReadFile(filepath.Join(dir, "some", "console.log"))
	if err != nil || !bytes.Equal(console, r.Console) {
		t.Errorf("%q, %v", console, err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "some", "truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	var truth Truth
	if err := json.Unmarshal(text, &truth); err != nil {
		t.Fatal(err)
	}
	if truth.SentAt != 8 || truth.Finding != FindingDumped || !truth.Back || len(truth.Files) != 1 || truth.Files[0] != TruthFile(r.Files[0]) ||
		len(truth.Stages) != 2 || truth.Stages[1] != (TruthStage{StageCaptureKernel, "Command line: elfcorehdr=1"}) || truth.What != "a <thing>" {
		t.Errorf("%+v", truth)
	}
	for name, spoil := range map[string]func(*Record){
		"no interrupt":        func(r *Record) { r.Stages = nil },
		"a forgotten console": func(r *Record) { r.SentAt = len(r.Console) + 1 },
	} {
		spoiled := *r
		spoiled.Trial.Name = "spoiled"
		spoil(&spoiled)
		if err := Save(dir, &spoiled); err == nil {
			t.Errorf("%s was saved", name)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "spoiled")); err == nil {
		t.Error("something is left of what was not saved")
	}
}
