// Package image builds the disk and the kernel of the lab's real guest: Debian 12
// with its cloud kernel, made ready for a diagnostic interrupt the way that the EC2
// user guide asks for, and small enough to boot in QEMU without any virtualisation
// of the processor.
//
// # What the guest is
//
// Its hostname is crashcart-guest. The root file system is ext4 on /dev/nvme0n1, as on
// a Nitro instance, and there is no initrd, neither for the kernel nor for the one
// that captures: NVMe and ext4 are built into Debian's cloud kernel. kdump-tools is
// armed where the kernel's arguments have crashkernel=, an unknown NMI is a panic, and
// a panic without kdump restarts after five seconds. There is a root shell on ttyS0,
// QEMU's guest agent on its virtio port with every command allowed, and 10.0.0.2/24
// on eth0 (with net.ifnames=0 among the kernel's arguments). It writes what a host
// writes: rsyslog, cron and logrotate run as Debian has them, the journal is on the
// disk, and an application on port 80 logs what it is asked. /index.html comes from
// memory, /cgi-bin/app writes to the disk before it answers. On eth1, a card of its own
// that no boot brings up, is the lab's S3, which curl finds at 127.0.0.1:PORT once
// crashcart-store@PORT.socket is started. Once all of that holds, but for eth1,
// the serial port says
//
//	[   11.421906] CRASHCART-GUEST-READY kexec_crash_loaded=1 unknown_nmi_panic=1 panic=5 dumps=0
//
// where dumps counts the directories of /var/crash that begin with a digit. Without
// crashkernel= the line says kexec_crash_loaded=0; it comes all the same.
//
// The recipe is data: the folder root holds the files that differ from Debian's, each
// with its reason; links.txt the symbolic links.
//
// # How it is built
//
// mmdebstrap installs the packages into a directory, with the Debian sources and the
// Acquire settings (proxies) of the machine's own apt; where its sources have no
// Debian 12, with mmdebstrap's. mke2fs makes a file system of the directory. Nothing is
// mounted and no loop device is used. It takes about a minute, root, the tools that the
// error names where they are missing, and some seven hundred megabytes while it works.
//
// # What is reproducible
//
// Two builds on one machine from the same packages give the same bytes of disk and
// kernel: UUID, hash seed and machine id are fixed, and all four times of every inode
// are set to one moment. Between machines the order of directory entries, and so the
// numbers of inodes, may follow the file system that the build ran on; the files do
// not differ. The versions of packages are those of the mirror. They are written
// beside the image as packages.txt, and SHA256SUMS has the sums of disk and kernel.
//
// # The cache
//
// An image is kept under a name that hashes its recipe and the versions which the
// machine's apt would install of the packages that it names: once apt-get update has
// brought a newer kernel, the next Build makes a newer image. An image becomes visible
// by one rename. What a killed build left behind never counts, and the next build
// removes it. Images of older recipes stay until somebody deletes them.
package image

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Image is a guest to start: two files that nobody may change.
type Image struct {
	Kernel  string // path of the kernel, a bzImage
	Disk    string // path of the root file system, a raw sparse file of one GiB
	Release string // what uname -r says in the guest, for example 6.1.0-56-cloud-amd64
}

// Kernel is a choice of kernel.
type Kernel int

// The kernels that an image can have.
const (
	Stable   Kernel = iota // Debian 12's own, 6.1
	Backport               // a newer one that Debian provides for Debian 12, 6.12
)

// Options says what to build and where to keep it. The zero value is the stable
// kernel in the user's cache directory.
type Options struct {
	Kernel Kernel
	Cache  string       // directory of the images; empty: crashcart/guest in os.UserCacheDir
	Note   func(string) // gets the progress in plain sentences; may be nil
}

// ErrMissing is wrapped by the error of a Build that lacks a tool, or the rights, to
// build with. The error's text says what to do about it.
var ErrMissing = errors.New("the guest's image cannot be built here")

// Build gives the image of o, from the cache or by building it, which takes about a
// minute. Builds for one cache wait for each other. When ctx ends, all that was started
// is ended, nothing is left that would count as an image, and ctx's error is given.
func Build(ctx context.Context, o Options) (Image, error) {
	if o.Note == nil {
		o.Note = func(string) {}
	}
	if o.Cache == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return Image{}, fmt.Errorf("finding a place for the guest's image: %w", err)
		}
		o.Cache = filepath.Join(user, "crashcart", "guest")
	}
	r, err := newRecipe(o.Kernel)
	if err != nil {
		return Image{}, err
	}
	c := cache{dir: o.Cache}
	name := r.key(candidates(ctx, r.packages))
	if made, ok := c.find(name); ok {
		return made, nil
	}
	if err := able(); err != nil {
		return Image{}, err
	}
	lock, err := c.lock(ctx, o.Note)
	if err != nil {
		return Image{}, err
	}
	defer lock.Close() //nolint:errcheck // nothing was written to it
	if made, ok := c.find(name); ok {
		return made, nil // by the build that was waited for
	}
	return c.add(ctx, name, func(dir string) (string, error) {
		return r.build(ctx, site{dir: dir, lock: lock}, o.Note)
	})
}
