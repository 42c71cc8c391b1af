package fleet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"time"
)

// Flaw is what is wrong with the dump that a simulated guest's capture kernel writes.
type Flaw int

const (
	// FlawNone is a whole dump.
	FlawNone Flaw = iota
	// FlawEmpty is an empty file. The console says that makedumpfile has failed, and that
	// the dump is saved (measured: kdump-tools on a full disk).
	FlawEmpty
	// FlawCut is a file that ends within makedumpfile's own header. The console says that
	// the dump is saved, and nothing of makedumpfile (measured: it was killed).
	FlawCut
)

// The sizes of what a crash leaves, in bytes. A simulated dump is small: it stands for one
// of some GB.
const (
	leastDump = 12 << 10
	mostDump  = 48 << 10
	cutDump   = 104 // measured
	sizeDmesg = 3 << 10
	sizeMini  = 8 << 10
)

// memoryDump is where Windows writes its dump, over the one before.
const memoryDump = `C:\Windows\MEMORY.DMP`

// File is a file that a crash has left on a guest's disk.
type File struct {
	Path    string
	Size    int64
	Written time.Time // the last time, in lab time

	seed uint64
}

// Files are the files that crashes have left on a simulated guest's disk, oldest first. A
// guest whose disk is gone has none.
func (f *Fleet) Files(id string) ([]File, error) {
	if _, ok := f.Machine(id); ok {
		return nil, fmt.Errorf("%s: %w", id, ErrReal)
	}
	f.lock()
	defer f.mu.Unlock()
	g := f.find(id)
	if g == nil {
		return nil, fmt.Errorf("%s: %w", id, ErrUnknown)
	}
	return g.files(f.clock.Now()), nil
}

// files are the files on a guest's disk at a time. A file that was written again is the
// newer one.
func (g *guest) files(now time.Time) []File {
	var out []File
	add := func(f File) {
		out = slices.DeleteFunc(out, func(old File) bool { return old.Path == f.Path })
		f.seed = mix(hash(g.ID+f.Path), uint64(f.Written.UnixNano()))
		out = append(out, f)
	}
	for _, d := range g.dumps {
		for _, f := range g.leaves(d) {
			if !f.Written.After(now) {
				add(f)
			}
		}
	}
	for _, f := range g.scraps {
		if !f.Written.After(now) {
			add(f)
		}
	}
	slices.SortStableFunc(out, func(a, b File) int { return a.Written.Compare(b.Written) })
	return out
}

// leaves are the files of a dump. The crashed kernel's log comes first.
func (g *guest) leaves(d dump) []File {
	size := g.DumpSize
	switch g.DumpFlaw {
	case FlawEmpty:
		size = 0
	case FlawCut:
		size = cutDump
	case FlawNone:
	}
	beside := File{Path: strings.Replace(d.name, "/dump.", "/dmesg.", 1), Size: sizeDmesg, Written: d.begun}
	if g.Platform == "windows" { // which writes both from the page file, while it boots
		beside = File{Path: `C:\Windows\Minidump\` + g.wall(d.done).UTC().Format("010206") + "-01.dmp", Size: sizeMini, Written: d.done}
	}
	return []File{beside, {Path: d.name, Size: size, Written: d.done}}
}

// scrap keeps what a dump that comes to its end at a time has left: its log, and as much
// of the dump as was written by then.
func (g *guest) scrap(d dump, at time.Time) {
	if g.Platform == "windows" || !d.begun.Before(at) { // an unfinished one is still in the page file
		return
	}
	all := g.leaves(d)
	part := File{Path: path.Dir(d.name) + "/dump-incomplete", Size: g.DumpSize, Written: at}
	part.Size = int64(float64(part.Size) * float64(at.Sub(d.begun)) / float64(d.done.Sub(d.begun)))
	g.scraps = append(g.scraps, all[0], part)
}

// Content gives the file's bytes, which follow from its guest, its path and its time.
func (f File) Content() []byte {
	b := make([]byte, f.Size)
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], f.seed)
	_, _ = rand.NewChaCha8(seed).Read(b) //nolint:errcheck // it never fails (package math/rand/v2)
	switch name := path.Base(strings.ReplaceAll(f.Path, `\`, "/")); {
	case strings.HasPrefix(name, "dmesg"):
		line := []byte("[  100.000000] Kernel panic - not syncing: NMI: Not continuing\n")
		copy(b, bytes.Repeat(line, len(b)/len(line)+1))
	case strings.HasSuffix(strings.ToLower(name), ".dmp"):
		asWindows(b)
	default:
		asFlattened(b)
	}
	return b
}

// asFlattened makes bytes a dump as makedumpfile -F writes it, as far as it goes
// ("makedumpfile_header" and "disk_dump_header", makedumpfile's sources).
func asFlattened(b []byte) {
	const header, record, status = 4096, 16, 424
	copy(b, "makedumpfile\x00\x00\x00\x00")
	if len(b) < header+record+status+record {
		return
	}
	copy(b[header+record:], "KDUMP   ")
	b[header+record+status] = 1 // compressed with zlib
	copy(b[len(b)-record:], bytes.Repeat([]byte{0xff}, record))
}

// asWindows makes bytes a dump of Windows, which says itself how long it is.
func asWindows(b []byte) {
	const required = 0xFA0
	copy(b, "PAGEDU64")
	if len(b) >= required+8 {
		binary.LittleEndian.PutUint64(b[required:], uint64(len(b)))
	}
}
