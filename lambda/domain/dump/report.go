package dump

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
)

// State is how far a file has come, by the script that sent it.
type State string

// The states of a file.
const (
	StateSent        State = "sent"        // every part of it has arrived, now or before
	StateChanged     State = "changed"     // it is not the file that was surveyed
	StateGone        State = "gone"        // it is not there any more
	StateRefused     State = "refused"     // S3 answered no: the URL has expired, the key is disabled, the upload is gone
	StateUnreachable State = "unreachable" // S3 gave no answer, or answered that it cannot
	StateLate        State = "late"        // the script's time was over
	StateNoRoom      State = "no-room"     // there is no room for one part of it
	StateUnread      State = "unread"      // the disk gave less than the file has
)

var states = []State{
	StateSent, StateChanged, StateGone, StateRefused, StateUnreachable, StateLate, StateNoRoom, StateUnread,
}

// Again says whether a new manifest may bring the rest of the file.
func (s State) Again() bool {
	return s == StateRefused || s == StateUnreachable || s == StateLate || s == StateNoRoom
}

// Why a script did nothing at all.
const (
	StoppedBusy       = "busy"        // another script is sending
	StoppedNoManifest = "no-manifest" // it could not be had
	StoppedBadRequest = "bad-request" // the script does not understand what it was given
	StoppedNoTool     = "no-tool"     // the host has neither curl nor wget, or no sha256sum
)

var stops = []string{"", StoppedBusy, StoppedNoManifest, StoppedBadRequest, StoppedNoTool}

// Sent is what became of one file.
type Sent struct {
	Path   string `json:"path"`
	State  State  `json:"state"`
	Parts  int    `json:"parts"`            // that this script sent
	SHA256 string `json:"sha256,omitempty"` // of the whole file, in hex; only when it was sent
	HTTP   int    `json:"http,omitempty"`   // S3's status when it refused
}

// Report is what became of a manifest.
type Report struct {
	Files   []Sent
	Stopped string // why nothing was done; mostly empty
	Seconds int64  // that it took
}

// File gives what became of the file with this path.
func (r Report) File(path string) (Sent, bool) {
	for _, f := range r.Files {
		if f.Path == path {
			return f, true
		}
	}
	return Sent{}, false
}

// ParseReport reads the answer to a manifest from a script's output.
func ParseReport(output string) (Report, error) {
	line, err := answerLine(output)
	if err != nil {
		return Report{}, err
	}
	var a struct {
		head
		Files   []Sent `json:"files"`
		Stopped string `json:"stopped"`
		Seconds int64  `json:"seconds"`
	}
	if err := strictly([]byte(line), &a); err != nil {
		return Report{}, fmt.Errorf("reading a report: %w", err)
	}
	r := Report{Files: a.Files, Stopped: a.Stopped, Seconds: a.Seconds}
	if err := errors.Join(a.check(StepSend), r.check()); err != nil {
		return Report{}, fmt.Errorf("reading a report: %w", err)
	}
	return r, nil
}

var sum = regexp.MustCompile(`^[0-9a-f]{64}$`)

func (r Report) check() error {
	if len(r.Files) > MaxFiles || !slices.Contains(stops, r.Stopped) || r.Seconds < 0 {
		return fmt.Errorf("%d files in %d s, stopped %q", len(r.Files), r.Seconds, cut(r.Stopped))
	}
	seen := map[string]bool{}
	for _, f := range r.Files {
		if err := f.check(); err != nil {
			return err
		}
		if seen[f.Path] {
			return fmt.Errorf("%s is listed twice", f.Path)
		}
		seen[f.Path] = true
	}
	return nil
}

func (f Sent) check() error {
	if err := checkPath(f.Path); err != nil {
		return err
	}
	if !slices.Contains(states, f.State) {
		return fmt.Errorf("%s: there is no state %q", f.Path, cut(string(f.State)))
	}
	if f.Parts < 0 || f.Parts > MaxParts || f.HTTP < 0 || f.HTTP > 599 {
		return fmt.Errorf("%s: %d parts, status %d", f.Path, f.Parts, f.HTTP)
	}
	if summed := sum.MatchString(f.SHA256); summed != (f.State == StateSent) || !summed && f.SHA256 != "" {
		return fmt.Errorf("%s is %s with the sum %q", f.Path, f.State, cut(f.SHA256))
	}
	return nil
}
