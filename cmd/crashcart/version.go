package main

import (
	"cmp"
	"runtime/debug"

	"crashcart/lambda/domain/printable"
)

// What `make install` sets with the linker's -X. Go's own record of the version is
// missing where GOFLAGS has -buildvcs=false.
var (
	linkedCommit  string
	linkedDate    string
	linkedChanges string // how many files of the checkout differ from the commit
)

// build says what the binary was built from.
type build struct {
	commit   string
	date     string // of the commit
	modified bool   // the checkout was not the commit
}

// versionHere is the version of this binary.
func versionHere() string {
	if linkedCommit != "" {
		return build{commit: linkedCommit, date: linkedDate, modified: linkedChanges != "0"}.String()
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return build{}.String()
	}
	return recorded(info).String()
}

// recorded is what Go itself has written into a binary ("BuildInfo", package
// runtime/debug).
func recorded(info *debug.BuildInfo) build {
	var b build
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.commit = s.Value
		case "vcs.time":
			b.date = s.Value
		case "vcs.modified":
			b.modified = s.Value == "true"
		}
	}
	return b
}

// maxVersion bounds what is printed of a commit or a date, in bytes.
const maxVersion = 64

// String is the commit and its date. Where nobody has recorded them, it says so.
func (b build) String() string {
	commit := cmp.Or(printable.Line(b.commit, maxVersion), "unknown")
	if b.modified {
		commit += ", modified"
	}
	return commit + " (" + cmp.Or(printable.Line(b.date, maxVersion), "unknown date") + ")"
}
