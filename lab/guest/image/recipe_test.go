package image

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestTheKeyChangesWithEveryInput(t *testing.T) {
	base, err := newRecipe(Stable)
	if err != nil {
		t.Fatal(err)
	}
	again, err := newRecipe(Stable)
	if err != nil || again.key("kmod 30") != base.key("kmod 30") {
		t.Fatalf("the same inputs give another key (%v)", err)
	}
	backport, err := newRecipe(Backport)
	if err != nil {
		t.Fatal(err)
	}
	fewer, edited := base, base
	fewer.packages = base.packages[1:]
	edited.overlay = bytes.Replace(base.overlay, []byte("kernel.panic = 5"), []byte("kernel.panic = 6"), 1)
	keys := map[string]string{base.key("kmod 30"): "the recipe itself"}
	for name, key := range map[string]string{
		"another kernel":   backport.key("kmod 30"),
		"other packages":   fewer.key("kmod 30"),
		"an edited file":   edited.key("kmod 30"),
		"another version":  base.key("kmod 31"),
		"unknown versions": base.key(""),
	} {
		if other, ok := keys[key]; ok {
			t.Errorf("%s has the key of %s", name, other)
		}
		keys[key] = name
	}
}

func TestNoSuchKernel(t *testing.T) {
	if _, err := newRecipe(Kernel(7)); err == nil {
		t.Error("kernel 7 was taken")
	}
}

// The guest does not boot right with another mode, owner or link.
func TestTheGuestsFiles(t *testing.T) {
	r, err := newRecipe(Stable)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]*tar.Header{}
	for archive := tar.NewReader(bytes.NewReader(r.overlay)); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if found[h.Name] != nil {
			t.Errorf("%s is there twice", h.Name)
		}
		if h.Uid != 0 || h.Gid != 0 || !h.ModTime.Equal(epoch) {
			t.Errorf("%s belongs to %d:%d and is of %v", h.Name, h.Uid, h.Gid, h.ModTime)
		}
		found[h.Name] = h
	}
	for name, mode := range map[string]int64{
		"etc/default/kdump-tools":                                        0o644,
		"etc/hostname":                                                   0o644,
		"etc/kernel/postinst.d/kdump-tools":                              0o755,
		"etc/machine-id":                                                 0o644,
		"etc/sysctl.d/90-diagnostic-interrupt.conf":                      0o644,
		"etc/systemd/system/crashcart-store-card.service":                0o644,
		"etc/systemd/system/crashcart-store@.socket":                     0o644,
		"etc/systemd/system/crashcart-ready.service":                     0o644,
		"etc/systemd/system/serial-getty@ttyS0.service.d/autologin.conf": 0o644,
		"srv/www/cgi-bin/app":                                            0o755,
		"srv/www/index.html":                                             0o644,
		"usr/local/sbin/crashcart-ready":                                 0o755,
	} {
		if h := found[name]; h == nil || h.Mode != mode || h.Typeflag != tar.TypeReg {
			t.Errorf("%s: %+v, want a file of mode %o", name, h, mode)
		}
	}
	for name, target := range map[string]string{
		"etc/systemd/system/multi-user.target.wants/crashcart-app.service":   "../crashcart-app.service",
		"etc/systemd/system/multi-user.target.wants/crashcart-ready.service": "../crashcart-ready.service",
		"etc/systemd/system/sysinit.target.wants/crashcart-network.service":  "../crashcart-network.service",
		"etc/systemd/system/systemd-pstore.service":                          "/dev/null",
	} {
		if h := found[name]; h == nil || h.Typeflag != tar.TypeSymlink || h.Linkname != target {
			t.Errorf("%s: %+v, want a link to %s", name, h, target)
		}
	}
}

// A guest whose journal is in memory writes next to nothing, and its disk says nothing
// of whether it lives.
func TestTheGuestWritesAsAHostDoes(t *testing.T) {
	r, err := newRecipe(Stable)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"rsyslog", "cron", "logrotate"} {
		if !slices.Contains(r.packages, name) {
			t.Errorf("%s is not installed", name)
		}
	}
	if !bytes.Contains(r.overlay, []byte("\nStorage=persistent\n")) || bytes.Contains(r.overlay, []byte("systemd-journal-flush")) {
		t.Error("the journal is not kept on the disk")
	}
}

func TestALinkWithoutATargetIsRefused(t *testing.T) {
	for _, line := range []string{"/etc/alone", "etc/relative /dev/null", "/etc/a /dev/null of the rest"} {
		files := fstest.MapFS{"root/etc/hostname": {}, "links.txt": {Data: []byte("# a comment\n\n" + line + "\n")}}
		if _, err := pack(files); err == nil {
			t.Errorf("%q was taken", line)
		}
	}
}

func TestTheGuestIsInstalledFromDebianAlone(t *testing.T) {
	for name, test := range map[string]struct{ targets, want string }{
		"Debian 12": {
			targets: "http://mirror.test/debian/ bookworm main Debian\nhttp://mirror.test/debian/ bookworm contrib Debian\n" +
				"http://mirror.test/security/ bookworm-security main Debian\n",
			want: "deb http://mirror.test/debian/ bookworm main\ndeb http://mirror.test/security/ bookworm-security main\n",
		},
		"never fetched":         {targets: "http://mirror.test/debian/ bookworm main \n", want: "deb http://mirror.test/debian/ bookworm main\n"},
		"somebody else's suite": {targets: "http://vendor.test/apt/ bookworm main Vendor\n"},
		"another release":       {targets: "http://mirror.test/debian/ trixie main Debian\n"},
		"updates alone":         {targets: "http://mirror.test/debian/ bookworm-updates main Debian\n"},
	} {
		if got := sourcesOf(test.targets); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestOnlyTheWayToTheMirrorIsTakenFromAptConf(t *testing.T) {
	dump := `Acquire "";
Acquire::http "";
Acquire::http::Proxy "http://127.0.0.1:3142";
Acquire::Retries "3";
Acquire::Languages "de";
DPkg::Post-Invoke:: "rm -f x";
Dir::Etc "etc/apt";
`
	want := "Acquire::http::Proxy \"http://127.0.0.1:3142\";\nAcquire::Retries \"3\";\n"
	if got := settingsOf(dump); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestCandidates(t *testing.T) {
	policy := "kmod:\n  Installed: 30+20221128-1\n  Candidate: 31-1\n  Version table:\n     31-1 500\nudev:\n  Installed: (none)\n  Candidate: 252.39-1\n"
	if got, want := candidatesOf(policy), "kmod 31-1\nudev 252.39-1\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestTheEndOfAComplaintIsKept(t *testing.T) {
	if got := tail(strings.Repeat("I: unpacking\n", 1000) + "E: disk full\n"); len(got) > 1100 || !strings.HasSuffix(got, "E: disk full") {
		t.Errorf("%d bytes that end in %q", len(got), got[max(0, len(got)-40):])
	}
}
