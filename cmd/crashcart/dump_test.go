package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"crashcart/lab"
	"crashcart/lambda/aws/evidence"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/dump"
	"crashcart/lambda/domain/manifest"
)

// vmcore is a dump as kdump-tools writes it: flattened, of a kernel of Debian's.
func vmcore(size int) []byte {
	b := bytes.Repeat([]byte("memory of the host "), size/19+1)[:size]
	clear(b[:8<<10])
	copy(b, "makedumpfile\x00")
	copy(b[4112:], "KDUMP   ")
	copy(b[4112+8+4+2*65:], "6.1.0-56-cloud-amd64")
	return b
}

const (
	dmesgPath = "/var/crash/202611220440/dmesg.202611220440"
	dumpPath  = "/var/crash/202611220440/dump.202611220440"
)

func sumOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func (w *world) client() *s3.Client {
	return s3.NewFromConfig(w.lab.Config(), func(o *s3.Options) { o.UsePathStyle = true })
}

func (w *world) put(key string, body []byte) {
	w.t.Helper()
	_, err := w.client().PutObject(w.t.Context(), &s3.PutObjectInput{Bucket: &w.lab.BucketName, Key: &key, Body: bytes.NewReader(body)})
	if err != nil {
		w.t.Fatal(err)
	}
}

// brought puts files of a crash into the bucket, and gives them as the record has them.
func (w *world) brought(id string, files map[string][]byte) dump.Collection {
	w.t.Helper()
	c := dump.Collection{CaseID: id}
	for n, path := range []string{dmesgPath, dumpPath} {
		body, ok := files[path]
		if !ok {
			continue
		}
		f := dump.File{Path: path, Kind: dump.KindDump, Size: int64(len(body)), Modified: 1795322400}
		if path == dmesgPath {
			f.Kind = dump.KindDmesg
		}
		u := dump.Upload{File: f, Key: dump.Key(id, n, f), ID: "upload", PartSize: 16 << 20, Done: true, SHA256: sumOf(body)}
		w.put(u.Key, body)
		c.Uploads = append(c.Uploads, u)
	}
	return c
}

// came has a case end with these files in the bucket, and its manifest.
func (w *world) came(n int, finding cases.Finding, files map[string][]byte, change func(*cases.Followup)) string {
	w.t.Helper()
	id := w.claimed(n, time.Hour, false)
	w.put("cases/"+id+"/before/"+evidence.FileLatest, []byte("login:"))
	collected := w.brought(id, files)
	w.step(id, 10*time.Minute, func(f *cases.Followup) {
		complete(time.Hour)(f)
		f.Collect = cases.Collecting{BeganAt: f.Account.SentAt.Add(4 * time.Minute), Surveyed: true, Files: collected, EndedAt: f.Account.SentAt.Add(5 * time.Minute)}
		if change != nil {
			change(f)
		}
	})
	w.ends(id, 9*time.Minute, finding, "its dump was complete after 2m41s", "")
	r, err := w.book(0).CaseByID(w.t.Context(), id)
	if err == nil {
		err = evidence.Manifests{API: w.client(), Bucket: w.lab.BucketName}.Write(w.t.Context(), r, time.Now())
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// whole are the files of a crash that came home.
func whole() map[string][]byte {
	return map[string][]byte{dmesgPath: []byte("[    0.000000] Linux version 6.1.0-56-cloud-amd64\n"), dumpPath: vmcore(300_000)}
}

// inFolder are the files below a folder.
func inFolder(t *testing.T, folder string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(folder, func(name string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, strings.TrimPrefix(name, folder+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return names
}

func TestADumpIsFetchedByteForByte(t *testing.T) {
	w := newWorld(t, 0, lab.Options{}, lab.Function{})
	files, to := whole(), t.TempDir()
	id := w.came(0, cases.FindingDumped, files, nil)
	r := w.want(0, "its SHA-256 is right", "dump", id, "--to", to)
	want := []string{"dump/0-dmesg.202611220440", "dump/1-dump.202611220440", "manifest.json"}
	if got := inFolder(t, filepath.Join(to, id)); !slices.Equal(got, want) {
		t.Errorf("the folder has %q", got)
	}
	for name, path := range map[string]string{want[0]: dmesgPath, want[1]: dumpPath} {
		file := filepath.Join(to, id, name)
		if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, files[path]) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: others may read a host's memory: %v, %v", name, info.Mode(), err)
		}
	}
	for _, says := range []string{
		"    cd " + filepath.Join(to, id) + "\n", "makedumpfile -R 1-vmcore < " + want[1] + "\n", "crash VMLINUX 1-vmcore\n",
		"linux-image-6.1.0-56-cloud-amd64-dbg", "less " + want[0] + "\n",
	} {
		if !strings.Contains(r.stdout, says) {
			t.Errorf("%q is not in\n%s", says, r.stdout)
		}
	}
	w.want(0, "was here before", "dump", id, "--to", to)
	delete(w.env, "AWS_REGION") // a notification has the Region alone
	delete(w.env, "AWS_DEFAULT_REGION")
	w.want(0, "was here before", "dump", id, "--region", "eu-central-1", "--to", to)
	w.want(0, "before/console-latest.txt: console, 6 B", "dump", id, "--region", "eu-central-1", "--to", to, "--all")
	if got := inFolder(t, filepath.Join(to, id)); len(got) != 4 {
		t.Errorf("with --all the folder has %q", got)
	}
}

func TestAnotherRunGoesOnWhereTheFirstWasStopped(t *testing.T) {
	w := newWorld(t, 0, lab.Options{}, lab.Function{})
	files, to := whole(), t.TempDir()
	id := w.came(0, cases.FindingDumped, files, nil)
	part := filepath.Join(to, id, "dump", "1-dump.202611220440.part")
	if err := os.MkdirAll(filepath.Dir(part), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, have := range map[string][]byte{"a beginning": files[dumpPath][:100_000], "all of it": files[dumpPath], "more than all": append(bytes.Clone(files[dumpPath]), 'x')} {
		if err := os.WriteFile(part, have, 0o600); err != nil {
			t.Fatal(err)
		}
		w.want(0, "its SHA-256 is right", "dump", id, "--to", to)
		file := strings.TrimSuffix(part, ".part")
		if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, files[dumpPath]) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
}

// A dump that is not what the host has sent must never look like one.
func TestAWrongSumNeverGivesAFileItsName(t *testing.T) {
	w := newWorld(t, 0, lab.Options{}, lab.Function{})
	files, to := whole(), t.TempDir()
	id := w.came(0, cases.FindingDumped, files, nil)
	wrong := bytes.Clone(files[dumpPath])
	wrong[200_000] ^= 1
	w.put("cases/"+id+"/dump/1-dump.202611220440", wrong)
	r := w.want(exitFailed, "dump/1-dump.202611220440: the sum is not that of the manifest: what had come is deleted. Fetch it again", "dump", id, "--to", to)
	if got := inFolder(t, filepath.Join(to, id)); !slices.Equal(got, []string{"dump/0-dmesg.202611220440", "manifest.json"}) || strings.Contains(r.stdout, "crash VMLINUX") {
		t.Errorf("the folder has %q\n%s", got, r.stdout)
	}
	w.put("cases/"+id+"/dump/1-dump.202611220440", files[dumpPath][:1000])
	w.want(exitFailed, "the object is not as long as the manifest says", "dump", id, "--to", to)
}

func TestAnotherFileIsNeverOverwritten(t *testing.T) {
	w := newWorld(t, 0, lab.Options{}, lab.Function{})
	files, to := whole(), t.TempDir()
	id := w.came(0, cases.FindingDumped, files, nil)
	file := filepath.Join(to, id, "dump", "1-dump.202611220440")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	other := bytes.Repeat([]byte("x"), len(files[dumpPath]))
	for _, body := range [][]byte{[]byte("mine"), other} {
		if err := os.WriteFile(file, body, 0o600); err != nil {
			t.Fatal(err)
		}
		w.want(exitFailed, "another file is in its place: move "+file+" away, or give another folder with --to", "dump", id, "--to", to)
		if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, body) {
			t.Errorf("it has %d bytes now, %v", len(got), err)
		}
	}
}

// Whoever may write into the bucket may write a manifest. The command runs as a person with
// a home.
func TestNoManifestEverWritesOutsideOfItsFolder(t *testing.T) {
	w := newWorld(t, 0, lab.Options{}, lab.Function{})
	id := w.came(0, cases.FindingDumped, whole(), nil)
	to := filepath.Join(t.TempDir(), "a", "b")
	for _, name := range []string{"../../evil", "/tmp/evil", "dump/../../evil", ".bashrc", `..\\evil`, "a/./b", "manifest.json", "a//b", ""} {
		w.put(manifest.Key(id), fmt.Appendf(nil, `{"version":1,"case":%q,"instance":%q,"writtenAt":"2026-11-22T05:00:00Z","finding":"dumped",`+
			`"files":[{"key":"%s","kind":"dump","size":4,"path":"/x"}],"missing":[],"snapshots":[]}`, id, host(0), name))
		w.want(exitFailed, "is no name of a file here", "dump", id, "--to", to)
	}
	if _, err := os.Stat(to); !os.IsNotExist(err) {
		t.Errorf("%s was made: %v", to, err)
	}
	// Nor does a link that lies in the folder already.
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.MkdirAll(filepath.Join(to, id), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(outside, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(to, id, "dump")); err != nil {
		t.Fatal(err)
	}
	other := w.came(1, cases.FindingDumped, whole(), nil)
	if err := os.Rename(filepath.Join(to, id), filepath.Join(to, other)); err != nil {
		t.Fatal(err)
	}
	w.want(exitFailed, "path escapes", "dump", other, "--to", to)
	if got := inFolder(t, outside); len(got) > 0 {
		t.Errorf("written outside: %q", got)
	}
}

// One command needs two names of the stack, and either may be given.
func TestTheStackIsAskedForTableAndBucketAtOnce(t *testing.T) {
	w := newWorld(t, 0, lab.Options{}, lab.Function{})
	id, to := w.came(0, cases.FindingDumped, whole(), nil), t.TempDir()
	w.asked()
	for want, given := range map[int][][]string{
		1: {nil, {"--table", table}, {"--bucket", w.lab.BucketName}, {"--stack", config.StackName}, {"--stack", config.StackName, "--table", table}},
		0: {{"--table", table, "--bucket", w.lab.BucketName}},
	} {
		for _, args := range given {
			w.want(0, "dump, 300 kB", append([]string{"dump", id, "--to", to}, args...)...)
			if n := len(slices.DeleteFunc(w.asked(), func(op string) bool { return op != "DescribeStacks" })); n != want {
				t.Errorf("with %q the stack was asked %d times", args, n)
			}
		}
	}
	w.want(exitFailed, "there is no stack nowhere in eu-central-1: name it with --stack, its Region with --region, or the table with --table or CRASHCART_TABLE, "+
		"and the bucket with --bucket or CRASHCART_BUCKET", "dump", id, "--to", to, "--stack", "nowhere")
	w.want(exitFailed, "or the bucket with --bucket or CRASHCART_BUCKET\n", "dump", id, "--to", to, "--stack", "nowhere", "--table", table)
	w.asked()
	w.env[config.EnvTable], w.env[config.EnvBucket] = table, w.lab.BucketName
	w.want(0, "dump, 300 kB", "dump", id, "--to", to)
	if ops := w.asked(); slices.Contains(ops, "DescribeStacks") {
		t.Errorf("named by the environment it was asked: %q", ops)
	}
	w.env[config.EnvBucket] = ""
	w.want(exitUsage, "CRASHCART_BUCKET is empty: give it a value, or leave it out", "dump", id, "--to", to)
}
