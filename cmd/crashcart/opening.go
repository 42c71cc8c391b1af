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
)

// beginnings are how the forms begin (makedumpfile's diskdump_mod.h and makedumpfile.h; the
// ELF specification; "DumpChk", Windows debugger documentation).
var beginnings = []struct {
	bytes string
	form  form
}{
	{"makedumpfile\x00", formFlattened},
	{"KDUMP   ", formOrdered},
	{"DISKDUMP", formOrdered},
	{"\x7fELF", formOrdered},
	{"PAGEDU64", formWindows},
	{"PAGEDUMP", formWindows},
	{"MDMP", formWindows},
}

// head is how much of a dump is read to know it.
const head = 64 << 10

// dumpForm says how a dump is written, and of which kernel it is, where its beginning tells.
func dumpForm(root *os.Root, key string) (form, string, error) {
	file, err := root.Open(key)
	if err != nil {
		return formUnknown, "", err
	}
	begin := make([]byte, head)
	n, err := io.ReadFull(file, begin)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = nil
	}
	f, release := formOf(begin[:n])
	return f, release, errors.Join(err, file.Close())
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

func formOf(begin []byte) (form, string) {
	found := formUnknown
	for _, b := range beginnings {
		if bytes.HasPrefix(begin, []byte(b.bytes)) {
			found = b.form
			break
		}
	}
	ordered := begin
	if found == formFlattened {
		ordered = begin[min(len(begin), flatHead):]
	}
	if bytes.HasPrefix(ordered, []byte("KDUMP   ")) && len(ordered) >= utsRelease+utsLen {
		release, _, _ := bytes.Cut(ordered[utsRelease:utsRelease+utsLen], []byte{0})
		if aRelease.Match(release) {
			return found, string(release)
		}
	}
	if found == formOrdered || found == formFlattened {
		if release := osRelease.FindSubmatch(begin); release != nil {
			return found, string(release[1])
		}
	}
	return found, ""
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
		written, release, err := dumpForm(root, f.Key)
		if err != nil {
			return err
		}
		showCommands(p, f.Key, written, release)
	}
	return nil
}

// showCommands prints the commands for one dump.
func showCommands(p *screen.Page, name string, written form, release string) {
	ordered, short := name, shortName(name)
	switch written {
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
	case formOrdered:
	}
	p.Text("Its kernel's log, without any symbols:")
	p.Copy("makedumpfile --dump-dmesg " + ordered + " " + short + ".dmesg")
	p.Text("With VMLINUX, the debug info of " + ofRelease(release) + ":")
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
