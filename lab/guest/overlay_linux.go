package guest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// overlay makes an empty overlay of a raw disk, to which QEMU writes in the disk's
// place. The file has no name, so that there never is anything to remove: QEMU's own
// snapshot=on names its file for some milliseconds, which one kill in a dozen hits. It
// is in the disk's directory because it grows, and must not do so in memory. The disk itself is
// only read.
func overlay(disk string) (*os.File, error) {
	disk, err := filepath.Abs(disk)
	if err != nil {
		return nil, fmt.Errorf("making an overlay: %w", err)
	}
	base, err := os.Stat(disk)
	if err != nil {
		return nil, fmt.Errorf("making an overlay: %w", err)
	}
	empty, err := emptyOverlay(disk, base.Size())
	if err != nil {
		return nil, fmt.Errorf("making an overlay of %s: %w", disk, err)
	}
	f, err := nameless(filepath.Dir(disk))
	if err != nil {
		return nil, fmt.Errorf("making an overlay of %s: %w", disk, err)
	}
	if _, err := f.Write(empty); err != nil {
		return nil, fmt.Errorf("making an overlay of %s: %w", disk, errors.Join(err, f.Close()))
	}
	return f, nil
}

// nameless makes a file in a directory that has no name there. File systems that cannot
// do so get one whose name is removed at once.
func nameless(dir string) (*os.File, error) {
	fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
	if err == nil {
		return os.NewFile(uintptr(fd), "overlay"), nil
	}
	if !errors.Is(err, unix.EOPNOTSUPP) && !errors.Is(err, unix.EISDIR) {
		return nil, &os.PathError{Op: "open", Path: dir, Err: err}
	}
	f, err := os.CreateTemp(dir, ".overlay-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
