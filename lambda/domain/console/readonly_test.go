package console_test

import (
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/console"
)

const (
	running   = "[    0.000000] Linux version 6.1.0 (build@example)\n[   12.345678] systemd[1]: Reached target Multi-User System.\n"
	turnsEXT4 = "[ 4000.000001] EXT4-fs (nvme0n1p1): Remounting filesystem read-only\n"
)

// A machine whose file system has become read-only is sick. It must never be taken for hung.
func TestAFileSystemThatTurnsReadOnlyIsNeverOverlooked(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want string
	}{
		"ext4":             {running + turnsEXT4, "[ 4000.000001] EXT4-fs (nvme0n1p1): Remounting filesystem read-only"},
		"btrfs":            {running + "[ 4000.000001] BTRFS info (device nvme0n1p1: state EA): forced readonly\n", "[ 4000.000001] BTRFS info (device nvme0n1p1: state EA): forced readonly"},
		"xfs, since 5.16":  {running + "[ 4000.000001] XFS (nvme0n1p1): Filesystem has been shut down due to log error (0x2).\n", "[ 4000.000001] XFS (nvme0n1p1): Filesystem has been shut down due to log error (0x2)."},
		"xfs, older":       {running + "[ 4000.000001] XFS (dm-0): Corruption of in-memory data detected.  Shutting down filesystem\n", "[ 4000.000001] XFS (dm-0): Corruption of in-memory data detected.  Shutting down filesystem"},
		"with more behind": {running + turnsEXT4 + "[ 4001.000000] usb 1-1: new device\n\nexample login: ", "[ 4000.000001] EXT4-fs (nvme0n1p1): Remounting filesystem read-only"},
		"behind a prompt":  {running + "\nexample login: " + turnsEXT4, "[ 4000.000001] EXT4-fs (nvme0n1p1): Remounting filesystem read-only"},
		"mounted anew":     {running + turnsEXT4 + "[ 4600.000001] EXT4-fs (nvme0n1p1): re-mounted 5fa1c7ee-8e4c-4f0f-a8d2-3d7a0c3c2c11 r/w.\n", ""},
		"mounted anew, old": {
			running + turnsEXT4 + "[ 4600.000001] EXT4-fs (nvme0n1p1): re-mounted. Opts: errors=remount-ro\n", "",
		},
		"another one is mounted anew": {
			running + turnsEXT4 + "[ 4600.000001] EXT4-fs (nvme1n1): re-mounted 5fa1c7ee-8e4c-4f0f-a8d2-3d7a0c3c2c11 r/w.\n",
			"[ 4000.000001] EXT4-fs (nvme0n1p1): Remounting filesystem read-only",
		},
		"mounted anew, to be read only": {
			running + turnsEXT4 + "[ 4600.000001] EXT4-fs (nvme0n1p1): re-mounted 5fa1c7ee-8e4c-4f0f-a8d2-3d7a0c3c2c11 ro.\n",
			"[ 4000.000001] EXT4-fs (nvme0n1p1): Remounting filesystem read-only",
		},
		"restarted since":       {running + turnsEXT4 + running, ""},
		"a boot's own remount":  {running + "[    3.000001] EXT4-fs (nvme0n1p1): re-mounted 5fa1c7ee-8e4c-4f0f-a8d2-3d7a0c3c2c11 ro.\n", ""},
		"a program that quotes": {running + "app: " + turnsEXT4, ""},
		"an empty console":      {"", ""},
	} {
		for _, mark := range []console.Mark{{}, {Clock: 12345678 * time.Microsecond}, {Clock: 4600000001 * time.Microsecond}} {
			want := c.want
			if mark.Clock < time.Hour && strings.HasPrefix(name, "mounted anew") { // a moment ago, or nobody knows when
				want = "[ 4000.000001] EXT4-fs (nvme0n1p1): Remounting filesystem read-only"
			}
			if got := console.NewsSince([]byte(c.text), mark).ReadOnly; got != want {
				t.Errorf("%s, since %s: %q, want %q", name, mark.Clock, got, want)
			}
		}
	}
}
