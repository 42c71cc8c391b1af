package image_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"crashcart/lab/guest/guesttest"
	"crashcart/lab/guest/image"
)

// fakes puts scripts on PATH in the place of a build's programs, and nothing of the
// machine's own package management. They make a tiny image.
func fakes(t *testing.T, overwrite map[string]string) {
	t.Helper()
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" || os.Geteuid() != 0 {
		t.Skip("Images are built by root, on Linux on amd64.")
	}
	scripts := map[string]string{
		"apt-cache":  `echo linux-image-cloud-amd64:; echo "  Candidate: 6.1.0-1"`,
		"apt-config": `echo 'Acquire::http::Proxy "http://127.0.0.1:3142";'`,
		"apt-get":    `exit 100`,
		"mmdebstrap": `for root; do :; done
			mkdir -p "$root/boot" "$root/etc/apt" && echo kernel >"$root/boot/vmlinuz-6.1.0-1-cloud-amd64"`,
		"dpkg-query": `echo busybox 1.35`,
		// The fields of the superblock that are read: all inodes, free inodes.
		"mke2fs": `for word; do disk=$before before=$word; done
			head -c 1024 /dev/zero >"$disk"; printf '\040\0\0\0............\020\0\0\0' >>"$disk"`,
		"debugfs": `exit 0`,
	}
	maps.Copy(scripts, overwrite)
	bin := t.TempDir()
	for name, script := range scripts {
		if script == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, own := range []string{"mkdir", "head", "sleep", "mv"} {
		path, err := exec.LookPath(own)
		if err != nil {
			t.Skipf("There is no %s here.", own)
		}
		if err := os.Symlink(path, filepath.Join(bin, own)); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin)
}

func TestAnImageIsBuiltOnce(t *testing.T) {
	count := filepath.Join(t.TempDir(), "count")
	fakes(t, map[string]string{"dpkg-query": "echo built >>" + count})
	cache := t.TempDir()
	first, err := image.Build(t.Context(), image.Options{Cache: cache})
	if err != nil {
		t.Fatal(err)
	}
	second, err := image.Build(t.Context(), image.Options{Cache: cache})
	if err != nil || first != second {
		t.Errorf("second build: %v, %v; want %v", second, err, first)
	}
	if built, err := os.ReadFile(count); err != nil || string(built) != "built\n" {
		t.Errorf("built %q, %v; want it once", built, err)
	}
	if first.Release != "6.1.0-1-cloud-amd64" {
		t.Errorf("release %q", first.Release)
	}
	for _, name := range []string{"SHA256SUMS", "packages.txt"} {
		if _, err := os.Stat(filepath.Join(filepath.Dir(first.Disk), name)); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(first.Disk), "root")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory that was made a disk is still there: %v", err)
	}
}

func TestBuildsAtTheSameTimeMakeOneImage(t *testing.T) {
	count := filepath.Join(t.TempDir(), "count")
	fakes(t, map[string]string{"dpkg-query": "sleep 0.1; echo built >>" + count})
	cache, errs := t.TempDir(), make(chan error)
	for range 4 {
		go func() {
			_, err := image.Build(t.Context(), image.Options{Cache: cache})
			errs <- err
		}()
	}
	for range 4 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if built, err := os.ReadFile(count); err != nil || string(built) != "built\n" {
		t.Errorf("built %q, %v; want it once", built, err)
	}
}

func TestADamagedImageIsNotGiven(t *testing.T) {
	fakes(t, nil)
	cache := t.TempDir()
	made, err := image.Build(t.Context(), image.Options{Cache: cache})
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.Stat(made.Disk)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(made.Disk, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := image.Build(t.Context(), image.Options{Cache: cache}); err != nil {
		t.Fatal(err)
	}
	if is, err := os.Stat(made.Disk); err != nil || is.Size() != whole.Size() {
		t.Errorf("after the second build the disk is %v, %v; want %d bytes", is, err, whole.Size())
	}
}

func TestMissingToolsAreNamedWithTheirPackages(t *testing.T) {
	fakes(t, map[string]string{"mmdebstrap": "", "mke2fs": "", "debugfs": ""})
	_, err := image.Build(t.Context(), image.Options{Cache: t.TempDir()})
	if !errors.Is(err, image.ErrMissing) || !strings.HasSuffix(err.Error(), ": apt-get install mmdebstrap e2fsprogs") {
		t.Errorf("error %v", err)
	}
}

func TestAFailedBuildSaysWhyAndLeavesNoImage(t *testing.T) {
	fakes(t, map[string]string{"mmdebstrap": `echo "E: no such package" >&2; exit 25`})
	cache := t.TempDir()
	_, err := image.Build(t.Context(), image.Options{Cache: cache})
	if err == nil || !strings.Contains(err.Error(), "no such package") {
		t.Errorf("error %v", err)
	}
	onlyTheLock(t, cache)
}

// An ended build ends the programs that its programs started, too.
func TestACancelledBuildLeavesNoImageAndNoProcess(t *testing.T) {
	started := filepath.Join(t.TempDir(), "started")
	fakes(t, map[string]string{"mmdebstrap": "(sleep 1000 & echo $! >" + started + ".part; mv " + started + ".part " + started + ")\nsleep 1000"})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for ctx.Err() == nil {
			if _, err := os.Stat(started); err == nil {
				cancel()
			}
			time.Sleep(time.Millisecond)
		}
	}()
	cache := t.TempDir()
	if _, err := image.Build(ctx, image.Options{Cache: cache}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	onlyTheLock(t, cache)
	guesttest.Ends(t, number(t, started))
}

func TestAKilledBuildIsNotTakenForAnImage(t *testing.T) {
	inTheVictim(t)
	cache, _ := killedBuild(t, "")
	fakes(t, nil)
	if _, err := image.Build(t.Context(), image.Options{Cache: cache}); err != nil {
		t.Fatal(err)
	}
	if remains, err := filepath.Glob(filepath.Join(cache, "building-*")); err != nil || len(remains) != 0 {
		t.Errorf("remains %v, %v after the next build", remains, err)
	}
}

// mmdebstrap outlives SIGTERM, and its children write on. Their directory must not be
// removed under their hands.
func TestTheProcessesOfAKilledBuildAreWaitedFor(t *testing.T) {
	inTheVictim(t)
	cache, pid := killedBuild(t, `trap "" TERM; `)
	fakes(t, nil)
	waited := false
	_, err := image.Build(t.Context(), image.Options{Cache: cache, Note: func(sentence string) {
		if !waited && strings.HasPrefix(sentence, "Waiting for another build") {
			waited = true
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				t.Error(err)
			}
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if !waited {
		t.Errorf("a build did not wait for process %d of the one before", pid)
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// inTheVictim builds in the process that killedBuild starts, which has the same test.
func inTheVictim(t *testing.T) {
	t.Helper()
	if cache := os.Getenv("CRASHCART_TEST_CACHE"); cache != "" {
		_, err := image.Build(t.Context(), image.Options{Cache: cache})
		t.Fatalf("the build was to be killed, and gave %v", err)
	}
}

// killedBuild kills a build at the worst moment, when all but the last file are there.
// It gives the cache, and the process that the build had started last: a shell that runs
// first, and then sleeps.
func killedBuild(t *testing.T, first string) (cache string, pid int) {
	t.Helper()
	started := filepath.Join(t.TempDir(), "started")
	fakes(t, map[string]string{"debugfs": first + "echo $$ >" + started + ".part; mv " + started + ".part " + started + "; exec sleep 1000"})
	cache = t.TempDir()
	victim := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	victim.Env = append(os.Environ(), "CRASHCART_TEST_CACHE="+cache)
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(started); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the build to be killed never got there")
		}
	}
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = victim.Wait() // it was killed
	remains, err := filepath.Glob(filepath.Join(cache, "building-*", "disk.raw"))
	if err != nil || len(remains) != 1 {
		t.Fatalf("remains %v, %v; want those of one build, or this test proves nothing", remains, err)
	}
	return cache, number(t, started)
}

func onlyTheLock(t *testing.T, cache string) {
	t.Helper()
	left, err := os.ReadDir(cache)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range left {
		if entry.Name() != "lock" {
			t.Errorf("%s is left", entry.Name())
		}
	}
}
