package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path"
	"regexp"
	"strings"

	"crashcart/cmd/crashcart/fetch"
	"crashcart/cmd/crashcart/screen"
	"crashcart/lambda/domain/dump"
	"crashcart/lambda/domain/manifest"
)

// form is how a dump is written.
type form int

const (
	formUnknown   form = iota
	formFlattened      // a stream of makedumpfile, which must be put in order first
	formOrdered        // what crash and drgn read
	formWindows
	formPacked // a flattened stream that the host has packed
)

// known is what the beginning of a dump says.
type known struct {
	form    form
	release string // of its kernel; empty where the beginning does not tell
	unpack  string // the program that unpacks it; only of what is packed
}

// beginnings are how the forms begin (makedumpfile's diskdump_mod.h and makedumpfile.h; the
// ELF specification; "Varieties of Kernel-Mode Dump Files", Windows debugger documentation;
// the manuals of the packers, one of which kdump-tools takes for KDUMP_COMPRESSION).
func beginnings() map[string]known {
	return map[string]known{
		"makedumpfile\x00": {form: formFlattened},
		"KDUMP   ":         {form: formOrdered},
		"DISKDUMP":         {form: formOrdered},
		"\x7fELF":          {form: formOrdered},
		"PAGEDU64":         {form: formWindows},
		"PAGEDUMP":         {form: formWindows},
		"MDMP":             {form: formWindows},
		"\x1f\x8b":         {form: formPacked, unpack: "gzip"},
		"BZh":              {form: formPacked, unpack: "bzip2"},
		"\xfd7zXZ\x00":     {form: formPacked, unpack: "xz"},
		"\x28\xb5\x2f\xfd": {form: formPacked, unpack: "zstd"},
		"\x04\x22\x4d\x18": {form: formPacked, unpack: "lz4"},
		"\x89LZO":          {form: formPacked, unpack: "lzop"},
	}
}

// head is how much of a dump is read to know it.
const head = 64 << 10

// dumpForm says how a dump is written, and of which kernel it is, where its beginning tells.
func dumpForm(root *os.Root, key string) (known, error) {
	file, err := root.Open(key)
	if err != nil {
		return known{}, err
	}
	begin := make([]byte, head)
	n, err := io.ReadFull(file, begin)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = nil
	}
	return formOf(begin[:n]), errors.Join(err, file.Close())
}

const (
	// flatHead is what stands before the first record's data in a flattened stream: a head
	// of 4096 bytes, and the record's place and size (makedumpfile.h).
	flatHead = 4096 + 16
	// utsRelease is where KDUMP's head has the kernel's release: after the signature, the
	// version, and two fields of struct new_utsname (diskdump_mod.h).
	utsRelease = 8 + 4 + 2*utsLen
	utsLen     = 65
)

var (
	aRelease  = regexp.MustCompile(`^[A-Za-z0-9._+~-]{1,64}$`)
	osRelease = regexp.MustCompile(`OSRELEASE=([A-Za-z0-9._+~-]{1,64})\n`) // in VMCOREINFO
)

func formOf(begin []byte) known {
	for start, k := range beginnings() {
		if bytes.HasPrefix(begin, []byte(start)) {
			k.release = releaseOf(begin, k.form)
			return k
		}
	}
	return known{}
}

// releaseOf finds the kernel's release in KDUMP's head, or in VMCOREINFO.
func releaseOf(begin []byte, f form) string {
	switch f {
	case formFlattened:
		begin = begin[min(len(begin), flatHead):]
	case formOrdered:
	default:
		return ""
	}
	if bytes.HasPrefix(begin, []byte("KDUMP   ")) && len(begin) >= utsRelease+utsLen {
		release, _, _ := bytes.Cut(begin[utsRelease:utsRelease+utsLen], []byte{0})
		if aRelease.Match(release) {
			return string(release)
		}
	}
	if release := osRelease.FindSubmatch(begin); release != nil {
		return string(release[1])
	}
	return ""
}

// symbols are the packages with the debug info of a kernel, by its release.
var symbols = []struct {
	release *regexp.Regexp
	said    string
}{
	{regexp.MustCompile(`\.amzn2`), "Amazon Linux has it in kernel-debuginfo-{release}"},
	{regexp.MustCompile(`\.el[0-9]`), "Red Hat, Rocky and Alma have it in kernel-debuginfo-{release}"},
	{regexp.MustCompile(`-(generic|aws|lowlatency)$`), "Ubuntu has it in linux-image-unsigned-{release}-dbgsym, or linux-image-{release}-dbgsym"},
	{regexp.MustCompile(`-(cloud-)?(amd64|arm64)$`), "Debian has it in linux-image-{release}-dbg"},
	{regexp.MustCompile(`-default$`), "SLES has it in kernel-default-debuginfo"},
}

// showOpening prints the commands that open what was fetched. A manifest's names have
// nothing in them that a shell knows; the folder's may.
func showOpening(p *screen.Page, root *os.Root, folder string, got []fetch.File) error {
	p.Blank()
	p.Copy("cd " + shellWord(folder))
	for _, f := range got {
		if !f.FromCrash() {
			continue
		}
		p.Blank()
		if f.Kind == manifest.Kind(dump.KindDmesg) {
			p.Text("The log of the crashed kernel:")
			p.Copy("less " + f.Key)
			continue
		}
		k, err := dumpForm(root, f.Key)
		if err != nil {
			return err
		}
		showCommands(p, f.Key, k)
	}
	return nil
}

// showCommands prints the commands for one dump.
func showCommands(p *screen.Page, name string, k known) {
	ordered, short := name, shortName(name)
	switch k.form {
	case formWindows:
		p.Text("A dump of Windows. Open it in WinDbg, then have it load symbols and look:")
		p.Copy("windbg -z " + ordered)
		p.Copy(".symfix; .reload; !analyze -v")
		return
	case formUnknown:
		p.Text("It begins like no dump that is known here: see what it is with")
		p.Copy("file " + ordered)
		return
	case formFlattened:
		p.Text("The dump is a flattened stream. Put it in order first; that takes as much room again:")
		ordered = short
		p.Copy("makedumpfile -R " + ordered + " < " + name)
	case formPacked:
		p.Text("The dump is packed. What kdump-tools packs is a flattened stream: unpack it, and put it in order:")
		ordered = short
		p.Copy(k.unpack + " -dc " + name + " | makedumpfile -R " + ordered)
	case formOrdered:
	}
	p.Text("Its kernel's log, without any symbols:")
	p.Copy("makedumpfile --dump-dmesg " + ordered + " " + short + ".dmesg")
	p.Text("With VMLINUX, the debug info of " + ofRelease(k.release) + ":")
	p.Copy("crash VMLINUX " + ordered)
	p.Copy("drgn -c " + ordered + " -s VMLINUX")
}

// shortName is what a dump is called once it is in order. The files of a case are numbered,
// and so are these.
func shortName(name string) string {
	number, _, _ := strings.Cut(path.Base(name), "-")
	return number + "-vmcore"
}

// ofRelease says of which kernel the debug info must be, and who has it.
func ofRelease(release string) string {
	if release == "" {
		return "the very kernel that crashed"
	}
	for _, s := range symbols {
		if s.release.MatchString(release) {
			return release + " (" + strings.ReplaceAll(s.said, "{release}", release) + ")"
		}
	}
	return release
}

// shellWord writes a path as a word of a POSIX shell.
func shellWord(name string) string {
	if strings.HasPrefix(name, "-") {
		name = "./" + name
	}
	if plainWord.MatchString(name) {
		return name
	}
	return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9._/:@%+,-]+$`)
