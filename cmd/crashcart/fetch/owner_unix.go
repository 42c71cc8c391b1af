//go:build unix

package fetch

import (
	"io/fs"
	"os"
	"syscall"
)

// isOurs says that nobody but us (and root) can have made a file or folder, or can write
// to it.
func isOurs(info fs.FileInfo) bool {
	owner, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(owner.Uid) == os.Geteuid() && info.Mode().Perm()&0o022 == 0
}
