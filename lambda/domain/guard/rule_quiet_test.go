package guard_test

import (
	"strings"
	"testing"

	"crashcart/lambda/domain/guard"
)

// up is a boot of the ordinary kernel.
const up = "[    0.000000] Linux version 6.1.0-test (build@example)\n[    0.000000] Command line: root=/dev/nvme0n1p1 console=ttyS0\n"

// What the console may show.
const (
	consoleUp       = up + "[   12.345678] systemd[1]: Reached target Multi-User System.\n\nexample login: "
	consoleBooting  = up + "[    1.234567] nvme nvme0: pci function 0000:00:04.0\n"
	consoleDown     = consoleUp + "\n[ 4321.000000] reboot: Restarting system\n"
	consoleDumping  = consoleUp + "\n[    0.000000] Linux version 6.1.0-test (build@example)\n[    0.000000] Command line: root=/dev/nvme0n1p1 elfcorehdr=507252K\n"
	consoleLongGone = consoleDumping + consoleUp
)

func TestADumpAShutdownOrABootIsNeverDisturbed(t *testing.T) {
	console := func(text string) func(*scene) {
		return func(s *scene) { s.console = []byte(text) }
	}
	judge(t, "quiet", []situation{
		{"a login prompt", console(consoleUp), guard.Permitted},
		{"nothing on it", console(""), guard.Permitted},
		{"a dump", console(consoleDumping), guard.Refused},
		{"a dump that is long over", console(consoleLongGone), guard.Permitted},
		{"a shutdown", console(consoleDown), guard.Refused},
		{"a boot", console(consoleBooting), guard.Later},
		{"a dump, and somebody forces", func(s *scene) {
			s.direct("unresponsive", "cooldown")
			console(consoleDumping)(s)
		}, guard.Refused},
		{"a dump with a line of the guest's own making", console(consoleDumping + "\x1b]0;owned\x07\x1b[31m" + strings.Repeat("A", 4000)), guard.Refused},
	})
}
