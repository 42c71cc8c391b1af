package hosts

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestNoFamilysDumpIsOverlooked(t *testing.T) {
	log := []byte("Kernel panic - not syncing: NMI: Not continuing\n")
	for name, c := range map[string]struct {
		files map[string][]byte
		want  []string
	}{
		"Debian and Ubuntu": {
			map[string][]byte{
				"var/crash/202611220527/dmesg.202611220527": log, "var/crash/202611220527/dump.202611220527": flattened(9000),
				"var/crash/kexec_cmd": []byte("kexec"), "var/crash/linux-image-6.1.crash": []byte("ProblemType"),
			},
			[]string{"dmesg 202611220527/dmesg.202611220527", "dump 202611220527/dump.202611220527"},
		},
		"Ubuntu 24.04, whose apport has put a report beside it": {
			map[string][]byte{
				"var/crash/202611220527/dmesg.202611220527": log, "var/crash/202611220527/dump.202611220527": kdump(9000),
				"var/crash/linux-image-6.8.0-48-generic-202611220527.crash": log, "var/crash/_usr_bin_python3.12.1000.crash": log,
				"var/crash/kdump_lock": nil, "var/crash/kexec_cmd": log,
			},
			[]string{"dmesg 202611220527/dmesg.202611220527", "dump 202611220527/dump.202611220527"},
		},
		"Red Hat and Amazon Linux": {
			map[string][]byte{
				"var/crash/127.0.0.1-2026-11-22-05:27:28/vmcore": kdump(9000), "var/crash/127.0.0.1-2026-11-22-05:27:28/vmcore-dmesg.txt": log,
				"var/crash/127.0.0.1-2026-11-22-05:27:28/kexec-dmesg.log": log,
			},
			[]string{"dmesg 127.0.0.1-2026-11-22-05:27:28/vmcore-dmesg.txt", "dump 127.0.0.1-2026-11-22-05:27:28/vmcore"},
		},
		"Amazon Linux 2, which has no log of the capture kernel": {
			map[string][]byte{"var/crash/127.0.0.1-2026-11-22-05:27:01/vmcore": kdump(9000), "var/crash/127.0.0.1-2026-11-22-05:27:01/vmcore-dmesg.txt": log},
			[]string{"dmesg 127.0.0.1-2026-11-22-05:27:01/vmcore-dmesg.txt", "dump 127.0.0.1-2026-11-22-05:27:01/vmcore"},
		},
		"Red Hat, sent as a stream": {
			map[string][]byte{"var/crash/127.0.0.1-2026-11-22-05:27:28/vmcore.flat": flattened(9000)},
			[]string{"dump 127.0.0.1-2026-11-22-05:27:28/vmcore.flat"},
		},
		"SUSE": {
			map[string][]byte{
				"var/crash/2026-11-22-05:27/vmcore": kdump(9000), "var/crash/2026-11-22-05:27/dmesg.txt": log,
				"var/crash/2026-11-22-05:27/README.txt": log, "var/crash/2026-11-22-05:27/System.map-6.4.0": log,
			},
			[]string{"dmesg 2026-11-22-05:27/dmesg.txt", "dump 2026-11-22-05:27/vmcore"},
		},
		"SUSE, split in pieces": {
			map[string][]byte{"var/crash/2026-11-22-05:27/vmcore1": kdump(9000), "var/crash/2026-11-22-05:27/vmcore12": kdump(9000), "var/crash/2026-11-22-05:27/dmesg.txt": log},
			[]string{"dmesg 2026-11-22-05:27/dmesg.txt", "dump 2026-11-22-05:27/vmcore1", "dump 2026-11-22-05:27/vmcore12"},
		},
		"abrt has moved it": {
			map[string][]byte{"abrt/vmcore-127.0.0.1-2026/vmcore": kdump(9000)},
			[]string{"dump vmcore-127.0.0.1-2026/vmcore"},
		},
		"compressed": {
			map[string][]byte{"var/crash/202611220527/dump.202611220527": append([]byte("\x1f\x8b\x08"), log...), "var/crash/202611220527/vmcore.zst": append([]byte("\x28\xb5\x2f\xfd"), log...)},
			[]string{"dump 202611220527/dump.202611220527", "dump 202611220527/vmcore.zst"},
		},
		"all memory, not filtered": {
			map[string][]byte{"var/crash/202611220527/vmcore.202611220527": elf(9000)},
			[]string{"dump 202611220527/vmcore.202611220527"},
		},
		"a flattened ELF": {
			map[string][]byte{"var/crash/a/vmcore": func() []byte {
				b := flattened(9000)
				copy(b[4112:], "\x7fELF\x02\x01\x01\x00")
				b[4536] = 0x0f
				return b
			}()},
			[]string{"dump a/vmcore"},
		},
		"two dumps at once": {
			map[string][]byte{"var/crash/202611220527/dump.202611220527": flattened(9000), "var/crash/202611220531/dump.202611220531": flattened(9100)},
			[]string{"dump 202611220527/dump.202611220527", "dump 202611220531/dump.202611220531"},
		},
		"nothing": {nil, nil},
	} {
		for shell, args := range shells(t) {
			t.Run(name+"/"+shell, func(t *testing.T) {
				t.Parallel()
				h := newHost(t)
				h.shell = args
				for file, body := range c.files {
					h.write(file, body, time.Minute)
				}
				if got := listed(h.survey()); !slices.Equal(got, c.want) {
					t.Errorf("listed %q, want %q", got, c.want)
				}
			})
		}
	}
}

// Ubuntu's /var/crash is open to every user, and hands its group down.
func TestADumpInUbuntusOpenFolderIsNotOverlooked(t *testing.T) {
	h := newHost(t)
	at := h.write("var/crash/202611220527/dump.202611220527", kdump(9000), time.Minute)
	h.write("var/crash/vmcore", kdump(9000), time.Minute) // anybody may have put it there
	for dir, mode := range map[string]os.FileMode{
		h.crash: 0o777 | os.ModeSticky | os.ModeSetgid, filepath.Dir(at): 0o755 | os.ModeSetgid,
	} {
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
	}
	s := h.survey()
	if got := listed(s); !slices.Equal(got, []string{"dump 202611220527/dump.202611220527"}) {
		t.Errorf("listed %q", got)
	}
	if got := leftOut(s); !slices.Equal(got, []string{"not-ours vmcore"}) {
		t.Errorf("left out %q", got)
	}
}

// The capture kernel may have had another clock.
func TestADumpFromTheFutureIsNotTakenForBusy(t *testing.T) {
	h := newHost(t)
	h.write("var/crash/a/vmcore", kdump(9000), 5*time.Hour)
	if s := h.survey(); len(s.Files) != 1 {
		t.Errorf("%+v", s)
	}
}

func TestADumpInAConfiguredFolderIsNotOverlooked(t *testing.T) {
	for file, text := range map[string]string{
		"etc/kdump.conf":          "#path /var/other\npath %s\ncore_collector makedumpfile -l\n",
		"etc/default/kdump-tools": "USE_KDUMP=1\n#KDUMP_COREDIR=\"/var/other\"\nKDUMP_COREDIR=\"%s\"\n",
		"etc/sysconfig/kdump":     "KDUMP_SAVEDIR=\"file://%s\"\n",
	} {
		t.Run(file, func(t *testing.T) {
			h := newHost(t)
			h.write(file, []byte(strings.ReplaceAll(text, "%s", h.root+"/data/dumps")), 0)
			h.write("data/dumps/a/vmcore", kdump(9000), time.Minute)
			if s := h.survey(); !slices.Equal(listed(s), []string{"dump a/vmcore"}) {
				t.Errorf("%+v", s)
			}
		})
	}
}
