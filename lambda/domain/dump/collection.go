package dump

import (
	"cmp"
	"fmt"
	"slices"
)

// Upload is a file with the upload that was opened for it. The casebook keeps it as JSON.
type Upload struct {
	File     File   `json:"file"`
	Key      string `json:"key"`      // of its object
	ID       string `json:"id"`       // of its multipart upload
	PartSize int64  `json:"partSize"` // of all its parts but the last

	// At most one of Done and Lost is set, at its end.
	Done    bool   `json:"done,omitempty"`    // the object is there, and it is the file
	SHA256  string `json:"sha256,omitempty"`  // of the file, in hex, by the host
	Lost    string `json:"lost,omitempty"`    // why there will be no object, as a part of a sentence
	Arrived int    `json:"arrived,omitempty"` // parts that S3 had when it last was asked
}

// Open says whether the upload may still come to its end.
func (u Upload) Open() bool { return !u.Done && u.Lost == "" }

// Parts are the upload's parts.
func (u Upload) Parts() []Part { return Parts(u.File.Size, u.PartSize) }

// Left is a file that is not brought home, with the reason as a part of a sentence.
type Left struct {
	File File   `json:"file"`
	Why  string `json:"why"`
}

// Collection is what is being brought home of one case.
type Collection struct {
	CaseID  string   `json:"caseId"`
	Uploads []Upload `json:"uploads,omitempty"`
	Left    []Left   `json:"left,omitempty"`
	Signed  int      `json:"signed,omitempty"` // manifests so far
}

// Open says whether anything may still come.
func (c Collection) Open() bool { return slices.ContainsFunc(c.Uploads, Upload.Open) }

// ManifestKey names the object of a case's manifest. A new one takes its place.
func ManifestKey(caseID string) string { return Prefix(caseID) + "/parts.json" }

// Prefix is where the files of a case are kept, without a slash at its end.
func Prefix(caseID string) string { return "cases/" + caseID + "/dump" }

// Key names the object of a case's nth file, from 0. The number keeps two files of one
// name apart: every crash of a Red Hat host writes a "vmcore".
func Key(caseID string, n int, f File) string {
	return fmt.Sprintf("%s/%d-%s", Prefix(caseID), n, f.base())
}

// Choose says which files are brought home when no more than limit bytes may be. Small
// files go first, so that a dump over the limit never costs its dmesg.
func Choose(files []File, limit int64) (chosen []File, left []Left) {
	sorted := slices.Clone(files)
	slices.SortStableFunc(sorted, func(a, b File) int {
		return cmp.Or(a.Kind.order()-b.Kind.order(), cmp.Compare(b.Modified, a.Modified))
	})
	room := limit
	for _, f := range sorted {
		if f.Size > room {
			left = append(left, Left{f, fmt.Sprintf("it has %d bytes, and of the limit of %d there are %d left", f.Size, limit, max(room, 0))})
			continue
		}
		room -= f.Size
		chosen = append(chosen, f)
	}
	return chosen, left
}
