package trial

import (
	"fmt"
	"slices"
	"strings"

	"crashcart/lambda/domain/manifest"
)

// judgeHome says what of that which came home is not as it must be. The truth is what was
// read back from the guest's disk.
func judgeHome(r *Record) (wrong []string) {
	if r.Home == nil {
		return []string{"nobody has looked at what is in the bucket"}
	}
	wrong = judgeFiles(r)
	if r.Trial.Cut && !r.Cut {
		wrong = append(wrong, "it was never reset while it sent its dump")
	}
	if r.Home.Live {
		wrong = append(wrong, "a signed URL is left in the bucket")
	}
	if r.Home.hasDump() && !r.Home.Unread && !strings.Contains(r.Home.Panic, panicLine) {
		wrong = append(wrong, "the dump in the bucket has no panic in its log")
	}
	if why := judgeManifest(r); why != "" {
		wrong = append(wrong, why)
	}
	return wrong
}

// judgeFiles holds the bucket against the guest's disk.
func judgeFiles(r *Record) (wrong []string) {
	whole := r.belongsHome()
	for _, f := range whole {
		if !slices.ContainsFunc(r.Home.Files, f.sameAs) {
			wrong = append(wrong, fmt.Sprintf("%s (%d bytes) is not in the bucket, byte for byte: %v", f.Name, f.Size, r.Home.Files))
		}
	}
	for _, f := range r.Home.Files {
		if !slices.ContainsFunc(whole, f.sameAs) {
			wrong = append(wrong, fmt.Sprintf("the bucket has %s (%d bytes), which is no whole file of the crash", f.Name, f.Size))
		}
	}
	return wrong
}

// belongsHome are the files of the crash that must be in the bucket: all that are whole,
// of a guest that can be asked for them.
func (r *Record) belongsHome() (files []File) {
	for _, f := range r.Files {
		isLog := strings.HasPrefix(f.fileName(), "dmesg.")
		if r.Back && (isLog && f.Size > 0 || f.isDump() && f.Size >= wholeDump) {
			files = append(files, f)
		}
	}
	return files
}

// sameAs says whether two files have the same name and the same bytes.
func (f File) sameAs(other File) bool {
	return f.fileName() == other.fileName() && f.Size == other.Size && f.SHA256 == other.SHA256
}

func (h *Home) hasDump() bool { return slices.ContainsFunc(h.Files, File.isDump) }

// judgeManifest says what of the case's list is wrong.
func judgeManifest(r *Record) string {
	m := r.Home.Manifest
	if m.Version == 0 {
		return "the case has no manifest"
	}
	var listed []File
	for _, f := range m.Files {
		if f.FromCrash() {
			listed = append(listed, File{Name: f.Key, Size: f.Size, SHA256: f.SHA256})
		}
	}
	if !slices.Equal(sorted(listed), sorted(r.Home.Files)) {
		return fmt.Sprintf("the manifest lists %v, and the bucket has %v", listed, r.Home.Files)
	}
	if r.missesDump() && !saysWhy(m) {
		return fmt.Sprintf("the manifest does not say why there is no dump: %v", m.Missing)
	}
	return ""
}

func sorted(files []File) []File {
	return slices.SortedFunc(slices.Values(files), func(a, b File) int { return strings.Compare(a.Name, b.Name) })
}

// missesDump says whether a crash came so far that its dump is missed.
func (r *Record) missesDump() bool {
	switch r.Finding() {
	case FindingDumpFailed, FindingHungInDump:
		return true
	case FindingNoDump:
		return r.Back
	}
	return false
}

// saysWhy says whether a manifest has a reason for a dump that is missing.
func saysWhy(m manifest.Manifest) bool {
	for _, missing := range m.Missing {
		name := (File{Name: missing.What}).fileName()
		if missing.Why != "" && (name == "dump" || strings.HasPrefix(name, "dump")) {
			return true
		}
	}
	return false
}
