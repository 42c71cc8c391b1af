package console

import "bytes"

// turnsReadOnly says whether a message of the kernel says that it has made a file system
// read-only, or has shut it down, because of an error. Such a machine is sick and not hung:
// its programs get on, and fail (Linux source, fs/ext4/super.c, ext4_handle_error;
// fs/btrfs/fs.c and messages.c, btrfs_handle_error; fs/xfs/xfs_fsops.c, xfs_do_force_shutdown).
//
//	EXT4-fs (nvme0n1p1): Remounting filesystem read-only
//	BTRFS info (device nvme0n1p1 state E): forced readonly
//	XFS (nvme0n1p1): Log I/O Error (0x2) detected at xlog_ioend_work. Shutting down filesystem.
func turnsReadOnly(message []byte) bool {
	switch {
	case hasPrefix(message, "EXT4-fs ("):
		return bytes.Contains(message, []byte("): Remounting filesystem read-only"))
	case hasPrefix(message, "BTRFS info (device "):
		return bytes.Contains(message, []byte("): forced readonly"))
	case hasPrefix(message, "XFS ("):
		return bytes.Contains(message, []byte("hutting down filesystem")) || bytes.Contains(message, []byte("ilesystem has been shut down"))
	}
	return false
}

// turnsWritable says whether a message says that the file system of a line is writable again:
// somebody has mounted it anew (fs/ext4/super.c, ext4_remount and __ext4_remount). Kernels
// before 5.19 do not say how it was mounted.
//
//	EXT4-fs (nvme0n1p1): re-mounted 5fa1c7ee-8e4c-4f0f-a8d2-3d7a0c3c2c11 r/w.
func turnsWritable(message, line []byte) bool {
	device, rest, ok := bytes.Cut(after(message, "EXT4-fs ("), []byte("): "))
	return ok && hasPrefix(message, "EXT4-fs (") && hasPrefix(rest, "re-mounted") && !bytes.Contains(rest, []byte(" ro.")) &&
		bytes.Contains(line, append(append([]byte("EXT4-fs ("), device...), "): "...))
}
