package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"crashcart/cmd/crashcart/screen"
)

func TestADumpIsKnownByItsBeginning(t *testing.T) {
	kdump := make([]byte, 4096)
	copy(kdump, "KDUMP   ")
	copy(kdump[142:], "5.14.0-503.el9_5.x86_64")
	elf := append([]byte("\x7fELF"), []byte("....VMCOREINFO\x00OSRELEASE=6.1.115-126.197.amzn2023.x86_64\nBUILD-ID=x\n")...)
	hostile := bytes.Clone(kdump)
	copy(hostile[142:], "6.1`reboot`\x00")
	for name, c := range map[string]struct {
		begin   []byte
		form    form
		release string
	}{
		"flattened":           {vmcore(10_000), formFlattened, "6.1.0-56-cloud-amd64"},
		"flattened, cut":      {vmcore(10_000)[:4112], formFlattened, ""},
		"ordered":             {kdump, formOrdered, "5.14.0-503.el9_5.x86_64"},
		"ordered, cut":        {kdump[:100], formOrdered, ""},
		"a hostile release":   {hostile, formOrdered, ""},
		"ELF":                 {elf, formOrdered, "6.1.115-126.197.amzn2023.x86_64"},
		"Windows":             {[]byte("PAGEDU64\x0f\x00"), formWindows, ""},
		"a minidump":          {[]byte("MDMP\x93\xa7"), formWindows, ""},
		"packed":              {[]byte("\x1f\x8bOSRELEASE=1\n"), formPacked, ""},
		"something else":      {[]byte("#!/bin/sh OSRELEASE=1\n"), formUnknown, ""},
		"nothing":             {nil, formUnknown, ""},
		"the name of another": {[]byte("a KDUMP   "), formUnknown, ""},
	} {
		if k := formOf(c.begin); k.form != c.form || k.release != c.release || (k.unpack != "") != (k.form == formPacked) {
			t.Errorf("%s: %+v", name, k)
		}
	}
}

// A package that is not the kernel's own gives wrong answers, not none.
func TestTheSymbolsAreThoseOfTheRelease(t *testing.T) {
	for release, want := range map[string]string{
		"6.1.0-56-cloud-amd64":            "linux-image-6.1.0-56-cloud-amd64-dbg",
		"6.8.0-1021-aws":                  "linux-image-unsigned-6.8.0-1021-aws-dbgsym",
		"5.14.0-503.el9_5.x86_64":         "kernel-debuginfo-5.14.0-503.el9_5.x86_64",
		"6.1.115-126.197.amzn2023.x86_64": "kernel-debuginfo-6.1.115-126.197.amzn2023.x86_64",
		"6.4.0-150600.23.25-default":      "kernel-default-debuginfo",
		"6.99.0-mine":                     "6.99.0-mine",
	} {
		if got := ofRelease(release); !strings.Contains(got, want) {
			t.Errorf("%s: %q", release, got)
		}
	}
	if got := ofRelease(""); got != "the very kernel that crashed" {
		t.Errorf("of no release: %q", got)
	}
}

func TestTheCommandsFitTheForm(t *testing.T) {
	for name, c := range map[string]struct {
		known         known
		says, without string
	}{
		"flattened": {known{form: formFlattened}, "    makedumpfile -R 1-vmcore < dump/1-vmcore.flat\n", "crash VMLINUX dump/"},
		"ordered":   {known{form: formOrdered}, "    crash VMLINUX dump/1-vmcore.flat\n", "makedumpfile -R"},
		"Windows":   {known{form: formWindows}, "    windbg -z dump/1-vmcore.flat\n", "makedumpfile"},
		"packed":    {known{form: formPacked, unpack: "zstd"}, "    zstd -dc dump/1-vmcore.flat | makedumpfile -R 1-vmcore\n", "crash VMLINUX dump/"},
		"unknown":   {known{form: formUnknown}, "    file dump/1-vmcore.flat\n", "crash"},
	} {
		var out bytes.Buffer
		p := screen.New(&out, time.Now())
		showCommands(p, "dump/1-vmcore.flat", c.known)
		if got := out.String(); !strings.Contains(got, c.says) || strings.Contains(got, c.without) {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestAFoldersNameIsOneWordOfAShell(t *testing.T) {
	for name, want := range map[string]string{
		"/tmp/a": "/tmp/a", "a b": "'a b'", "it's": `'it'\''s'`, "-rf": "./-rf", "$(x)": "'$(x)'", "-a b": "'./-a b'", "": "''",
	} {
		if got := shellWord(name); got != want {
			t.Errorf("%q is %s", name, got)
		}
	}
}
