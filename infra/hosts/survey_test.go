package hosts

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/dump"
)

func listed(s dump.Survey) []string {
	var out []string
	for _, f := range s.Files {
		out = append(out, string(f.Kind)+" "+filepath.Base(filepath.Dir(f.Path))+"/"+filepath.Base(f.Path))
	}
	return out
}

func leftOut(s dump.Survey) []string {
	var out []string
	for _, x := range s.Skipped {
		out = append(out, x.Why+" "+filepath.Base(x.Path))
	}
	slices.Sort(out)
	return out
}

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
		"Red Hat and Amazon Linux": {
			map[string][]byte{
				"var/crash/127.0.0.1-2026-11-22-05:27:28/vmcore": kdump(9000), "var/crash/127.0.0.1-2026-11-22-05:27:28/vmcore-dmesg.txt": log,
				"var/crash/127.0.0.1-2026-11-22-05:27:28/kexec-dmesg.log": log,
			},
			[]string{"dmesg 127.0.0.1-2026-11-22-05:27:28/vmcore-dmesg.txt", "dump 127.0.0.1-2026-11-22-05:27:28/vmcore"},
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
		"abrt has moved it": {
			map[string][]byte{"abrt/vmcore-127.0.0.1-2026/vmcore": kdump(9000)},
			[]string{"dump vmcore-127.0.0.1-2026/vmcore"},
		},
		"compressed": {
			map[string][]byte{"var/crash/202611220527/dump.202611220527": append([]byte("\x1f\x8b\x08"), log...), "var/crash/202611220527/vmcore.zst": append([]byte("\x28\xb5\x2f\xfd"), log...)},
			[]string{"dump 202611220527/dump.202611220527", "dump 202611220527/vmcore.zst"},
		},
		"all memory, not filtered": {
			map[string][]byte{"var/crash/202611220527/vmcore.202611220527": append([]byte("\x7fELF"), make([]byte, 9000)...)},
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

func TestWhatIsNoWholeDumpOfThisCrashIsNeverListed(t *testing.T) {
	good := flattened(9000)
	truncated := flattened(9000)[:8000]
	status := kdump(9000)
	status[424] |= 0x08
	statusFlat := flattened(9000)
	statusFlat[4096+16+424] |= 0x08
	for name, c := range map[string]struct {
		make func(h *host)
		want []string
	}{
		"still named incomplete": {
			func(h *host) {
				h.write("var/crash/a/dump-incomplete", good, time.Minute)
				h.write("var/crash/b/vmcore-incomplete", kdump(9000), time.Minute)
				h.write("var/crash/b/vmcore-dmesg-incomplete.txt", []byte("x"), time.Minute)
			},
			[]string{"incomplete dump-incomplete", "incomplete vmcore-dmesg-incomplete.txt", "incomplete vmcore-incomplete"},
		},
		"the disk was full, and kdump-tools says that it saved the dump": {
			func(h *host) { h.write("var/crash/a/dump.202611220527", nil, time.Minute) },
			[]string{"empty dump.202611220527"},
		},
		"makedumpfile died, and kdump-tools says that it saved the dump": {
			func(h *host) { h.write("var/crash/a/dump.202611220527", good[:104], time.Minute) },
			[]string{"incomplete dump.202611220527"},
		},
		"a stream without its end": {
			func(h *host) { h.write("var/crash/a/vmcore.flat", truncated, time.Minute) },
			[]string{"incomplete vmcore.flat"},
		},
		"its own header says that it is incomplete": {
			func(h *host) {
				h.write("var/crash/a/vmcore", status, time.Minute)
				h.write("var/crash/a/dump.202611220527", statusFlat, time.Minute)
			},
			[]string{"incomplete dump.202611220527", "incomplete vmcore"},
		},
		"an empty dmesg": {
			func(h *host) { h.write("var/crash/a/dmesg.202611220527", nil, time.Minute) },
			[]string{"empty dmesg.202611220527"},
		},
		"no dump at all": {
			func(h *host) { h.write("var/crash/a/vmcore", []byte(strings.Repeat("hello ", 2000)), time.Minute) },
			[]string{"not-a-dump vmcore"},
		},
		"from before the interrupt": {
			func(h *host) { h.write("var/crash/a/vmcore", kdump(9000), -time.Minute) }, nil,
		},
		"still being written": {
			func(h *host) { h.write("var/crash/a/vmcore", kdump(9000), time.Since(h.started)) },
			[]string{"busy vmcore"},
		},
		"a link to somebody's secret": {
			func(h *host) {
				secret := h.write("etc/shadow", kdump(9000), time.Minute)
				if err := os.MkdirAll(filepath.Join(h.crash, "a"), 0o755); err != nil {
					h.t.Fatal(err)
				}
				if err := os.Symlink(secret, filepath.Join(h.crash, "a/vmcore")); err != nil {
					h.t.Fatal(err)
				}
				if err := os.Link(secret, filepath.Join(h.crash, "a/vmcore.1")); err != nil {
					h.t.Fatal(err)
				}
			},
			[]string{"not-ours vmcore", "not-ours vmcore.1"},
		},
		"in a folder that every user may write to": {
			func(h *host) {
				h.write("var/crash/a/vmcore", kdump(9000), time.Minute)
				if err := os.Chmod(filepath.Join(h.crash, "a"), 0o777); err != nil {
					h.t.Fatal(err)
				}
			},
			[]string{"not-ours vmcore"},
		},
		"a name that would have to be quoted": {
			func(h *host) { h.write("var/crash/a\",\"x/vmcore", kdump(9000), time.Minute) },
			[]string{"name ."},
		},
	} {
		for shell, args := range shells(t) {
			t.Run(name+"/"+shell, func(t *testing.T) {
				t.Parallel()
				h := newHost(t)
				h.shell = args
				c.make(h)
				s := h.survey()
				if len(s.Files) > 0 {
					t.Errorf("listed %q", listed(s))
				}
				if got := leftOut(s); !slices.Equal(got, c.want) {
					t.Errorf("left out %q, want %q", got, c.want)
				}
			})
		}
	}
}

func TestAFolderOfAnotherUserIsNeverBelieved(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can give a file away")
	}
	h := newHost(t)
	at := h.write("var/crash/a/vmcore", kdump(9000), time.Minute)
	if err := os.Chown(filepath.Dir(at), 1000, 1000); err != nil {
		t.Fatal(err)
	}
	if s := h.survey(); len(s.Files) > 0 || !slices.Equal(leftOut(s), []string{"not-ours vmcore"}) {
		t.Errorf("%+v", s)
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

func TestManyFilesNeverMakeAnAnswerThatIsNotTaken(t *testing.T) {
	h := newHost(t)
	for i := range 30 {
		dir := "var/crash/" + string(rune('a'+i%26)) + strings.Repeat("x", i)
		h.write(dir+"/vmcore", kdump(9000), time.Minute)
		h.write(dir+"/dump-incomplete", nil, time.Minute)
	}
	s := h.survey()
	if len(s.Files) != dump.MaxFiles || len(s.Skipped) != dump.MaxSkipped {
		t.Errorf("%d files, %d left out", len(s.Files), len(s.Skipped))
	}
}

func TestAnUnknownStepNeverDoesAnything(t *testing.T) {
	h := newHost(t)
	for _, parameters := range []map[string]string{
		{"step": "other"},
		{"step": ""},
		{"step": dump.StepSurvey, "since": "1; touch " + h.root + "/owned"},
		{"step": dump.StepSurvey, "directory": "/var/crash; touch " + h.root + "/owned"},
		{"step": dump.StepSurvey, "directory": "$(touch " + h.root + "/owned)"},
	} {
		if out := h.run(parameters); out != "" {
			t.Errorf("%v: %q", parameters, out)
		}
	}
	if _, err := os.Stat(filepath.Join(h.root, "owned")); err == nil {
		t.Error("a parameter reached a shell")
	}
}
