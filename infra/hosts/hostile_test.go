package hosts

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/dump"
)

// Whoever can write the manifest could otherwise read any file of the host.
func TestALinkIsNeverFollowedWhateverTheManifestSays(t *testing.T) {
	t.Parallel()
	h, b, _, _ := crashed(t, "curl")
	secret := h.write("etc/shadow", []byte("root:x"), time.Minute)
	at := filepath.Join(h.crash, "202611220527/vmcore")
	if err := os.Symlink(secret, at); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(secret)
	if err != nil {
		t.Fatal(err)
	}
	f := dump.File{Path: at, Kind: dump.KindDump, Size: info.Size(), Modified: info.ModTime().Unix()}
	if r := h.send(b.serve(mib, nil, f), nil); r.Files[0].State != dump.StateChanged || len(b.arrived()) > 0 {
		t.Errorf("%+v, and %q arrived", r, b.arrived())
	}
}

// The script would be a means to read any file of root's, whoever writes the manifest.
func TestAFileThatNoSurveyListsIsNeverSentWhateverTheManifestSays(t *testing.T) {
	t.Parallel()
	h, b, _, _ := crashed(t, "curl")
	log := []byte("root:x:0:0")
	for name, body := range map[string][]byte{
		"etc/shadow":                        log,
		"etc/dmesg.0":                       log,           // in no folder of dumps
		"var/crash/a/b/dmesg.0":             log,           // too deep
		"var/crash/a/private.key":           log,           // no name of a dump
		"var/crash/a/vmcore":                []byte("ssh"), // no content of a dump
		"var/crash/a/vmcore.flat":           flattened(9000)[:8000],
		"var/crash/a/dump-incomplete":       flattened(9000),
		"root/vmcore":                       kdump(9000),
		"var/crash/202611220527/vmcore.tmp": kdump(9000),
	} {
		at := h.write(name, body, time.Minute)
		f := dump.File{Path: at, Kind: dump.KindDump, Size: int64(len(body)), Modified: h.started.Add(time.Minute).Unix()}
		if r := h.send(b.serve(mib, nil, f), nil); len(r.Files) != 1 || r.Files[0].State != dump.StateChanged || len(b.arrived()) > 0 {
			t.Errorf("%s: %+v, and %q arrived", name, r, b.arrived())
		}
	}
}

// curl can write to files, and reads its URLs from a configuration.
func TestNothingButAURLIsEverSentTo(t *testing.T) {
	t.Parallel()
	h, b, files, _ := crashed(t, "curl")
	secret := h.write("etc/victim", []byte("before"), 0)
	url := b.serve(mib, nil, files...)
	for _, other := range []string{"file://" + secret, "ftp://127.0.0.1/a", secret, "http://", "-", "http://127.0.0.1/a b", `http://127.0.0.1/a\`, "http://127.0.0.1/{a,b}", "http://127.0.0.1/[1-9]"} {
		var m dump.Manifest
		if err := json.Unmarshal(b.manifest, &m); err != nil {
			t.Fatal(err)
		}
		was := b.manifest
		b.manifest = bytes.ReplaceAll(was, []byte(`"`+m.Files[0].Parts[0].URL+`"`), []byte(`"`+other+`"`))
		if r := h.send(url, nil); r.Stopped != dump.StoppedBadRequest || len(b.tries) > 0 {
			t.Errorf("%s: %+v, %v", other, r, b.tries)
		}
		b.manifest = was
	}
	manifest := h.write("etc/manifest", b.manifest, 0)
	for _, other := range []string{"file://" + manifest, manifest} {
		if r := h.send(other, nil); r.Stopped != dump.StoppedNoManifest {
			t.Errorf("the manifest from %s: %+v", other, r)
		}
	}
	if text, err := os.ReadFile(secret); err != nil || string(text) != "before" {
		t.Errorf("it was written to: %q, %v", text, err)
	}
}

func TestAPartIsNeverWrittenThroughAnothersLink(t *testing.T) {
	t.Parallel()
	h, b, files, _ := crashed(t, "curl")
	h.beside()
	h.script = strings.Replace(h.script, "crashcart-part.$$", "crashcart-part.7", 1)
	victim := h.write("etc/victim", []byte("before"), 0)
	if err := os.Symlink(victim, filepath.Join(filepath.Dir(files[1].Path), "crashcart-part.7")); err != nil {
		t.Fatal(err)
	}
	r := h.send(b.serve(mib, nil, files...), nil)
	if text, err := os.ReadFile(victim); err != nil || string(text) != "before" {
		t.Errorf("it was written to: %d bytes, %v", len(text), err)
	}
	if got, _ := r.File(files[1].Path); got.State != dump.StateNoRoom {
		t.Errorf("%+v", got)
	}
}

// Between the survey and now, somebody may have opened the folder.
func TestAFolderThatWasOpenedIsNeverSentFrom(t *testing.T) {
	t.Parallel()
	h, b, files, _ := crashed(t, "curl")
	if err := os.Chmod(files[1].Path, 0o666); err != nil {
		t.Fatal(err)
	}
	if r := h.send(b.serve(mib, nil, files[1:]...), nil); r.Files[0].State != dump.StateChanged || len(b.arrived()) > 0 {
		t.Errorf("a file that all may write to: %+v, and %q arrived", r, b.arrived())
	}
	if err := os.Chmod(filepath.Dir(files[0].Path), 0o777); err != nil {
		t.Fatal(err)
	}
	if r := h.send(b.serve(mib, nil, files[:1]...), nil); r.Files[0].State != dump.StateChanged || len(b.arrived()) > 0 {
		t.Errorf("a folder that all may write to: %+v, and %q arrived", r, b.arrived())
	}
}
