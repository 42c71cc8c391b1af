package trial_test

import (
	"slices"
	"strings"
	"testing"

	"crashcart/lab/trial"
	"crashcart/lambda/domain/cases"
)

// failed is a trial whose dump came to nothing but some files.
func failed(t *testing.T, name string, files ...trial.File) *trial.Record {
	t.Helper()
	at := slices.IndexFunc(trial.Ends(), func(e trial.Trial) bool { return e.Name == name })
	r := dumped()
	r.Trial = trial.Ends()[at]
	r.Stages = nil
	for _, stage := range r.Trial.End.Stages {
		r.Stages = append(r.Stages, trial.Stage{Name: stage})
	}
	r.Files = files
	r.Case = &trial.Case{Finding: r.Finding(), Proofs: []cases.Proof{{Stage: cases.StageCaptureKernel, Line: "elfcorehdr="}}}
	return r
}

// Each of these guests says, or seems to say, that it has a dump. None of it may be in the
// bucket as one, and the case must say why.
func TestWhatIsNoDumpIsNeverTakenForOne(t *testing.T) {
	log := trial.File{Name: "/var/crash/1/dmesg.1", Size: 21_000, SHA256: strings.Repeat("ab", 32)}
	for name, c := range map[string]struct {
		trial string
		files []trial.File
		home  []trial.File
		bad   trial.File
	}{
		"saved vmcore over an empty file": {"disk-completely-full", []trial.File{{Name: "/var/crash/1/dump.1"}}, nil, trial.File{Name: "/var/crash/1/dump.1"}},
		"the head of a dump": {
			"makedumpfile-dies", []trial.File{log, {Name: "/var/crash/1/dump.1", Size: 104}}, []trial.File{log}, trial.File{Name: "/var/crash/1/dump.1", Size: 104},
		},
		"an incomplete one": {
			"disk-full",
			[]trial.File{log, {Name: "/var/crash/1/dump-incomplete", Size: 5 << 20}},
			[]trial.File{log},
			trial.File{Name: "/var/crash/1/dump-incomplete", Size: 5 << 20},
		},
		"nothing at all": {"second-interrupt", nil, nil, trial.File{Name: "/var/crash/1/dump.1", Size: 17 << 20}},
	} {
		t.Run(name, func(t *testing.T) {
			r := failed(t, c.trial, c.files...)
			why := []cases.Missing{{What: "/var/crash/1/dump.1", Why: "the host's file is empty"}}
			r.Home = brought(c.home...)
			r.Home.Manifest.Missing = why
			if wrong := trial.Judge(r); len(wrong) > 0 {
				t.Errorf("wrong: %q", wrong)
			}
			r.Home = brought(append(slices.Clone(c.home), c.bad)...)
			r.Home.Manifest.Missing = why
			if wrong := trial.Judge(r); len(wrong) != 1 || !strings.Contains(wrong[0], "no whole file of the crash") {
				t.Errorf("it was taken for a dump, and wrong is %q", wrong)
			}
			r.Home = brought(c.home...)
			if wrong := trial.Judge(r); len(wrong) != 1 || !strings.Contains(wrong[0], "does not say why") {
				t.Errorf("the manifest says nothing, and wrong is %q", wrong)
			}
		})
	}
}

func TestAnotherByteIsNeverTheGuestsFile(t *testing.T) {
	for name, spoil := range map[string]func(*trial.File){
		"other bytes": func(f *trial.File) { f.SHA256 = strings.Repeat("00", 32) },
		"a byte less": func(f *trial.File) { f.Size-- },
		"its name":    func(f *trial.File) { f.Name = "dump/1-dump.2" },
	} {
		r := dumped()
		files := slices.Clone(r.Files)
		spoil(&files[1])
		r.Home = brought(files...)
		wrong := strings.Join(trial.Judge(r), "\n")
		if !strings.Contains(wrong, "is not in the bucket, byte for byte") || !strings.Contains(wrong, "no whole file of the crash") {
			t.Errorf("%s: %q", name, wrong)
		}
	}
}

func TestAGuestThatWasNeverResetIsNotSaidToHaveResumed(t *testing.T) {
	r := dumped()
	r.Trial.Cut = true
	if wrong := trial.Judge(r); len(wrong) != 1 || !strings.Contains(wrong[0], "never reset") {
		t.Errorf("wrong: %q", wrong)
	}
	if r.Cut = true; len(trial.Judge(r)) > 0 {
		t.Errorf("wrong: %q", trial.Judge(r))
	}
}

// A machine without makedumpfile can judge all the rest. It must not say that it has read
// the dump.
func TestADumpThatNobodyHasReadIsNeverSaidToBeRead(t *testing.T) {
	r := dumped()
	r.Home.Panic, r.Home.Unread = "", true
	if wrong := trial.Judge(r); len(wrong) > 0 {
		t.Errorf("wrong: %q", wrong)
	}
	var out strings.Builder
	if err := trial.Ended(&out, []*trial.Record{r}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "not read") || !strings.Contains(trial.Line(r), " read=false ") {
		t.Errorf("%s\n%s", out.String(), trial.Line(r))
	}
}
