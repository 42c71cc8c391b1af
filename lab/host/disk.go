package host

import (
	"slices"
	"strings"
)

// Owner is who may write to a file or a folder.
type Owner struct {
	UID  int
	Mode int // the permission bits
}

// File is a file on a disk.
type File struct {
	Path     string
	Size     int64
	Modified int64 // in seconds since 1970, by the host's clock
	Owner    Owner
	Links    int  // names that it has
	Symlink  bool // it leads to another file
	Content  func() []byte
}

// Disk is what of a host's file system the script looks at.
type Disk struct {
	Files   []File
	Folders map[string]Owner
	UID     int // of the script itself
}

// find gives the file of a path.
func (d Disk) find(at string) (File, bool) {
	i := slices.IndexFunc(d.Files, func(f File) bool { return f.Path == at })
	if i < 0 {
		return File{}, false
	}
	return d.Files[i], true
}

// in gives the files at place/*/*, and the dumps in place itself, in the order in which a
// shell lists them.
func (d Disk) in(place string) []File {
	var deep, flat []File
	for _, f := range d.Files {
		rest, ok := strings.CutPrefix(f.Path, place+"/")
		if !ok || strings.HasPrefix(rest, ".") || strings.Contains(rest, "/.") {
			continue
		}
		switch strings.Count(rest, "/") {
		case 1:
			deep = append(deep, f)
		case 0:
			if rest == "vmcore" || strings.HasPrefix(rest, "vmcore.") {
				flat = append(flat, f)
			}
		}
	}
	for _, list := range [][]File{deep, flat} {
		slices.SortFunc(list, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	}
	return append(deep, flat...)
}

// owned says that nobody but the script's own user can have put a file there.
func (d Disk) owned(f File) bool {
	folder, ok := d.Folders[folder(f.Path)]
	return ok && !f.Symlink && d.only(f.Owner) && d.only(folder)
}

func (d Disk) only(o Owner) bool { return o.UID == d.UID && o.Mode&0o022 == 0 }
