// Package dump is what Crashcart and a host's collect script say to each other about the
// files of a crash.
//
// The script answers a survey: which files there are, and what was left out. Crashcart
// opens an upload for each file (Plan, Collection), and gives the script a Manifest with a
// presigned URL for every part. The script sends the parts and answers with a Report.
//
// Everything that comes from the host is hostile. An answer is read strictly and is
// bounded, and a path is checked before it is used for anything. Nothing that the host
// says makes a file complete: that is decided from the parts that S3 lists.
package dump

import (
	"fmt"
	"path"
	"regexp"
	"strings"
	"time"
)

// Kind is what a file of a crash is.
type Kind string

// The kinds, in the order in which they are sent: the smallest and most telling first.
const (
	KindDmesg    Kind = "dmesg"    // the crashed kernel's log, as text
	KindMinidump Kind = "minidump" // a small memory dump of Windows
	KindDump     Kind = "dump"     // the memory
)

func (k Kind) order() int {
	switch k {
	case KindDmesg:
		return 1
	case KindMinidump:
		return 2
	case KindDump:
		return 3
	}
	return 0
}

// Limits of what a host may say.
const (
	// MaxFiles is how many files one survey may list. A crash writes two or three. A host
	// that crashed again while it booted has written as many again.
	MaxFiles = 8
	// MaxSkipped is how many files a survey may name that it left out.
	MaxSkipped = 16
	// MaxPath is the longest path that is taken, in bytes.
	MaxPath = 255
)

// File is a file of a crash on a host. Size and Modified are its identity: a file that
// has others by the time it is sent has changed.
type File struct {
	Path     string `json:"path"`
	Kind     Kind   `json:"kind"`
	Size     int64  `json:"size"`     // in bytes
	Modified int64  `json:"modified"` // in seconds since 1970, by the host's clock
}

// ModifiedAt is when the file was last written, by the host's clock.
func (f File) ModifiedAt() time.Time { return time.Unix(f.Modified, 0).UTC() }

// Paths are taken only in these forms. They need no quoting in JSON, in a shell, or in
// the name of an object.
var (
	linuxPath   = regexp.MustCompile(`^(/[A-Za-z0-9._:@+-]+)+$`)
	windowsPath = regexp.MustCompile(`^[A-Za-z]:(\\[A-Za-z0-9._@+() -]+)+$`)
)

// checkPath refuses a path that is not absolute, is too long, leads upwards, or has bytes
// in it that would have to be quoted somewhere.
func checkPath(p string) error {
	if len(p) > MaxPath || !linuxPath.MatchString(p) && !windowsPath.MatchString(p) {
		return fmt.Errorf("the path %q is none that is taken", cut(p))
	}
	for part := range strings.SplitSeq(strings.ReplaceAll(p, `\`, "/"), "/") {
		if part == "." || part == ".." {
			return fmt.Errorf("the path %q leads upwards", cut(p))
		}
	}
	return nil
}

func cut(s string) string {
	if len(s) > MaxPath {
		return s[:MaxPath]
	}
	return s
}

func (f File) check() error {
	if err := checkPath(f.Path); err != nil {
		return err
	}
	switch {
	case f.Kind.order() == 0:
		return fmt.Errorf("%s: there is no kind %q", f.Path, cut(string(f.Kind)))
	case f.Size <= 0:
		return fmt.Errorf("%s: a file of %d bytes is no evidence", f.Path, f.Size)
	case f.Modified <= 0:
		return fmt.Errorf("%s: written at %d", f.Path, f.Modified)
	}
	return nil
}

// base is the file's name without its folder, as a part of an object's name.
func (f File) base() string {
	name := path.Base(strings.ReplaceAll(f.Path, `\`, "/"))
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" ()@+:", r) {
			return '-'
		}
		return r
	}, name)
}
