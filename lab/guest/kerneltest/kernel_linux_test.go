package kerneltest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/jpeg"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"crashcart/lab/clock"
	"crashcart/lab/fleet"
	"crashcart/lab/guest"
	"crashcart/lab/guest/agent"
	"crashcart/lab/guest/guesttest"
)

// speed is that of the lab's clock in these tests: a status check every two seconds.
const speed = 30

// Generous bounds for a busy host: a boot takes ten seconds on an idle one.
const (
	bootWithin = 90 * time.Second
	within     = 20 * time.Second
)

// What EC2 gives at most, in bytes: of a console ("Instance console output", Amazon EC2
// User Guide), and of a screenshot ("Troubleshoot an unreachable instance", the same).
const (
	mostConsole    = 64 << 10
	mostScreenshot = 100_000
)

func bounded(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// run runs a script in the guest to its end.
func run(t *testing.T, g *guest.Guest, script string) fleet.ProcessResult {
	t.Helper()
	p, err := g.Start(bounded(t, within), script)
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.Wait(bounded(t, within))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// eventually polls for what the guest's background comes to see.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for ctx := bounded(t, within); !so(); {
		select {
		case <-ctx.Done():
			t.Fatal(what)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// TestARealKernel boots one, and treats it in every way that EC2 and Systems Manager
// have, gentle ones first. Each part needs the guest as the one before left it.
func TestARealKernel(t *testing.T) {
	img := built(t)
	dir, begun := filepath.Dir(img.Disk), time.Now()
	before := files(t, dir)
	s3, store := newStore(t)
	g, err := guest.Start(t.Context(), guest.Options{Image: img, Clock: clock.NewScaled(speed), Store: store})
	if err != nil {
		t.Fatal(err)
	}
	pid := qemu(t)
	defer func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
		if guesttest.Running(pid) {
			t.Error("QEMU runs on")
		}
		if after := files(t, dir); !maps.Equal(after, before) {
			t.Errorf("it left %v of %v", after, before)
		}
	}()
	if err := g.Ready(bounded(t, bootWithin)); err != nil {
		t.Fatalf("%v\n%s", err, g.Serial().Tail(2000))
	}
	t.Logf("ready after %s", time.Since(begun).Round(time.Millisecond))
	for _, part := range []struct {
		name string
		run  func(*testing.T, *guest.Guest)
	}{
		{"answers", answers},
		{"checks", checks},
		{"scripts", scripts},
		{"kill", kills},
		{"burst", burst},
		{"store", s3.reached},
		{"screen", screen},
		{"shell", shell},
		{"ignored", ignored},
		{"frozen", frozen},
		{"reset", reset},
		{"memory", memory},
	} {
		if !t.Run(part.name, func(t *testing.T) {
			at := time.Now()
			part.run(t, g)
			t.Logf("took %s", time.Since(at).Round(time.Millisecond))
		}) {
			t.Fatalf("the console's end:\n%s", g.Serial().Tail(2000))
		}
	}
}

func answers(t *testing.T, g *guest.Guest) {
	if err := g.Arping(bounded(t, within)); err != nil {
		t.Error(err)
	}
	if err := g.Ping(bounded(t, within)); err != nil {
		t.Error(err)
	}
	eventually(t, "the status check never passed, or the agent never pinged", func() bool {
		v := g.Vitals()
		return v.Reachable && v.UnreachableSince.IsZero() && !v.LastPing.IsZero()
	})
}

// checks asks as a load balancer does, and counts as a hypervisor does.
func checks(t *testing.T, g *guest.Guest) {
	if err := g.Connects(bounded(t, within)); err != nil {
		t.Error(err)
	}
	for _, page := range []string{guest.PageInMemory, guest.PageOnDisk} {
		if err := g.Answers(bounded(t, within), page); err != nil {
			t.Error(err)
		}
	}
	if err := g.Answers(bounded(t, within), "/nowhere"); err == nil {
		t.Error("a page that is not there was answered with 200")
	}
	writes, sent, err := g.Counters(bounded(t, within))
	if err != nil || sent == 0 {
		t.Fatalf("%d bytes, %v", sent, err)
	}
	if r := run(t, g, "for i in 1 2 3; do echo $i >/var/tmp/counted; sync; done"); r.ExitCode != 0 {
		t.Fatalf("%+v", r)
	}
	if now, _, err := g.Counters(bounded(t, within)); err != nil || now < writes+3 {
		t.Errorf("%d writes, then %d, %v", writes, now, err)
	}
	r := run(t, g, "cat /var/log/amazon/ssm/amazon-ssm-agent.log /var/log/app/access.log; ls /var/log/syslog /var/log/journal/*/system.journal")
	for _, line := range []string{"reporting agent health", "GET " + guest.PageOnDisk, "/var/log/syslog", "system.journal"} {
		if !strings.Contains(string(r.Stdout), line) {
			t.Errorf("it does not log as a host does, %q is missing: %q %q", line, r.Stdout, r.Stderr)
		}
	}
}

func scripts(t *testing.T, g *guest.Guest) {
	r := run(t, g, `printf 'a\000\377\r\n'; echo "to err: $0 $#" >&2; exit 3`)
	if r.ExitCode != 3 || r.Signal != 0 || string(r.Stdout) != "a\x00\xff\r\n" || string(r.Stderr) != "to err: /bin/sh 0\n" {
		t.Errorf("%+v", r)
	}
}

func kills(t *testing.T, g *guest.Guest) {
	p, err := g.Start(bounded(t, within), "sleep 4711 & echo begun; sleep 4712")
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "it did not start", func() bool { return run(t, g, "pgrep -f '^sleep 471' | wc -l").Stdout[0] == '2' })
	if err := p.Kill(bounded(t, within)); err != nil {
		t.Fatal(err)
	}
	r, err := p.Wait(bounded(t, within))
	if err != nil || r.Signal != 9 || string(r.Stdout) != "begun\n" {
		t.Errorf("%+v %v", r, err)
	}
	if left := run(t, g, "pgrep -f '^sleep 471'"); len(left.Stdout) > 0 {
		t.Errorf("its children run on: %s", left.Stdout)
	}
	if err := p.Kill(bounded(t, within)); err != nil {
		t.Error("killing it again:", err)
	}
}

// burst has more come out of the serial port at once than EC2 keeps of it, and every
// byte must arrive.
func burst(t *testing.T, g *guest.Guest) {
	const lines, wide = 2000, 50
	from := g.Serial().Mark()
	if r := run(t, g, fmt.Sprintf("seq -f 'burst %%0%d.0f' 1 %d >/dev/ttyS0; echo burst over >/dev/ttyS0", wide-6, lines)); r.ExitCode != 0 {
		t.Fatalf("%+v", r)
	}
	if _, err := g.Serial().Wait(bounded(t, within), from, regexp.MustCompile(`burst over`)); err != nil {
		t.Fatal(err)
	}
	var want, got strings.Builder
	for i := range lines {
		fmt.Fprintf(&want, "burst %0*d\r\n", wide-6, i+1)
	}
	for _, l := range g.Serial().Lines(from) {
		if i := strings.Index(l.Text, "burst 0"); i >= 0 {
			got.WriteString(l.Text[i:] + "\r\n")
		}
	}
	if got.String() != want.String() {
		t.Errorf("%d bytes came of %d, or others", got.Len(), want.Len())
	}
	text, _ := g.Console(true)
	if len(text) != mostConsole || !bytes.HasSuffix(g.Serial().Bytes(), text) {
		t.Errorf("the console is %d bytes", len(text))
	}
}

func screen(t *testing.T, g *guest.Guest) {
	raw, err := g.Screenshot()
	if err != nil {
		t.Fatal(err)
	}
	picture, err := jpeg.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if b := picture.Bounds(); b.Dx() != 720 || b.Dy() != 400 || len(raw) > mostScreenshot {
		t.Errorf("%d by %d, %d bytes", b.Dx(), b.Dy(), len(raw))
	}
	bright := 0
	for y := range 400 {
		for x := range 720 {
			if _, g, _, _ := picture.At(x, y).RGBA(); g > 0x8000 {
				bright++
			}
		}
	}
	if bright < 1000 {
		t.Errorf("%d bright points are no text", bright)
	}
}

func shell(t *testing.T, g *guest.Guest) {
	out, err := g.Shell(bounded(t, within), "id -u; printf unfinished")
	if err != nil || out != "0\nunfinished" {
		t.Errorf("%q %v", out, err)
	}
	if out, err := g.Shell(bounded(t, within), "(exit 7)"); err == nil || !strings.Contains(err.Error(), "status 7") || out != "" {
		t.Errorf("%q %v", out, err)
	}
}

// ignored sends an interrupt to a kernel that is not prepared for it.
func ignored(t *testing.T, g *guest.Guest) {
	if r := run(t, g, "sysctl -w kernel.unknown_nmi_panic=0"); r.ExitCode != 0 {
		t.Fatalf("%+v", r)
	}
	from := g.Serial().Mark()
	if err := g.Interrupt(); err != nil {
		t.Fatal(err)
	}
	line, err := g.Serial().Wait(bounded(t, within), from, regexp.MustCompile(`Uhhuh. NMI received for unknown reason .. on CPU 0\.`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Serial().Wait(bounded(t, within), line.Mark+1, regexp.MustCompile(`Dazed and confused, but trying to continue`)); err != nil {
		t.Error(err)
	}
	if err := g.Ping(bounded(t, within)); err != nil {
		t.Error("it did not live on:", err)
	}
}

// frozen hangs the guest: its agent must fall silent, its card must not.
func frozen(t *testing.T, g *guest.Guest) {
	from := g.Serial().Mark()
	if _, err := g.Start(bounded(t, within), "sync; fsfreeze -f / && echo frozen now >/dev/ttyS0"); err != nil {
		t.Fatal(err)
	}
	// A ping that fails is not enough: on a busy host a living agent is slow, too.
	if _, err := g.Serial().Wait(bounded(t, within), from, regexp.MustCompile(`frozen now`)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it does not freeze", func() bool { return g.Ping(bounded(t, time.Second)) != nil })
	last := g.Vitals().LastPing
	if err := g.Ping(bounded(t, 3*time.Second)); !errors.Is(err, context.DeadlineExceeded) {
		t.Error("the agent pings:", err)
	}
	if out, err := g.Shell(bounded(t, time.Second), "touch /var/tmp/x"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the shell answers: %q %v", out, err)
	}
	for what, ask := range map[string]func(context.Context) error{
		"ARP": g.Arping, "its port": g.Connects,
		"the page in memory": func(ctx context.Context) error { return g.Answers(ctx, guest.PageInMemory) },
	} {
		if err := ask(bounded(t, within)); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := g.Answers(bounded(t, 3*time.Second), guest.PageOnDisk); !errors.Is(err, context.DeadlineExceeded) {
		t.Error("the page on disk is answered:", err)
	}
	writes, _, err := g.Counters(bounded(t, within))
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Arping(bounded(t, within)); err != nil {
		t.Error(err)
	}
	if now, _, err := g.Counters(bounded(t, within)); err != nil || now != writes {
		t.Errorf("%d writes, then %d, %v", writes, now, err)
	}
	if v := g.Vitals(); !v.Reachable || !v.LastPing.Equal(last) {
		t.Errorf("%+v, last ping was %s", v, last)
	}
}

func reset(t *testing.T, g *guest.Guest) {
	blocked, err := g.Start(bounded(t, within), "echo never")
	if err != nil {
		t.Fatal(err)
	}
	before, at := g.Vitals().LastPing, time.Now()
	if err := g.Reset(); err != nil {
		t.Fatal(err)
	}
	if err := g.Ready(bounded(t, bootWithin)); err != nil {
		t.Fatal(err)
	}
	t.Logf("ready again after %s", time.Since(at).Round(time.Millisecond))
	if _, err := blocked.Wait(bounded(t, within)); !errors.Is(err, agent.ErrGone) {
		t.Error("what ran before the reset:", err)
	}
	eventually(t, "no ping after the reset", func() bool { return g.Vitals().LastPing.After(before) })
	if out, err := g.Shell(bounded(t, within), "echo up"); err != nil || out != "up\n" {
		t.Errorf("%q %v", out, err)
	}
}

// memory bounds what QEMU used at most.
func memory(t *testing.T, _ *guest.Guest) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", qemu(t)))
	if err != nil {
		t.Fatal(err)
	}
	var most int
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	if _, err := fmt.Sscanf(after, "%d kB", &most); err != nil {
		t.Fatal(err)
	}
	if t.Logf("%d MiB", most>>10); most > 1<<20 {
		t.Errorf("QEMU used %d KiB", most)
	}
}
