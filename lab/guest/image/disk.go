package image

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// makeDisk makes an ext4 file system of what is in root. mke2fs takes the times of
// an inode from the directory, where nobody can set that of its last change, so
// debugfs sets them afterwards.
func makeDisk(ctx context.Context, at site, root string) error {
	disk := filepath.Join(at.dir, diskFile)
	if _, err := at.run(ctx, "mke2fs", "-q", "-t", "ext4", "-m", "0", "-U", volumeID,
		"-E", "hash_seed="+volumeID+",root_owner=0:0", "-d", root, disk, strconv.Itoa(diskSize>>10)+"k"); err != nil {
		return err
	}
	used, err := inodes(disk)
	if err != nil {
		return fmt.Errorf("measuring the guest's file system: %w", err)
	}
	var script strings.Builder
	for inode := range used {
		for _, stamp := range []string{"atime", "ctime", "mtime", "crtime"} {
			fmt.Fprintf(&script, "set_inode_field <%d> %s @%d\n", inode+1, stamp, epoch.Unix())
		}
	}
	file := filepath.Join(at.dir, "stamps.debugfs")
	if err := os.WriteFile(file, []byte(script.String()), 0o600); err != nil {
		return fmt.Errorf("preparing the guest's time stamps: %w", err)
	}
	defer os.Remove(file) //nolint:errcheck // the directory is removed, or the next build says so
	if _, err := at.run(ctx, "debugfs", "-w", "-f", file, disk); err != nil {
		return err
	}
	return os.Chmod(disk, 0o444) //nolint:gosec // everybody may read it
}

// inodes counts those in use in an ext4 file system that mke2fs has just filled: it
// hands them out in order, so they are the first ones. The offsets are from "The Super
// Block" in the kernel's documentation of ext4's data structures.
func inodes(disk string) (uint32, error) {
	file, err := os.Open(disk) //nolint:gosec // in our own directory
	if err != nil {
		return 0, err
	}
	defer file.Close() //nolint:errcheck // only read
	super := make([]byte, 0x14)
	if _, err := file.ReadAt(super, 1024); err != nil {
		return 0, err
	}
	all, free := binary.LittleEndian.Uint32(super), binary.LittleEndian.Uint32(super[0x10:])
	if free >= all {
		return 0, fmt.Errorf("%d of %d inodes are free", free, all)
	}
	return all - free, nil
}
