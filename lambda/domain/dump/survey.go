package dump

import (
	"errors"
	"fmt"
	"slices"
)

// Why a file was left out of a survey.
const (
	WhyIncomplete = "incomplete" // its name or its content says that it was never finished
	WhyEmpty      = "empty"
	WhyNotADump   = "not-a-dump" // it begins like no dump that is known
	WhyNotOurs    = "not-ours"   // another user of the host could have written it
	WhyName       = "name"       // its path has bytes in it that are not taken
	WhyBusy       = "busy"       // it is still being written
	WhyTooMany    = "too-many"   // MaxFiles were found before it
)

var skippedWhys = []string{WhyIncomplete, WhyEmpty, WhyNotADump, WhyNotOurs, WhyName, WhyBusy, WhyTooMany}

// Skipped is a file that was written since the interrupt, and is not taken for evidence.
type Skipped struct {
	Path string `json:"path,omitempty"` // empty when its path is not taken
	Why  string `json:"why"`
	Size int64  `json:"size"`
}

// Survey is what a host has of a crash.
type Survey struct {
	Files   []File    // in the order in which they are sent
	Skipped []Skipped // some of what was left out, with the reason
}

// ParseSurvey reads the answer to a survey from a script's output.
func ParseSurvey(output string) (Survey, error) {
	line, err := answerLine(output)
	if err != nil {
		return Survey{}, err
	}
	var a struct {
		head
		Files   []File    `json:"files"`
		Skipped []Skipped `json:"skipped"`
	}
	if err := strictly([]byte(line), &a); err != nil {
		return Survey{}, fmt.Errorf("reading a survey: %w", err)
	}
	s := Survey{Files: a.Files, Skipped: a.Skipped}
	if err := errors.Join(a.check(StepSurvey), s.check()); err != nil {
		return Survey{}, fmt.Errorf("reading a survey: %w", err)
	}
	slices.SortStableFunc(s.Files, func(a, b File) int { return a.Kind.order() - b.Kind.order() })
	return s, nil
}

func (s Survey) check() error {
	if len(s.Files) > MaxFiles || len(s.Skipped) > MaxSkipped {
		return fmt.Errorf("%d files and %d left out are too many", len(s.Files), len(s.Skipped))
	}
	seen := map[string]bool{}
	for _, f := range s.Files {
		if err := f.check(); err != nil {
			return err
		}
		if seen[f.Path] {
			return fmt.Errorf("%s is listed twice", f.Path)
		}
		seen[f.Path] = true
	}
	for _, x := range s.Skipped {
		if x.Path != "" {
			if err := checkPath(x.Path); err != nil {
				return err
			}
		}
		if !slices.Contains(skippedWhys, x.Why) || x.Size < 0 {
			return fmt.Errorf("left out %q with %d bytes", cut(x.Why), x.Size)
		}
	}
	return nil
}
