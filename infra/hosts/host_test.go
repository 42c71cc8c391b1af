package hosts

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/dump"
)

// host is a folder that stands in for a host's file system, and what its script finds
// there. The script is the one that is deployed, with its few paths replaced.
type host struct {
	t       *testing.T
	root    string
	crash   string // its /var/crash
	tools   string // the only folder on its PATH
	script  string
	shell   []string
	started time.Time // the interrupt
	bucket  *bucket   // where its script sends; nil when it only surveys
}

// needed are the programs that the script may call, besides curl and wget.
var needed = []string{
	"cat", "cut", "date", "dd", "df", "grep", "id", "ionice", "mkdir", "mkfifo", "od", "renice", "rm",
	"sed", "sha256sum", "sh", "stat", "tail", "timeout", "tr",
}

func newHost(t *testing.T, also ...string) *host {
	t.Helper()
	root, err := os.MkdirTemp("", "host") // a test's own would have its name, with commas in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	h := &host{
		t: t, root: root, crash: filepath.Join(root, "var/crash"), tools: filepath.Join(root, "tools"),
		shell: []string{"sh"}, started: time.Now().Add(-time.Hour),
	}
	for _, dir := range []string{"var/crash", "etc/default", "etc/sysconfig", "tools", "run"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range append(needed, also...) {
		at, err := exec.LookPath(name)
		if err != nil {
			t.Fatalf("this machine has no %s", name)
		}
		if err := os.Symlink(at, filepath.Join(h.tools, name)); err != nil {
			t.Fatal(err)
		}
	}
	// A sleep that only notes for how long, so that no test waits.
	h.stub("sleep", `echo "$1" >>`+root+`/slept`)
	for old, replaced := range map[string]string{
		"PATH=$PATH:/usr/sbin:/usr/bin:/sbin:/bin\n": "PATH=" + h.tools + "\n",
		"etc=/etc ": "etc=" + root + "/etc ",
		"for place in /run /dev/shm /var/tmp /tmp;": "for place in " + root + "/run;",
		"/var/spool/abrt\n":                         root + "/abrt\n",
	} {
		if h.script == "" {
			h.script = collectLinux
		}
		if strings.Count(h.script, old) != 1 {
			t.Fatalf("the script has %q %d times", old, strings.Count(h.script, old))
		}
		h.script = strings.Replace(h.script, old, replaced, 1)
	}
	return h
}

// stub puts a program of our own in place of a tool.
func (h *host) stub(name, body string) {
	h.t.Helper()
	at := filepath.Join(h.tools, name)
	_ = os.Remove(at)
	if err := os.WriteFile(at, []byte("#!/bin/sh\n"+body+"\n"), 0o755); err != nil {
		h.t.Fatal(err)
	}
}

// write makes a file below the host's root, written this long after the interrupt.
func (h *host) write(name string, body []byte, after time.Duration) string {
	h.t.Helper()
	at := filepath.Join(h.root, name)
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(at, body, 0o600); err != nil {
		h.t.Fatal(err)
	}
	when := h.started.Add(after)
	if err := os.Chtimes(at, when, when); err != nil {
		h.t.Fatal(err)
	}
	return at
}

// command is the script as a process of its own, with its parameters as a new agent gives
// them. What the test says wins.
func (h *host) command(parameters map[string]string) *exec.Cmd {
	h.t.Helper()
	at := filepath.Join(h.root, "_script.sh")
	if err := os.WriteFile(at, []byte(h.script), 0o600); err != nil {
		h.t.Fatal(err)
	}
	cmd := exec.CommandContext(h.t.Context(), h.shell[0], append(h.shell[1:], at)...)
	all := map[string]string{
		"since": strconv.FormatInt(h.started.Unix(), 10), "manifestUrl": "", "seconds": "600", "rate": "0", "directory": h.crash,
	}
	maps.Copy(all, parameters)
	cmd.Env = []string{"HOME=" + h.root, "PATH=" + h.tools}
	for name, value := range all {
		cmd.Env = append(cmd.Env, "SSM_"+name+"="+value)
	}
	return cmd
}

func (h *host) run(parameters map[string]string) string {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 2*time.Minute)
	defer cancel()
	cmd := h.command(parameters)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	h.fence()
	err := cmd.Run()
	h.fence()
	if ctx.Err() != nil {
		h.t.Fatal("the script does not end")
	}
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		h.t.Fatal(err)
	}
	if said.Len() > 0 {
		h.t.Logf("the script says: %s", said.String())
	}
	return out.String()
}

// fence comes before and after every script that may send.
func (h *host) fence() {
	if h.bucket != nil {
		h.bucket.fence()
	}
}

func (h *host) survey() dump.Survey {
	h.t.Helper()
	out := h.run(map[string]string{"step": dump.StepSurvey})
	s, err := dump.ParseSurvey(out)
	if err != nil {
		h.t.Fatalf("%v in %q", err, out)
	}
	return s
}

func (h *host) send(url string, also map[string]string) dump.Report {
	h.t.Helper()
	parameters := map[string]string{"step": dump.StepSend, "manifestUrl": url}
	maps.Copy(parameters, also)
	out := h.run(parameters)
	r, err := dump.ParseReport(out)
	if err != nil {
		h.t.Fatalf("%v in %q", err, out)
	}
	return r
}

// stop starts a script that sends, and sends it a signal when the part at this path comes
// for the first time. It ends the test unless that ended the script.
func (h *host) stop(url, path string, signal os.Signal) {
	h.t.Helper()
	started := make(chan *os.Process, 1)
	h.bucket.before = func(at string, nth int, _ http.ResponseWriter, _ *http.Request) bool {
		if at == path && nth == 1 {
			if err := (<-started).Signal(signal); err != nil {
				h.t.Error(err)
			}
		}
		return false
	}
	cmd := h.command(map[string]string{"step": dump.StepSend, "manifestUrl": url})
	h.fence()
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	started <- cmd.Process
	err := cmd.Wait()
	h.fence()
	if len(started) > 0 || err == nil {
		h.t.Fatalf("the script was not stopped: %v", err)
	}
}

// leftovers are the files of the script that are still on the host.
func (h *host) leftovers() []string {
	h.t.Helper()
	entries, err := os.ReadDir(filepath.Join(h.root, "run"))
	if err != nil {
		h.t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	more, err := filepath.Glob(filepath.Join(h.crash, "*", "crashcart-*"))
	if err != nil {
		h.t.Fatal(err)
	}
	return append(out, more...)
}

// shells are those of this machine that hosts have as sh: dash of Debian and Ubuntu, bash
// of Red Hat and SUSE, and busybox of small images.
func shells(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for name, args := range map[string][]string{"dash": nil, "bash": {"--posix"}, "busybox": {"sh"}} {
		if at, err := exec.LookPath(name); err == nil {
			all[name] = append([]string{at}, args...)
		}
	}
	if len(all) == 0 {
		t.Fatal("this machine has no shell")
	}
	return all
}
