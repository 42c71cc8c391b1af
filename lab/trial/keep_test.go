package trial

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"crashcart/lab/fleet"
)

// sh runs a script as the guest's agent does, on this machine.
func sh(ctx context.Context, script string) (fleet.ProcessResult, error) {
	var out, complaint bytes.Buffer
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", script)
	cmd.Stdout, cmd.Stderr = &out, &complaint
	err := cmd.Run()
	if _, ended := errors.AsType[*exec.ExitError](err); ended {
		err = nil
	}
	return fleet.ProcessResult{ExitCode: cmd.ProcessState.ExitCode(), Stdout: out.Bytes(), Stderr: complaint.Bytes()}, err
}

// saved writes a file as a crash leaves one, and gives what the guest says of it.
func saved(t *testing.T, size int) (File, []byte) {
	t.Helper()
	content := bytes.Repeat([]byte("0123456789\n\x00\xff"), size/13+1)[:size]
	name := filepath.Join(t.TempDir(), "dump.202611230301")
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	return File{Name: name, Size: int64(size), SHA256: hex.EncodeToString(sum[:])}, content
}

func TestACopyIsTheFileInItsVeryBytes(t *testing.T) {
	for _, size := range []int{0, 1, chunk - 1, chunk, chunk + 1, 2*chunk + 7} {
		f, content := saved(t, size)
		dir := t.TempDir()
		if err := fetch(t.Context(), sh, f, dir); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(dir, "dump.202611230301"))
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("%d bytes of %d, %v", len(got), size, err)
		}
	}
}

func TestNoPartOfAFileIsEverLeftByItsName(t *testing.T) {
	whole, _ := saved(t, chunk+100)
	stopped, stop := context.WithCancel(t.Context())
	for name, c := range map[string]struct {
		ctx   context.Context
		run   func(context.Context, string) (fleet.ProcessResult, error)
		spoil func(*File)
	}{
		"another sum":      {t.Context(), sh, func(f *File) { f.SHA256 = strings.Repeat("0", 64) }},
		"it has grown":     {t.Context(), sh, func(f *File) { f.Size-- }},
		"it has shrunk":    {t.Context(), sh, func(f *File) { f.Size++ }},
		"it is not there":  {t.Context(), sh, func(f *File) { f.Name += "x" }},
		"the agent is mad": {t.Context(), func(context.Context, string) (fleet.ProcessResult, error) { return fleet.ProcessResult{}, nil }, func(f *File) { f.Size = 1 << 50 }},
		"Ctrl-C": {stopped, func(ctx context.Context, script string) (fleet.ProcessResult, error) {
			out, err := sh(ctx, script)
			stop()
			return out, err
		}, func(*File) {}},
	} {
		t.Run(name, func(t *testing.T) {
			f, dir := whole, t.TempDir()
			c.spoil(&f)
			if err := fetch(c.ctx, c.run, f, dir); err == nil {
				t.Error("no error")
			}
			if there, err := os.ReadDir(dir); err != nil || len(there) > 0 {
				t.Errorf("left are %v, %v", there, err)
			}
		})
	}
}

func TestEvidenceIsNeverMixedWithWhatIsThere(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	for range 2 { // an empty one is as good as none
		if err := Room(dir); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(dir, "console.log")
	if err := write(dir, "console.log", []byte("precious")); err != nil {
		t.Fatal(err)
	}
	for _, taken := range []string{dir, file} {
		if err := Room(taken); err == nil {
			t.Errorf("%s is taken for room", taken)
		}
	}
	o := Options{Bootstrap: os.Args[0], Evidence: dir}
	if _, err := Run(t.Context(), o, Ends()[0]); err == nil || !strings.Contains(err.Error(), "console.log already") {
		t.Errorf("a trial is played all the same: %v", err)
	}
}

func TestAFunctionThatIsNotThereIsFoundOutBeforeTheGuestBoots(t *testing.T) {
	notes := filepath.Join(t.TempDir(), "bootstrap")
	if err := os.WriteFile(notes, []byte("no program"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"", "sh", notes, notes + "x"} {
		if _, err := Run(t.Context(), Options{Bootstrap: file}, Ends()[0]); err == nil || !strings.Contains(err.Error(), "finding the function") {
			t.Errorf("%q: %v", file, err)
		}
	}
}

// The script that lists the dumps is run here, on a directory that stands in for the
// guest's.
func TestTheListIsWhatIsOnTheDisk(t *testing.T) {
	crash := t.TempDir()
	list := func() ([]File, error) {
		t.Helper()
		out, err := sh(t.Context(), strings.ReplaceAll(listDumps, "/var/crash", crash))
		if err != nil || out.ExitCode != 0 {
			t.Fatalf("%+v, %v", out, err)
		}
		return files(strings.ReplaceAll(string(out.Stdout), crash, "/var/crash"))
	}
	if found, err := list(); err != nil || len(found) != 0 {
		t.Fatalf("%v, %v", found, err)
	}
	put := func(name, content string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Join(crash, filepath.Dir(name)), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(crash, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("kexec_cmd", "of kdump-tools itself")
	put("202611230301/dump.202611230301", "dump")
	put("202611230301/dmesg.202611230301", "")
	found, err := list()
	want := []File{
		{"/var/crash/202611230301/dmesg.202611230301", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{"/var/crash/202611230301/dump.202611230301", 4, hexOf("dump")},
	}
	if err != nil || len(found) != 2 || found[0] != want[0] || found[1] != want[1] {
		t.Errorf("%+v, %v", found, err)
	}
	for _, hostile := range []string{"2/a b", "2/a'b", "2/\x1b[2J", "2/a\nb", "2/-\u202e", "2/ a"} {
		put(hostile, "x")
		if found, err := list(); err == nil {
			t.Errorf("%q was taken for %+v", hostile, found)
		}
		if err := os.RemoveAll(filepath.Join(crash, "2")); err != nil {
			t.Fatal(err)
		}
	}
}

func hexOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// A guest that has crashed may say anything: a name never leads out of the directory
// that it is copied into, nor out of the quotes of a command.
func TestAGuestNeverNamesAFileThatIsNoDump(t *testing.T) {
	sum := strings.Repeat("a", 64)
	for _, hostile := range []string{
		"1 " + sum + " /var/crash/1/..", "1 " + sum + " /var/crash/../../etc/passwd", "1 " + sum + " /etc/passwd",
		"1 " + sum + " /var/crash/1/a'b", "1 " + sum + " /var/crash/1/", "1 " + sum + " /var/crash/1",
		"-1 " + sum + " /var/crash/1/dump.1", "9999999999999999 " + sum + " /var/crash/1/dump.1",
		"1 " + sum[1:] + " /var/crash/1/dump.1", "1 " + sum + " /var/crash/1/dump.1 ", "1 " + sum + " /var/crash/1/dump.1\r", "\n",
	} {
		if found, err := files(hostile + "\n"); err == nil {
			t.Errorf("%q was taken for %+v", hostile, found)
		}
	}
}
