package host

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"strings"

	"crashcart/lambda/domain/dump"
)

// ofWindows is the script's step survey on Windows. Its small dumps come first.
func (s *survey) ofWindows() {
	for _, kind := range []dump.Kind{dump.KindMinidump, dump.KindDump} {
		for _, f := range s.disk.Files {
			if minidump := strings.Contains(f.Path, `\Minidump\`); minidump == (kind == dump.KindMinidump) && f.Modified >= s.since {
				s.considerOfWindows(f, kind)
			}
		}
	}
}

func (s *survey) considerOfWindows(f File, kind dump.Kind) {
	why := flawOfWindows(f.Content())
	age := s.now - f.Modified
	switch {
	case max(age, -age) < settled:
		why = dump.WhyBusy
	case why == "" && len(s.files) >= dump.MaxFiles:
		why = dump.WhyTooMany
	}
	switch {
	case why == "":
		s.files = append(s.files, dump.File{Path: f.Path, Kind: kind, Size: f.Size, Modified: f.Modified})
	case len(s.skipped) < dump.MaxSkipped:
		s.skipped = append(s.skipped, dump.Skipped{Path: f.Path, Why: why, Size: f.Size})
	}
}

// asJSON writes the answer of a survey as PowerShell does: by a library.
func asJSON(files []dump.File, skipped []dump.Skipped) (string, error) {
	text, err := json.Marshal(struct {
		Version int            `json:"crashcart"`
		Step    string         `json:"step"`
		Files   []dump.File    `json:"files"`
		Skipped []dump.Skipped `json:"skipped"`
	}{dump.Version, dump.StepSurvey, files, skipped})
	return string(text) + "\r\n", err
}

// folder is a path without its last part.
func folder(path string) string { return path[:max(0, strings.LastIndexAny(path, `/\`))] }

// flawOfWindows says why a file is no whole dump of Windows, or nothing.
func flawOfWindows(b []byte) string {
	const head, required = 4096, 0xFA0
	switch {
	case len(b) == 0:
		return dump.WhyEmpty
	case len(b) < head:
		return dump.WhyIncomplete
	case !bytes.HasPrefix(b, []byte("PAGEDU64")):
		return dump.WhyNotADump
	case int64(binary.LittleEndian.Uint64(b[required:])) > int64(len(b)): //nolint:gosec // as the script reads it
		return dump.WhyIncomplete
	}
	return ""
}
