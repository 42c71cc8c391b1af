// Package manifest is the list of what a case has in the bucket, and of what it does not
// have. The list is an object of its own, cases/ID/manifest.json. The follow-up writes it
// once, at the end of a case, and the operator's command fetches a dump by it.
//
// Whoever reads a manifest writes files with the names that are in it. So it is read as
// strictly as it is written: a name never leads out of the folder that it is put into, and
// no two names are one file.
package manifest

import (
	"time"

	"crashcart/lambda/domain/cases"
)

// Version is that of the manifest's form. A reader of another version refuses it.
const Version = 1

// name is the manifest's own name, below the prefix of its case.
const name = "manifest.json"

// MaxBytes is how large a manifest may be. A thousand files with long names and paths take
// less.
const MaxBytes = 4 << 20

// maxFiles is how many files one manifest lists. A case has some thirty.
const maxFiles = 1000

// Prefix is where all that a case has in the bucket is kept, with a slash at its end.
func Prefix(caseID string) string { return "cases/" + caseID + "/" }

// Key names the object of a case's manifest.
func Key(caseID string) string { return Prefix(caseID) + name }

// Kind is what a file of a case is. The kinds of what a crash has left are those of
// package dump.
type Kind string

// The other kinds.
const (
	KindConsole    Kind = "console"    // a serial console, as EC2 gave it
	KindScreenshot Kind = "screenshot" // a JPEG
	KindIndex      Kind = "index"      // what was had before the interrupt, as JSON
	KindOther      Kind = "other"      // put there by somebody else
)

// Manifest is what a case has, and what it does not have.
type Manifest struct {
	Version       int             `json:"version"`
	CaseID        string          `json:"case"`
	InstanceID    string          `json:"instance"`
	InterruptedAt time.Time       `json:"interruptedAt,omitzero"` // the send; zero if its time is lost
	WrittenAt     time.Time       `json:"writtenAt"`              // this manifest
	Finding       cases.Finding   `json:"finding,omitempty"`
	Why           string          `json:"why,omitempty"`
	Doubt         string          `json:"doubt,omitempty"`
	Files         []File          `json:"files"`
	Missing       []cases.Missing `json:"missing"`
	Snapshots     []string        `json:"snapshots"` // of the root volume, by their ids
}

// File is an object of the case.
type File struct {
	Key      string    `json:"key"` // below the prefix of the case
	Kind     Kind      `json:"kind"`
	Size     int64     `json:"size"`              // in bytes
	SHA256   string    `json:"sha256,omitempty"`  // in hex; of a crash's file it is the host's own sum
	StoredAt time.Time `json:"storedAt,omitzero"` // by S3's clock

	// Only files that come from the host have these.
	Path       string    `json:"path,omitempty"`
	ModifiedAt time.Time `json:"modifiedAt,omitzero"` // by the host's clock
}

// FromCrash says whether the crash has left the file on its host.
func (f File) FromCrash() bool { return f.Path != "" }
