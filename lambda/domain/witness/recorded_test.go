package witness_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/console"
	"crashcart/lambda/domain/printable"
	"crashcart/lambda/domain/witness"
)

var noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// recording is a console of the lab: a real machine that hung and was interrupted, with
// what the lab saw of it.
type recording struct {
	Name    string
	Finding cases.Finding
	SentAt  int
	Stages  []struct {
		Name cases.Stage
		Line string
	}

	text []byte
	ends []int // where the line of each stage ends in the text
}

// recordings are all that the lab has kept.
func recordings(t testing.TB) []recording {
	t.Helper()
	dirs, err := filepath.Glob(filepath.FromSlash("../../../lab/trial/testdata/*"))
	if err != nil || len(dirs) < 13 {
		t.Fatalf("%d recordings, %v", len(dirs), err)
	}
	var all []recording
	for _, dir := range dirs {
		var r recording
		truth, err := os.ReadFile(filepath.Join(dir, "truth.json"))
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(truth, &r); err != nil {
			t.Fatalf("%s: %v", dir, err)
		}
		if r.text, err = os.ReadFile(filepath.Join(dir, "console.log")); err != nil {
			t.Fatal(err)
		}
		r.Stages = r.Stages[1:] // "sent" is no line of the console
		at := r.SentAt
		for _, s := range r.Stages {
			line := s.Line[strings.Index(s.Line, "[ "):] // a prompt before it has escapes
			i := bytes.Index(r.text[at:], []byte(line))
			if i < 0 {
				t.Fatalf("%s: the stage %s is not in its console", r.Name, s.Name)
			}
			at += i + len(line)
			r.ends = append(r.ends, at)
		}
		all = append(all, r)
	}
	return all
}

// stages are the names of the stages that end before a place in the text.
func (r *recording) stages(end int) []cases.Stage {
	var names []cases.Stage
	for i, s := range r.Stages {
		if r.ends[i] <= end {
			names = append(names, s.Name)
		}
	}
	return names
}

// after is what a console that ends at a place proves. A dump that has failed by its
// script's word is known to have failed before the machine reboots.
func (r *recording) after(end int, got cases.Finding) cases.Finding {
	if want := findingOf(r.stages(end)); want != cases.FindingHungInDump || got != r.Finding || !bytes.Contains(r.text[:end], []byte("failed to save vmcore in")) {
		return want
	}
	return got
}

// findingOf is what stages come to, worked out in another way than the witness does it.
func findingOf(stages []cases.Stage) cases.Finding {
	has := func(s cases.Stage) bool { return slices.Contains(stages, s) }
	switch {
	case has(cases.StageDumpComplete):
		return cases.FindingDumped
	case has(cases.StageCaptureKernel) && has(cases.StageRebooted):
		return cases.FindingDumpFailed
	case has(cases.StageCaptureKernel):
		return cases.FindingHungInDump
	case has(cases.StagePanicked):
		return cases.FindingNoDump
	case has(cases.StageSeen):
		return cases.FindingIgnored
	}
	return cases.FindingUnproven
}

// named are the names of the stages that a reading shows.
func named(stages []witness.Line) []cases.Stage {
	var names []cases.Stage
	for _, s := range stages {
		names = append(names, s.Stage)
	}
	return names
}

// proven are the names of the stages that an account has.
func proven(a cases.Account) []cases.Stage {
	var names []cases.Stage
	for _, p := range a.Proofs[1:] { // the first is what was sent
		names = append(names, p.Stage)
	}
	return names
}

// sameBut says that two lists of stages are alike. The host of the lab shows that it is
// reachable by a line of its own, so that stage may come earlier here.
func sameBut(got, want []cases.Stage) bool {
	if slices.Equal(got, want) {
		return true
	}
	return slices.Equal(got, append(slices.Clone(want), cases.StageReachable)) && slices.Contains(want, cases.StageRebooted)
}

func TestNoRecordingIsReadAsAnotherCrash(t *testing.T) {
	for _, r := range recordings(t) {
		for name, before := range map[string][]byte{"alone": nil, "with the console from before": r.text[:r.SentAt]} {
			got := witness.Read(before, r.text)
			want := r.stages(len(r.text))
			if r.Name == "capture-starves" && len(got.Stages) == 1 { // the ring has forgotten the boot, and holds its programs
				want = []cases.Stage{cases.StageCaptureKernel}
			}
			if got.Finding != r.Finding || !slices.Equal(named(got.Stages), want) {
				t.Errorf("%s, %s: %s by %v, want %s by %v", r.Name, name, got.Finding, named(got.Stages), r.Finding, want)
			}
			for _, s := range got.Stages {
				if !bytes.HasPrefix(printed(r.text[s.Offset:]), []byte(s.Text[:20])) {
					t.Errorf("%s, %s: %s is at %d, where there is %.40q, and not %q", r.Name, name, s.Stage, s.Offset, r.text[s.Offset:], s.Text)
				}
			}
		}
	}
}

// printed is text without escapes.
func printed(text []byte) []byte {
	return bytes.TrimLeft(printable.StripEscapes(nil, text[:min(len(text), 400)]), " ")
}

// Other consoles of real machines, with what was true of them. Some print the saved log of
// the crash when they are up again.
func TestNoOtherConsoleIsReadAsAnotherCrash(t *testing.T) {
	for name, want := range map[string]cases.Finding{
		"whole-life":               cases.FindingDumped,
		"dump-done-restarting":     cases.FindingDumped,
		"dump-in-one-burst":        cases.FindingHungInDump, // it ends before makedumpfile does
		"dump-dies":                cases.FindingHungInDump,
		"dump-fails":               cases.FindingDumpFailed,
		"capture-kernel-starts":    cases.FindingHungInDump,
		"capture-kernel-6.12":      cases.FindingHungInDump,
		"capture-kernel-dead":      cases.FindingHungInDump,
		"capture-kernel-starved":   cases.FindingHungInDump,
		"capture-kernel-forgotten": cases.FindingUnproven,
		"nmi-ignored":              cases.FindingIgnored,
		"panic-then-silence":       cases.FindingNoDump,
		"rebooting-after-panic":    cases.FindingNoDump,
		"back-after-panic":         cases.FindingUnproven, // the panic is forgotten
		"up-prints-an-old-log":     cases.FindingUnproven,
		"up-with-a-shell":          cases.FindingUnproven,
	} {
		text, err := os.ReadFile(filepath.Join("..", "console", "testdata", name+".log"))
		if err != nil {
			t.Fatal(err)
		}
		if got := witness.Read(nil, text); got.Finding != want {
			t.Errorf("%s: %s by %v, want %s", name, got.Finding, named(got.Stages), want)
		}
	}
}

const step = 4 << 10

// A console is read while it grows. A ring forgets its beginning. What was shown once stays
// proven.
func TestNoOrderOfSightsChangesWhatARecordingProves(t *testing.T) {
	for _, r := range recordings(t) {
		for _, stride := range []int{step, 3 * step, 9 * step} {
			var a cases.Account
			at := noon
			a.SentAt = noon
			before := r.text[max(0, r.SentAt-console.MaxBytes):r.SentAt]
			for end := r.SentAt; ; end = min(end+stride, len(r.text)) {
				at = at.Add(15 * time.Second)
				a = witness.Add(a, witness.Sight{At: at, Before: before, Console: r.text[max(0, end-console.MaxBytes):end]})
				want := r.stages(end)
				if got := proven(a); !sameBut(got, want) {
					t.Errorf("%s by %d, up to %d: %v, want %v", r.Name, stride, end, got, want)
				}
				if got := witness.Conclude(a, at.Add(47*time.Hour)); got.Finding != r.after(end, got.Finding) || !got.Done {
					t.Errorf("%s by %d, up to %d: %+v, want %s", r.Name, stride, end, got, findingOf(want))
				}
				if end == len(r.text) {
					break
				}
			}
			if got := witness.Conclude(a, at.Add(47*time.Hour)); got.Finding != r.Finding {
				t.Errorf("%s by %d: %+v, want %s", r.Name, stride, got, r.Finding)
			}
		}
	}
}

// Without the console from before, the newest crash counts. What of it was proven is never
// taken for an older one's.
func TestNoRecordingIsTakenForTwoCrashes(t *testing.T) {
	for _, r := range recordings(t) {
		for _, stride := range []int{step, 3 * step, 9 * step} {
			a, at := cases.Account{SentAt: noon}, noon
			var had []cases.Stage
			for end := r.SentAt; ; end = min(end+stride, len(r.text)) {
				at = at.Add(15 * time.Second)
				a = witness.Add(a, witness.Sight{At: at, Console: r.text[max(0, end-console.MaxBytes):end]})
				for _, s := range had {
					if _, ok := a.Reached(s); !ok {
						t.Errorf("%s by %d, up to %d: %s was proven, and now %v", r.Name, stride, end, s, proven(a))
					}
				}
				if had = proven(a); end == len(r.text) {
					break
				}
			}
			if got := witness.Conclude(a, at.Add(47*time.Hour)); got.Finding != r.Finding {
				t.Errorf("%s by %d: %+v, want %s", r.Name, stride, got, r.Finding)
			}
		}
	}
}

// weaker are the findings that a console may lead to which has forgotten what shows the
// true one.
var weaker = map[cases.Finding][]cases.Finding{
	cases.FindingDumped:     {cases.FindingHungInDump, cases.FindingUnproven},
	cases.FindingDumpFailed: {cases.FindingHungInDump, cases.FindingUnproven},
	cases.FindingHungInDump: {cases.FindingUnproven},
	cases.FindingNoDump:     {cases.FindingUnproven},
	cases.FindingIgnored:    {cases.FindingUnproven},
}

// Wherever the ring begins and the console ends, the finding is right or a weaker one.
func TestNoCutOfARecordingIsAnotherCrash(t *testing.T) {
	right, weak := 0, 0
	for _, r := range recordings(t) {
		for end := step; end < len(r.text)+step; end += step {
			end := min(end, len(r.text))
			for start := max(0, end-console.MaxBytes); start < end; start += step {
				for _, before := range [][]byte{nil, r.text[:min(r.SentAt, end)]} {
					got := witness.Read(before, r.text[start:end]).Finding
					want := r.after(end, got)
					switch {
					case got == want:
						right++
					case slices.Contains(weaker[want], got):
						weak++
					default:
						t.Errorf("%s[%d:%d], before %v: %s, want %s", r.Name, start, end, before != nil, got, want)
					}
				}
			}
		}
	}
	if right < 2*weak {
		t.Errorf("%d cuts are read right, and %d weakly", right, weak)
	}
	t.Logf("%d cuts are read right, and %d weakly", right, weak)
}
