package host

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"crashcart/lambda/domain/dump"
)

// settled is for how many seconds a file must not have been written.
const settled = 10

// survey is the script's step survey on a Linux host.
type survey struct {
	disk       Disk
	places     []string
	since, now int64

	files   []dump.File
	skipped []dump.Skipped
}

// answer gives the answer's line.
func (s *survey) answer() string {
	for i, place := range s.places {
		if slices.Contains(s.places[:i], place) {
			continue
		}
		for _, f := range s.disk.in(place) {
			s.consider(f)
		}
	}
	return surveyed(s.files, s.skipped)
}

// surveyed writes the answer of a survey, as the script for Linux does.
func surveyed(files []dump.File, skipped []dump.Skipped) string {
	var listed, left []string
	for _, f := range files {
		listed = append(listed, fmt.Sprintf(`{"path":%q,"kind":%q,"size":%d,"modified":%d}`, f.Path, f.Kind, f.Size, f.Modified))
	}
	for _, x := range skipped {
		if x.Path == "" {
			left = append(left, fmt.Sprintf(`{"why":%q,"size":%d}`, x.Why, x.Size))
			continue
		}
		left = append(left, fmt.Sprintf(`{"path":%q,"why":%q,"size":%d}`, x.Path, x.Why, x.Size))
	}
	return fmt.Sprintf(`{"crashcart":1,"step":"survey","files":[%s],"skipped":[%s]}`+"\n", strings.Join(listed, ","), strings.Join(left, ","))
}

// incomplete is what kindOf says of a file that its writer has not finished.
const incomplete dump.Kind = "incomplete"

// The names of a crash's files. SUSE numbers the pieces of a split dump.
var (
	unfinishedName = regexp.MustCompile(`^(vmcore|dump|dmesg).*incomplete|^vmcore.*\.(tmp|part)$|^dump\..*\.(tmp|part)$`)
	dmesgName      = regexp.MustCompile(`^(vmcore-dmesg\.txt|dmesg\.txt|dmesg\.[0-9].*)$`)
	dumpName       = regexp.MustCompile(`^(vmcore|vmcore\..*|vmcore[0-9]{1,2}|dump\.[0-9].*)$`)
)

// kindOf is what a file is by its name; empty when it is none of ours.
func kindOf(name string) dump.Kind {
	switch {
	case unfinishedName.MatchString(name):
		return incomplete
	case dmesgName.MatchString(name):
		return dump.KindDmesg
	case dumpName.MatchString(name):
		return dump.KindDump
	}
	return ""
}

// consider lists a file, or leaves it out with the reason.
func (s *survey) consider(f File) {
	kind := kindOf(path.Base(f.Path))
	if kind == "" || f.Modified < s.since {
		return
	}
	why := s.flaw(f, kind)
	switch {
	case why == "" && len(s.files) >= dump.MaxFiles:
		why = dump.WhyTooMany
	case why == "":
		s.files = append(s.files, dump.File{Path: f.Path, Kind: kind, Size: f.Size, Modified: f.Modified})
		return
	}
	if len(s.skipped) >= dump.MaxSkipped {
		return
	}
	x := dump.Skipped{Path: f.Path, Why: why, Size: f.Size}
	if why == dump.WhyName {
		x.Path = ""
	}
	s.skipped = append(s.skipped, x)
}

// flaw is why a file is not listed, or empty.
func (s *survey) flaw(f File, kind dump.Kind) string {
	age := s.now - f.Modified
	switch {
	case !plain(f.Path):
		return dump.WhyName
	case f.Links != 1 || !s.disk.owned(f):
		return dump.WhyNotOurs
	case kind == incomplete:
		return dump.WhyIncomplete
	case f.Size == 0:
		return dump.WhyEmpty
	case max(age, -age) < settled:
		return dump.WhyBusy
	case kind == dump.KindDump:
		return whole(f.Content())
	}
	return ""
}
