package manifest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/dump"
)

// New is the manifest of a case, from its record and from the objects that are below its
// prefix. A file of the crash is listed only if the record says that it is whole, and S3
// has an object of its size. Whatever is not is missing, with the reason.
//
// Objects under other names than Crashcart gives are left out, and so are the manifest
// itself and the list of presigned URLs.
func New(r cases.Record, objects []File, at time.Time) Manifest {
	f := r.Followup
	m := Manifest{
		Version: Version, CaseID: r.ID, InstanceID: r.InstanceID, InterruptedAt: f.Account.SentAt.UTC(), WrittenAt: at.UTC(),
		Finding: f.Finding, Why: f.Why, Doubt: f.Doubt,
		Files: []File{}, Missing: Missing(f.Collect), Snapshots: append([]string{}, f.Collect.Snapshots...),
	}
	there := map[string]File{}
	for _, o := range objects {
		there[o.Key] = o
	}
	for _, u := range f.Collect.Files.Uploads {
		key := strings.TrimPrefix(u.Key, Prefix(r.ID))
		o, found := there[key]
		delete(there, key)
		switch {
		case !u.Done: // Missing has it
		case !found:
			m.Missing = append(m.Missing, cases.Missing{What: u.File.Path, Why: "its object is not in the bucket any more"})
		case o.Size != u.File.Size:
			m.Missing = append(m.Missing, cases.Missing{What: u.File.Path, Why: fmt.Sprintf("its object has %d bytes, and the file had %d", o.Size, u.File.Size)})
		case !m.add(fromHost(u, key, o.StoredAt)):
			m.Missing = append(m.Missing, cases.Missing{What: u.File.Path, Why: "a manifest does not take its object's name"})
		}
	}
	m.addOthers(there)
	return m.bounded()
}

// bounded cuts what is too long for a manifest. A host, or whoever writes into the table,
// must not be able to leave a case without one.
func (m Manifest) bounded() Manifest {
	for _, text := range []*string{&m.InstanceID, &m.Why, &m.Doubt, (*string)(&m.Finding)} {
		*text = clip(*text)
	}
	m.Missing = m.Missing[:min(len(m.Missing), maxMissing)]
	for i := range m.Missing {
		m.Missing[i].What, m.Missing[i].Why = clip(m.Missing[i].What), clip(m.Missing[i].Why)
	}
	m.Snapshots = slices.DeleteFunc(m.Snapshots, func(id string) bool { return !snapshot.MatchString(id) })
	m.Snapshots = m.Snapshots[:min(len(m.Snapshots), maxMissing)]
	if !written(m.InterruptedAt) {
		m.InterruptedAt = time.Time{}
	}
	return m
}

// clip gives valid UTF-8 of at most maxWords bytes.
func clip(text string) string { return strings.ToValidUTF8(text[:min(len(text), maxWords)], "?") }

// addOthers lists what does not come from the host, as far as it has a name of ours.
func (m *Manifest) addOthers(objects map[string]File) {
	delete(objects, name)
	delete(objects, strings.TrimPrefix(dump.ManifestKey(m.CaseID), Prefix(m.CaseID)))
	var others []File
	for _, o := range objects {
		o.Path, o.ModifiedAt = "", time.Time{}
		others = append(others, o)
	}
	slices.SortFunc(others, func(a, b File) int { return cmp.Compare(a.Key, b.Key) })
	for _, o := range others {
		if len(m.Files) == maxFiles {
			m.Missing = append(m.Missing, cases.Missing{What: "more objects", Why: fmt.Sprintf("a manifest lists %d files", maxFiles)})
			return
		}
		m.add(o)
	}
}

// add lists a file, if whoever reads the manifest can take it.
func (m *Manifest) add(f File) bool {
	if f.check() != nil || checkNames(append(slices.Clone(m.Files), f)) != nil {
		return false
	}
	m.Files = append(m.Files, f)
	return true
}

// Recorded are the files of a crash that a case has by its record alone. It is what there
// is to go by where the manifest could not be written.
func Recorded(r cases.Record) []File {
	var files []File
	for _, u := range r.Followup.Collect.Files.Uploads {
		if u.Done {
			files = append(files, fromHost(u, strings.TrimPrefix(u.Key, Prefix(r.ID)), time.Time{}))
		}
	}
	return files
}

func fromHost(u dump.Upload, key string, stored time.Time) File {
	f := File{Key: key, Kind: Kind(u.File.Kind), Size: u.File.Size, SHA256: u.SHA256, StoredAt: stored, Path: u.File.Path}
	if at := u.File.ModifiedAt(); written(at) { // a host's clock may say anything
		f.ModifiedAt = at
	}
	return f
}
