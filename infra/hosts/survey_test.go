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
		"the memory ends in the middle of a segment": {
			func(h *host) { h.write("var/crash/a/vmcore", elf(9000)[:8999], time.Minute) },
			[]string{"incomplete vmcore"},
		},
		"an ELF that ends among its headers": {
			func(h *host) {
				b := elf(9000)
				b[56], b[57] = 0, 2 // 512 of them
				h.write("var/crash/a/vmcore", b, time.Minute)
			},
			[]string{"incomplete vmcore"},
		},
		"an ELF without a segment": {
			func(h *host) {
				h.write("var/crash/a/vmcore", append([]byte("\x7fELF\x02\x01"), make([]byte, 9000)...), time.Minute)
			},
			[]string{"incomplete vmcore"},
		},
		"an ELF whose flags say that it is incomplete": {
			func(h *host) {
				b, flat := elf(9000), flattened(9000)
				b[48] = 1
				h.write("var/crash/a/vmcore", b, time.Minute)
				copy(flat[4112:], "\x7fELF\x02\x01\x01\x00")
				flat[4112+48] = 1
				h.write("var/crash/a/vmcore.flat", flat, time.Minute)
			},
			[]string{"incomplete vmcore", "incomplete vmcore.flat"},
		},
		"it ends before its first page": {
			func(h *host) {
				b := kdump(9000)
				b[436] = 100 // blocks of bitmaps
				h.write("var/crash/a/vmcore", b, time.Minute)
			},
			[]string{"incomplete vmcore"},
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

// What other programs leave beside the dumps would take the places of what matters.
func TestAnotherProgramsFileIsNeverSpokenOf(t *testing.T) {
	h := newHost(t)
	for _, name := range []string{"abrt/ccpp-2026/coredump", "abrt/ccpp-2026/upload.tmp", "var/crash/a/core-incomplete", "var/crash/a/dumpe2fs.log", "var/crash/a/vmcore123456"} {
		h.write(name, kdump(9000), time.Minute)
	}
	if s := h.survey(); len(s.Files)+len(s.Skipped) > 0 {
		t.Errorf("%+v", s)
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
