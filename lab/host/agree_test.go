package host

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"crashcart/infra/hosts"
	"crashcart/lab/clock"
	"crashcart/lab/fleet"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/dump"
)

// tree is a folder of this machine, on which the script that is deployed and the stand-in
// are to say the same.
type tree struct {
	t    *testing.T
	root string
}

func newTree(t *testing.T) *tree {
	t.Helper()
	for _, needed := range []string{"sh", "curl", "sha256sum", "od"} {
		if _, err := exec.LookPath(needed); err != nil {
			t.Skipf("this machine has no %s", needed)
		}
	}
	root, err := os.MkdirTemp("", "tree") // a test's own would have its name, with commas in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(root); err != nil {
			t.Error(err)
		}
	})
	return &tree{t, root}
}

// write makes a file that was last written so long ago.
func (tr *tree) write(name string, body []byte, ago time.Duration) string {
	tr.t.Helper()
	at := filepath.Join(tr.root, "crash", name)
	when := time.Now().Add(-ago)
	if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.WriteFile(at, body, 0o600), os.Chtimes(at, when, when)); err != nil {
		tr.t.Fatal(err)
	}
	return at
}

// disk reads the tree for the stand-in.
func (tr *tree) disk() Disk {
	tr.t.Helper()
	d := Disk{Folders: map[string]Owner{}, UID: os.Getuid()}
	err := filepath.WalkDir(tr.root, func(at string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Lstat(at)
		if err != nil {
			return err
		}
		stat, ok := info.Sys().(*syscall.Stat_t)
		if !ok {
			return errors.New("this machine's files have no owners")
		}
		owner := Owner{UID: int(stat.Uid), Mode: int(info.Mode().Perm())}
		if e.IsDir() {
			d.Folders[at] = owner
			return nil
		}
		d.Files = append(d.Files, File{
			Path: at, Size: info.Size(), Modified: info.ModTime().Unix(), Owner: owner, Links: int(stat.Nlink), Symlink: info.Mode()&fs.ModeSymlink != 0,
			Content: func() []byte {
				b, err := os.ReadFile(at)
				if err != nil {
					tr.t.Error(err)
				}
				return b
			},
		})
		return nil
	})
	if err != nil {
		tr.t.Fatal(err)
	}
	return d
}

// script runs the script for Linux of the document that is deployed, in the tree.
func (tr *tree) script(given map[string]string) string {
	tr.t.Helper()
	text, err := hosts.Collect()
	if err != nil {
		tr.t.Fatal(err)
	}
	var document struct {
		MainSteps []struct{ Inputs struct{ RunCommand []string } }
	}
	if err := json.Unmarshal(text, &document); err != nil {
		tr.t.Fatal(err)
	}
	script := strings.Join(document.MainSteps[0].Inputs.RunCommand, "\n") + "\n"
	for old, replaced := range map[string]string{
		"etc=/etc ": "etc=" + tr.root + "/etc ",
		"for place in /run /dev/shm /var/tmp /tmp;": "for place in " + tr.root + ";",
		"/var/spool/abrt\n":                         tr.root + "/abrt\n",
	} {
		if strings.Count(script, old) != 1 {
			tr.t.Fatalf("the script has %q %d times", old, strings.Count(script, old))
		}
		script = strings.Replace(script, old, replaced, 1)
	}
	cmd := exec.CommandContext(tr.t.Context(), "sh", "-c", "sleep() { :; }\n"+script)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	for name, value := range given {
		cmd.Env = append(cmd.Env, "SSM_"+name+"="+value)
	}
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		tr.t.Fatalf("%v: %s", err, said.String())
	}
	tr.t.Logf("%s", said.String())
	return string(out)
}

// mib is the least of which a part may be a multiple.
const mib = 1 << 20

// kdump is a dump that is not flattened.
func kdump(size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(i ^ i>>8)
	}
	copy(b, "KDUMP   ")
	b[424] = 2
	binary.LittleEndian.PutUint32(b[428:], 1024) // a block; the headers take one each, and the bitmaps two
	binary.LittleEndian.PutUint32(b[432:], 1)
	binary.LittleEndian.PutUint32(b[436:], 2)
	return b
}

// elf is a dump of 5,000 bytes with so many segments, of which the first has this size.
func elf(segments uint16, size uint64) []byte {
	b := make([]byte, 5000)
	copy(b, "\x7fELF\x02\x01")
	binary.LittleEndian.PutUint64(b[32:], 64)
	binary.LittleEndian.PutUint16(b[56:], segments)
	binary.LittleEndian.PutUint64(b[64+8:], 200)
	binary.LittleEndian.PutUint64(b[64+32:], size)
	return b
}

// flattened is a dump as the lab's guests write it.
func flattened(size int64) []byte {
	return fleet.File{Path: "/var/crash/202611220527/dump.202611220527", Size: size}.Content()
}

// trees are what hosts have on their disks.
var trees = map[string]func(*tree){
	"nothing": func(*tree) {},
	"what the lab's guests write": func(tr *tree) {
		for name, size := range map[string]int64{"a/dump.202611220527": 20_000, "a/dmesg.202611220527": 3000, "b/dump.202611220530": 0, "c/dump.202611220531": 104, "d/dump-incomplete": 9000} {
			tr.write(name, fleet.File{Path: "/var/crash/" + name, Size: size}.Content(), time.Minute)
		}
	},
	"every kind and name": func(tr *tree) {
		for _, name := range []string{
			"vmcore", "vmcore.flat", "vmcore-dmesg.txt", "dmesg.txt", "dmesg.x", "dmesg.1", "dump.1", "dump.x", "dump", "vmcore-incomplete",
			"vmcore.flat.tmp", "vmcore.part", "vmcore1", "vmcore12", "vmcore123", "dump.1.tmp", "dump.tmp", "incomplete", "dmesg-incomplete", "x.part", "vmcore-dmesg-incomplete.txt", "README.txt", "kexec-dmesg.log", ".vmcore",
		} {
			tr.write("127.0.0.1-2026-11-22-05:27:28/"+name, kdump(9000), time.Hour)
		}
		tr.write("vmcore", kdump(9000), time.Hour)
		tr.write("vmcore.zst", []byte("\x28\xb5\x2f\xfd and more"), time.Hour)
		tr.write("vmcorex", kdump(9000), time.Hour)
		tr.write(".hidden/vmcore", kdump(9000), time.Hour)
		tr.write("too/deep/vmcore", kdump(9000), time.Hour)
	},
	"the order of a shell": func(tr *tree) {
		for _, dir := range []string{"a", "a-b", "a.b", "a:b", "B", "1"} {
			tr.write(dir+"/vmcore", kdump(9000), time.Hour)
		}
	},
	"content": func(tr *tree) {
		unfinished, status := kdump(9000), flattened(12<<10)
		noPages := kdump(9000)
		binary.LittleEndian.PutUint32(noPages[436:], 7)
		unfinished[424] |= 8
		status[4112+424] |= 8
		for name, body := range map[string][]byte{
			"elf": elf(1, 4000), "long-elf": elf(1, 6000), "no-segments": elf(0, 0), "many-segments": elf(4097, 0), "flagged-elf": append(elf(1, 4000)[:48:48], append([]byte{1}, elf(1, 4000)[49:]...)...),
			"elf32": append([]byte("\x7fELF\x01\x01"), make([]byte, 5000)...), "short-elf": []byte("\x7fELF"), "short": kdump(4096), "diskdump": append([]byte("DISKDUMP"), make([]byte, 5000)...),
			"unfinished": unfinished, "no-pages": noPages, "unfinished-flat": status, "cut": flattened(12 << 10)[:9000], "whole": flattened(12 << 10), "text": []byte("hello"), "one": []byte("K"),
			"gzip": []byte("\x1f\x8b\x08"), "empty": nil,
		} {
			tr.write(name+"/vmcore", body, time.Hour)
		}
	},
	"times": func(tr *tree) {
		tr.write("before/vmcore", kdump(9000), 3*time.Hour)
		tr.write("busy/vmcore", kdump(9000), 0)
		tr.write("future/vmcore", kdump(9000), -5*time.Hour)
	},
	"others' files": func(tr *tree) {
		at := tr.write("a/vmcore", kdump(9000), time.Hour)
		open := tr.write("open/vmcore", kdump(9000), time.Hour)
		group := tr.write("b/vmcore", kdump(9000), time.Hour)
		tr.write("c/vmcore", kdump(9000), time.Hour)
		err := errors.Join(os.Chmod(filepath.Dir(open), 0o777), os.Chmod(group, 0o660), os.Symlink(at, filepath.Join(tr.root, "crash/c/vmcore.1")), os.Link(at, filepath.Join(tr.root, "crash/c/vmcore.2")))
		if err != nil {
			tr.t.Fatal(err)
		}
	},
	"a name that would have to be quoted": func(tr *tree) { tr.write(`a","x/vmcore`, kdump(9000), time.Hour) },
	"more than are taken": func(tr *tree) {
		for i := range 30 {
			tr.write(strconv.Itoa(i)+"/vmcore", kdump(9000), time.Hour)
			tr.write(strconv.Itoa(i)+"/dump-incomplete", nil, time.Hour)
		}
	},
}

func TestTheStandInListsWhatTheScriptLists(t *testing.T) {
	for name, fill := range trees {
		t.Run(name, func(t *testing.T) {
			tr := newTree(t)
			fill(tr)
			crash, since := filepath.Join(tr.root, "crash"), time.Now().Add(-2*time.Hour).Unix()
			want := tr.script(map[string]string{
				config.CollectStep: dump.StepSurvey, config.CollectSince: strconv.FormatInt(since, 10), config.CollectManifest: "",
				config.CollectSeconds: "60", config.CollectRate: "0", config.CollectDirectory: crash,
			})
			s := survey{disk: tr.disk(), places: []string{crash, tr.root + "/abrt"}, since: since, now: time.Now().Unix()}
			if got := s.answer(); got != want {
				t.Errorf("the stand-in says\n%sand the script\n%s", got, want)
			}
			if _, err := dump.ParseSurvey(want); err != nil {
				t.Error(err)
			}
		})
	}
}

// bucket takes parts, or refuses them.
type bucket struct {
	*httptest.Server
	manifest []byte
	status   func(path string, nth int) int // may be nil
	on       func(path string)              // before a part is answered; may be nil

	mu    sync.Mutex
	asked map[string]int
	got   map[string][]byte
}

func newBucket(t *testing.T) *bucket {
	t.Helper()
	b := &bucket{asked: map[string]int{}, got: map[string][]byte{}}
	b.Server = httptest.NewServer(b)
	t.Cleanup(b.Close)
	return b
}

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock() // also for what the test has set: no Go tells the script that it may begin
	defer b.mu.Unlock()
	if r.Method == http.MethodGet {
		if b.manifest == nil {
			w.WriteHeader(http.StatusForbidden)
		}
		_, _ = w.Write(b.manifest)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	b.asked[r.URL.Path]++
	if b.on != nil {
		b.on(r.URL.Path)
	}
	if b.status != nil {
		if status := b.status(r.URL.Path, b.asked[r.URL.Path]); status != http.StatusOK {
			w.WriteHeader(status)
			return
		}
	}
	b.got[r.URL.Path] = body
}

// ask makes the manifest of some files, in parts of this size, of which some have arrived.
func (b *bucket) ask(t *testing.T, files []dump.File, part int64, arrived ...string) {
	t.Helper()
	m := dump.Manifest{Version: dump.Version, CaseID: "i-0a1b2c3d4e5f60718-0123456789abcdef"}
	for i, f := range files {
		mf := dump.ManifestFile{File: f, PartSize: part}
		for _, p := range dump.Parts(f.Size, part) {
			mp := dump.ManifestPart{Number: p.Number, Size: p.Size, URL: fmt.Sprintf("%s/%d/%d", b.URL, i, p.Number)}
			for _, a := range arrived {
				if strings.HasSuffix(mp.URL, a) {
					mp.Sent, mp.URL = true, ""
				}
			}
			mf.Parts = append(mf.Parts, mp)
		}
		m.Files = append(m.Files, mf)
	}
	var err error
	if b.manifest, err = m.Encode(); err != nil {
		t.Fatal(err)
	}
}

// sendings are what may happen while files are sent.
var sendings = map[string]struct {
	arrived []string
	status  func(path string, nth int) int
	change  func(tr *tree, files []dump.File)                // before it begins
	on      func(tr *tree, files []dump.File) func(p string) // while it sends
	none    bool                                             // there is no manifest
}{
	"all goes well": {},
	"some parts have arrived": {
		arrived: []string{"/0/1", "/1/2"},
	},
	"S3 fails twice": {
		status: func(_ string, nth int) int { return map[bool]int{true: 503, false: 200}[nth < 3] },
	},
	"S3 fails":                 {status: func(string, int) int { return http.StatusServiceUnavailable }},
	"too many requests, twice": {status: func(_ string, nth int) int { return map[bool]int{true: 429, false: 200}[nth < 3] }},
	"the URL has expired": {status: func(p string, _ int) int {
		if p == "/1/2" {
			return http.StatusForbidden
		}
		return http.StatusOK
	}},
	"one has changed": {change: func(tr *tree, files []dump.File) {
		if err := os.WriteFile(files[1].Path, kdump(9001), 0o600); err != nil {
			tr.t.Fatal(err)
		}
	}},
	"one has gone": {change: func(tr *tree, files []dump.File) {
		if err := os.Remove(files[0].Path); err != nil {
			tr.t.Fatal(err)
		}
	}},
	"one changes": {on: func(tr *tree, files []dump.File) func(string) {
		return func(p string) {
			if p != "/1/1" {
				return
			}
			if err := os.Chtimes(files[1].Path, time.Now(), time.Now().Add(time.Hour)); err != nil {
				tr.t.Error(err)
			}
		}
	}},
	"no manifest": {none: true},
}

// seconds are the only part of an answer in which the two may differ.
var seconds = regexp.MustCompile(`"seconds":\d+`)

func TestTheStandInSendsWhatTheScriptSends(t *testing.T) {
	for name, c := range sendings {
		t.Run(name, func(t *testing.T) {
			type outcome struct {
				answer string
				got    map[string][]byte
				asked  map[string]int
			}
			play := func(run func(tr *tree, url string) string) outcome {
				tr, b := newTree(t), newBucket(t)
				files := []dump.File{
					{Path: tr.write("a/dmesg.1", []byte("Kernel panic\n"), time.Hour), Kind: dump.KindDmesg, Size: 13},
					{Path: tr.write("a/dump.1", flattened(2*mib+20_000), time.Hour), Kind: dump.KindDump, Size: 2*mib + 20_000},
					{Path: tr.write("b/vmcore", kdump(8192), time.Hour), Kind: dump.KindDump, Size: 8192},
				}
				for i := range files {
					info, err := os.Stat(files[i].Path)
					if err != nil {
						t.Fatal(err)
					}
					files[i].Modified = info.ModTime().Unix()
				}
				b.mu.Lock()
				if !c.none {
					b.ask(t, files, mib, c.arrived...)
				}
				if b.status = c.status; c.change != nil {
					c.change(tr, files)
				}
				if c.on != nil {
					b.on = c.on(tr, files)
				}
				b.mu.Unlock()
				answer := run(tr, b.URL+"/manifest")
				answer = seconds.ReplaceAllString(strings.ReplaceAll(answer, tr.root, ""), `"seconds":0`)
				b.Close() // an answer may reach the script before the bucket has noted it
				return outcome{answer, b.got, b.asked}
			}
			want := play(func(tr *tree, url string) string {
				return tr.script(map[string]string{
					config.CollectStep: dump.StepSend, config.CollectSince: "0", config.CollectManifest: url,
					config.CollectSeconds: "60", config.CollectRate: "0", config.CollectDirectory: tr.root + "/crash",
				})
			})
			got := play(func(tr *tree, url string) string {
				s := &send{
					manifest: url, seconds: 60, places: []string{tr.root + "/crash"}, disk: tr.disk, client: http.DefaultClient, now: time.Now,
					sleep: func(context.Context, time.Duration) error { return nil },
				}
				answer, err := s.answer(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				return answer
			})
			if got.answer != want.answer {
				t.Errorf("the stand-in says\n%sand the script\n%s", got.answer, want.answer)
			}
			if !maps.Equal(got.asked, want.asked) || !maps.EqualFunc(got.got, want.got, bytes.Equal) {
				t.Errorf("the stand-in sends %v, and the script %v", got.asked, want.asked)
			}
			if _, err := dump.ParseReport(want.answer); err != nil && !strings.Contains(want.answer, `"path":"/crash`) {
				t.Error(err)
			}
		})
	}
}

// The stand-in takes the script alone that is deployed.
func TestAGuestRunsNoOtherScript(t *testing.T) {
	c := clock.NewManual(time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC))
	f := fleet.New(c)
	t.Cleanup(f.Close)
	h, err := New(f, c)
	if err != nil {
		t.Fatal(err)
	}
	if _, known := h.Shell(t.Context(), "i-0", "export SSM_step='survey'\n"+h.bodies[config.CollectLinux]+"reboot\n"); known {
		t.Error("it runs another script")
	}
}
