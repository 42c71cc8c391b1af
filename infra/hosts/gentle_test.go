package hosts

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"crashcart/lambda/domain/dump"
)

// beside has the script keep a part beside the dump, as there is no room elsewhere.
func (h *host) beside() {
	h.stub("df", `case "$*" in *var/crash*) room=8000000 ;; *) room=0 ;; esac
printf 'Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/nvme0n1p1 8000000 0 %s 100%% /\n' $room`)
}

func TestAHostsOwnPagesAreNeverPushedOutOfItsMemory(t *testing.T) {
	t.Parallel()
	h, b, files, bodies := crashed(t, "curl")
	dd, err := exec.LookPath("dd")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ refuses, want string }{
		{"never", "iflag=nocache bs=1048576 count=1"},
		{"*nocache*", "bs=1048576 count=1"}, // a dd that does not know it must work as well
	} {
		asked := filepath.Join(h.root, "asked")
		h.stub("dd", `case "$*" in `+c.refuses+`) exit 1 ;; esac; echo "$*" >>`+asked+`; exec `+dd+` "$@"`)
		home(t, b, h.send(b.serve(mib, nil, files...), nil), files, bodies)
		text, err := os.ReadFile(asked)
		if err != nil || !strings.HasSuffix(string(text), c.want+"\n") {
			t.Errorf("dd was asked %q, %v", text, err)
		}
	}
}

func TestNothingIsSentAfterItsTime(t *testing.T) {
	t.Parallel()
	h, b, files, _ := crashed(t, "curl")
	r := h.send(b.serve(mib, nil, files...), map[string]string{"seconds": "0"})
	for _, f := range r.Files {
		if f.State != dump.StateLate || f.Parts != 0 || !f.State.Again() {
			t.Errorf("%+v", f)
		}
	}
	if len(r.Files) != 2 || len(b.tries) > 0 {
		t.Errorf("%d files, %v", len(r.Files), b.tries)
	}
}

func TestTwoScriptsNeverSendAtOnce(t *testing.T) {
	t.Parallel()
	h, b, files, bodies := crashed(t, "curl")
	url := b.serve(mib, nil, files...)
	var second dump.Report
	b.before = func(path string, _ int, _ http.ResponseWriter, _ *http.Request) bool {
		if path == "/0/1" {
			second = h.send(url, nil)
		}
		return false
	}
	first := h.send(url, nil)
	if second.Stopped != dump.StoppedBusy || len(second.Files) > 0 {
		t.Errorf("the second: %+v", second)
	}
	home(t, b, first, files, bodies)
}

// The agent kills a script that takes too long, and a host may crash again.
func TestAScriptThatWasKilledNeverBlocksTheNext(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(h *host){"in its own folder": func(*host) {}, "beside the dump": (*host).beside} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, b, files, bodies := crashed(t, "curl")
			prepare(h)
			h.stop(b.serve(mib, nil, files...), "/1/2", os.Kill)
			if len(h.leftovers()) == 0 {
				t.Fatal("the killed script has left nothing behind, so nothing is proved")
			}
			home(t, b, h.send(b.serve(mib, nil, files...), nil), files, bodies)
			if left := h.leftovers(); len(left) > 0 {
				t.Errorf("left on the host: %q", left)
			}
		})
	}
}

// A full disk keeps only the beginning of what a killed script has noted.
func TestAForsakenNoteNeverRemovesAnotherFolder(t *testing.T) {
	t.Parallel()
	for _, note := range []string{"/etc\n", "/etc", "/etc/crashcart-part.", "\n", ""} {
		t.Run(note, func(t *testing.T) {
			t.Parallel()
			h, b, files, bodies := crashed(t, "curl")
			kept := h.write("etc/fstab", []byte("kept"), 0)
			h.write("etc/crashcart-part./kept", []byte("kept"), 0)
			h.write("run/crashcart-collect/away", []byte(strings.Replace(note, "/etc", filepath.Dir(kept), 1)), 0)
			home(t, b, h.send(b.serve(mib, nil, files...), nil), files, bodies)
			for _, file := range []string{kept, filepath.Join(filepath.Dir(kept), "crashcart-part./kept")} {
				if _, err := os.Stat(file); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestAStoppedScriptLeavesNoMemoryOnTheDisk(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(h *host){"in its own folder": func(*host) {}, "beside the dump": (*host).beside} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, b, files, _ := crashed(t, "curl")
			prepare(h)
			h.stop(b.serve(mib, nil, files...), "/1/2", os.Interrupt)
			if left := h.leftovers(); len(left) > 0 {
				t.Errorf("left on the host: %q", left)
			}
		})
	}
}

// wget limits what it receives, not what it sends.
func TestTheRateIsNeverIgnored(t *testing.T) {
	t.Parallel()
	h, b, files, _ := crashed(t, "wget")
	h.send(b.serve(mib, nil, files...), map[string]string{"rate": strconv.Itoa(mib / 8)})
	text, err := os.ReadFile(filepath.Join(h.root, "slept"))
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Fields(string(text))
	if len(all) != 3 || all[0] != "8" && all[0] != "7" {
		t.Errorf("slept %q seconds after parts that take 8", all)
	}
	h, b, files, _ = crashed(t)
	h.stub("curl", `echo "$*" >>`+h.root+`/asked; exec /usr/bin/curl "$@"`)
	h.send(b.serve(mib, nil, files...), map[string]string{"rate": "987654321"})
	asked, err := os.ReadFile(filepath.Join(h.root, "asked"))
	if err != nil || strings.Count(string(asked), "--limit-rate 987654321 ") != 5 {
		t.Errorf("curl was asked %s, %v", asked, err)
	}
}

func TestADiskWithoutRoomIsNeverFilled(t *testing.T) {
	t.Parallel()
	h, b, files, _ := crashed(t, "curl")
	h.stub("df", `printf 'Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/nvme0n1p1 8000000 7999000 1000 100%% /\n'`)
	r := h.send(b.serve(mib, nil, files...), nil)
	small, _ := r.File(files[0].Path)
	large, _ := r.File(files[1].Path)
	if small.State != dump.StateSent || large.State != dump.StateNoRoom || !large.State.Again() {
		t.Errorf("%+v", r)
	}
}
