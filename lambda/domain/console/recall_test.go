package console_test

import (
	"testing"

	"crashcart/lambda/domain/console"
)

const saving = "[    0.000000] Linux version 6.1.0 (builder@example.com)\r\n" +
	"[    0.000000] Command line: ro elfcorehdr=0x57000000\r\n" +
	"[   11.400000] kdump[467]: saving vmcore\r\n"

// A capture kernel may show lines of the crashed kernel's log, whose times are later.
func TestALineOfTheCrashedKernelNeverEndsTheDump(t *testing.T) {
	judgeAll(t, []reading{
		{"one line", saving + "[100000.200000] the crashed kernel's last line\r\n", console.Dumping},
		{"one line, and the dump goes on", saving + "[100000.200000] the crashed kernel's last line\r\n[  650.100000] nvme nvme0: I/O 12 QID 3 timeout\r\n", console.Dumping},
		{"several lines", saving + "[100000.2] a\r\n[100001.2] b\r\n[  650.1] c\r\n[ 1300.1] d\r\n", console.Dumping},
		{"a restart after such a line is a restart", saving + "[100000.2] a\r\n[    1.1] b\r\nhost login: ", console.Quiet},
	})
}

// Its whole log looks like a boot that is over. The mark of a dump must outlast it.
func TestTheCrashedKernelsLogNeverCountsAsABootThatIsOver(t *testing.T) {
	log := "[    0.000000] Linux version 6.1.0 (builder@example.com)\r\n[    0.000000] Command line: ro crashkernel=512M\r\n[86520.100000] it hangs\r\n"
	if r := console.Scan([]byte(saving + log)); r.Booted {
		t.Errorf("%s, booted", r.Activity)
	}
	for name, end := range map[string]string{"a login": "host login: ", "a target": "[  OK  ] Reached target multi-user.target - Multi-User System.\r\n"} {
		if r := console.Scan([]byte(saving + log + end)); !r.Booted || r.Activity != console.Quiet {
			t.Errorf("%s: %s, booted %v", name, r.Activity, r.Booted)
		}
	}
	if r := console.Scan([]byte(saving + "[   90.0] reboot: Restarting system\r\n" + log)); !r.Booted {
		t.Error("a boot behind the capture kernel's last word is none")
	}
}

// A kernel that does not write to the console shows neither its boot's end nor a dump.
func TestOnlyFirmwareIsBare(t *testing.T) {
	for text, bare := range map[string]bool{
		"BdsDxe: starting Boot0001 \"UEFI Amazon Elastic Block Store\"\r\n":      true,
		"SeaBIOS (version 1.16)\r\n[    0.000000] Linux version 6.1.0 (b@e)\r\n": false,
		"host login: ": false,
		"":             false,
	} {
		if r := console.Scan([]byte(text)); r.Bare != bare {
			t.Errorf("%q: bare %v", text, r.Bare)
		}
	}
}

// An application may say for its whole life what a check of a disk says in a boot.
func TestAnApplicationsWordsNeverMakeABoot(t *testing.T) {
	const up = "host login: \r\n[ 5000.1] x\r\n"
	judgeAll(t, []reading{
		{"an application", "[86400.1] x\r\n[86520.1] app[812]: 3 invoices will be checked\r\n", console.Quiet},
		{"an application after a login", up + "app[812]: 3 invoices will be checked\r\n", console.Quiet},
		{"a check of a disk", "[  700.1] x\r\n[  701.1] systemd-fsck[300]: /dev/sda1 has been mounted 40 times without being checked, check forced.\r\n", console.Booting},
	})
}
