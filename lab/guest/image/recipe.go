package image

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// tree is what the guest has besides Debian's packages.
//
//go:embed all:root links.txt
var tree embed.FS

const (
	suite    = "bookworm"                             // Debian 12
	diskSize = 1 << 30                                // bytes; the dump of a small guest takes 20 MB of it
	volumeID = "c4a51ca4-0000-4000-8000-6f7565737401" // UUID and hash seed of the file system
)

// epoch is the one moment of every time stamp in the image.
var epoch = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// kernels is the package of each kernel. Both are of Debian 12 (the second comes with
// its security updates), so that no backports suite is needed.
var kernels = map[Kernel]string{
	Stable:   "linux-image-cloud-amd64",
	Backport: "linux-image-6.12-cloud-amd64",
}

// packages is what is installed besides Essential: packages and what these depend on.
var packages = []string{
	"busybox",           // ip, and the application that the host serves
	"cron",              // as on any Debian: what runs by the clock writes to the log
	"curl",              // brings the dump home, as on most hosts
	"kdump-tools",       // what the user guide's yum install kexec-tools is on Debian
	"kexec-tools",       // loads the crash kernel
	"kmod",              // modprobe, for udev
	"logrotate",         // as on any Debian
	"makedumpfile",      // compresses the dump
	"procps",            // sysctl, for kdump-tools, and ps
	"qemu-guest-agent",  // stands for the SSM agent
	"rsyslog",           // writes what is logged to /var/log, as on any Debian
	"systemd-sysv",      // /sbin/init
	"systemd-timesyncd", // writes once a minute, on the hosts that keep their clock by it
	"udev",              // finds the network and the agent's port
}

// omitted are paths that dpkg leaves out. The hooks of the kernel's package would
// build initrds; they come from other packages, and kdump-tools' is replaced in root.
var omitted = []string{
	"/etc/kernel/postinst.d/*",
	"/usr/share/doc/*",
	"/usr/share/info/*",
	"/usr/share/locale/*",
	"/usr/share/man/*",
}

// removed are paths that differ from build to build, or that name the mirror.
var removed = []string{
	"etc/apt",
	"etc/dpkg/dpkg.cfg.d/99mmdebstrap",
	"etc/resolv.conf",
	"initrd.img",
	"initrd.img.old",
	"var/cache/debconf",
	"var/cache/ldconfig",
	"var/lib/apt",
	"var/lib/dbus/machine-id",
	"var/log/alternatives.log",
	"var/log/apt",
	"var/log/dpkg.log",
	"vmlinuz.old",
}

// recipe is all that an image is made from, but the packages' versions.
type recipe struct {
	packages []string
	overlay  []byte // tar archive of tree
}

func newRecipe(k Kernel) (recipe, error) {
	kernel, ok := kernels[k]
	if !ok {
		return recipe{}, fmt.Errorf("no kernel %d is known", k)
	}
	overlay, err := pack(tree)
	if err != nil {
		return recipe{}, fmt.Errorf("packing the guest's files: %w", err)
	}
	return recipe{packages: append([]string{kernel}, packages...), overlay: overlay}, nil
}

// key names the image that r makes of packages of these versions.
func (r recipe) key(versions string) string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s %d %s %d\n%q\n%q\n%q\n%s\n", suite, diskSize, volumeID, epoch.Unix(), r.packages, omitted, removed, versions)
	sum.Write(r.overlay)
	return hex.EncodeToString(sum.Sum(nil))[:16]
}

// pack gives files as a tar archive for the guest's root: all of the folder root, and
// the links of links.txt.
func pack(files fs.FS) ([]byte, error) {
	var out bytes.Buffer
	archive := tar.NewWriter(&out)
	err := fs.WalkDir(files, "root", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		name = strings.TrimPrefix(name, "root/")
		return put(archive, &tar.Header{Name: name, Mode: mode(name), Size: int64(len(content))}, content)
	})
	if err != nil {
		return nil, err
	}
	if err := link(archive, files); err != nil {
		return nil, err
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// link adds what links.txt names.
func link(archive *tar.Writer, files fs.FS) error {
	links, err := fs.ReadFile(files, "links.txt")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(links)) {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if len(words) != 2 || !path.IsAbs(words[0]) {
			return fmt.Errorf("links.txt: %q is not an absolute path and a target", line)
		}
		symlink := &tar.Header{Typeflag: tar.TypeSymlink, Name: words[0][1:], Linkname: words[1], Mode: 0o777}
		if err := put(archive, symlink, nil); err != nil {
			return err
		}
	}
	return nil
}

func put(archive *tar.Writer, h *tar.Header, content []byte) error {
	h.ModTime = epoch
	h.Format = tar.FormatGNU
	if err := archive.WriteHeader(h); err != nil {
		return err
	}
	_, err := archive.Write(content)
	return err
}

// mode is that of a file in the guest: an embedded one has none of its own.
func mode(name string) int64 {
	if slices.Contains([]string{"etc/kernel/postinst.d", "srv/www/cgi-bin", "usr/local/sbin"}, path.Dir(name)) {
		return 0o755
	}
	return 0o644
}
