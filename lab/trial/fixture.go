package trial

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// The findings, what a trial's console ought to be taken for (decision D8 of the
// design).
const (
	FindingDumped     = "dumped"
	FindingNoDump     = "panicked-no-dump"
	FindingIgnored    = "ignored"
	FindingDumpFailed = "dump-failed"
	FindingHungInDump = "hung-in-dump"
)

// Truth is what was true of a recorded console, as its truth.json says it.
type Truth struct {
	Name        string       `json:"name"`
	What        string       `json:"what"`
	Hang        string       `json:"hang"`
	Kernel      string       `json:"kernel"`
	CommandLine string       `json:"commandLine"`
	Finding     string       `json:"finding"`
	SentAt      int          `json:"sentAt"` // bytes of the console that came before the interrupt
	Stages      []TruthStage `json:"stages"`
	Back        bool         `json:"back"` // by itself
	Files       []TruthFile  `json:"files"`
}

// TruthStage is a stage with the line that proves it, which "sent" has none of.
type TruthStage struct {
	Name string `json:"name"`
	Line string `json:"line,omitempty"`
}

// TruthFile is a file that was below /var/crash afterwards; Size is in bytes.
type TruthFile struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Finding says what became of the guest.
func (r *Record) Finding() string {
	seen := r.names()
	switch {
	case r.Left() == WholeDump:
		return FindingDumped
	case !slices.Contains(seen, StageCaptureKernel) && !slices.Contains(seen, StagePanicked):
		return FindingIgnored
	case !slices.Contains(seen, StageCaptureKernel):
		return FindingNoDump
	case r.Back:
		return FindingDumpFailed
	}
	return FindingHungInDump
}

// Save writes the console, in its very bytes, and what was true of it into a directory
// of the trial's name below dir. A trial without an interrupt has nothing to record,
// which is an error.
func Save(dir string, r *Record) error {
	if len(r.Stages) == 0 || r.SentAt > len(r.Console) {
		return fmt.Errorf("saving the trial %s: its console does not show an interrupt", r.Trial.Name)
	}
	truth := Truth{
		Name: r.Trial.Name, What: r.Trial.What, Hang: r.Trial.Hang, Kernel: r.Release, CommandLine: r.CommandLine,
		Finding: r.Finding(), SentAt: r.SentAt, Back: r.Back, Stages: []TruthStage{}, Files: []TruthFile{},
	}
	for _, s := range r.Stages {
		truth.Stages = append(truth.Stages, TruthStage{s.Name, s.Line})
	}
	for _, f := range r.Files {
		truth.Files = append(truth.Files, TruthFile(f))
	}
	text, err := json.MarshalIndent(truth, "", "\t")
	if err != nil {
		return fmt.Errorf("writing the truth of %s: %w", r.Trial.Name, err)
	}
	place := filepath.Join(dir, r.Trial.Name)
	err = os.MkdirAll(place, 0o750)
	if err == nil {
		err = errors.Join(
			os.WriteFile(filepath.Join(place, "console.log"), r.Console, 0o600),
			os.WriteFile(filepath.Join(place, "truth.json"), append(text, '\n'), 0o600),
		)
	}
	if err != nil {
		return fmt.Errorf("saving the trial: %w", err)
	}
	return nil
}
