package followup_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/dump"
)

// crashed is a world with a case whose kernel has dumped, and whose host is back.
func crashed(t *testing.T) (*world, string) {
	t.Helper()
	r := dumped(t)
	w, id := ready(t, r)
	w.play(r, playedFor)
	w.host.ping = dawn.Add(playedFor)
	w.at(playedFor + 20*time.Second)
	return w, id
}

// dumped is the recording of a dump, without the thousand lines that say nothing of it.
func dumped(t *testing.T) recording {
	t.Helper()
	r := named(t, "dumped")
	short := recording{Name: r.Name, Finding: r.Finding, Back: true, console: r.console[r.SentAt-2000 : r.SentAt], SentAt: 2000}
	for line := range strings.Lines(string(r.console[r.SentAt:])) {
		for _, word := range []string{"Linux version", "Command line", "kdump-tools", "Copying data", "The kernel version", "The dumpfile is saved", "makedumpfile"} {
			if strings.Contains(line, word) {
				short.console = append(short.console, line...)
				break
			}
		}
	}
	return short
}

// bring follows the case to its end, and checks that the way home has ended as well.
func (w *world) bring(id string, each func(time.Duration)) cases.Collecting {
	w.t.Helper()
	r := w.follow(id, each)
	if r.State != cases.StateClosed {
		w.t.Errorf("the case is %s", r.State)
	}
	c := r.Followup.Collect
	if !c.Ended() || c.Command != "" || c.Files.Open() {
		w.t.Errorf("it is still on its way: %+v", c)
	}
	w.wantSealed(id)
	return c
}

// wantSealed checks that no live URL is left in the bucket.
func (w *world) wantSealed(id string) {
	w.t.Helper()
	if text, ok := w.files[dump.ManifestKey(id)]; ok && string(text) != "{}\n" {
		w.t.Errorf("the manifest has URLs in it: %.200s", text)
	}
}

// wantHome checks that these files are objects, and are known to be.
func (w *world) wantHome(c cases.Collecting, files ...dump.File) {
	w.t.Helper()
	var got []dump.File
	for _, u := range c.Files.Uploads {
		if !u.Done {
			continue
		}
		got = append(got, u.File)
		if size, ok := w.cloud.dumps[u.Key]; !ok || size != u.File.Size || len(u.SHA256) != 64 {
			w.t.Errorf("%s has %d bytes in the bucket (%t), the file has %d; its sum is %q", u.Key, size, ok, u.File.Size, u.SHA256)
		}
	}
	if !slices.Equal(got, files) {
		w.t.Errorf("home are %+v, want %+v", got, files)
	}
}

// missing is why something is missing of a case.
func missing(c cases.Collecting, what string) string {
	for _, m := range c.Missing {
		if m.What == what {
			return m.Why
		}
	}
	for _, u := range c.Files.Uploads {
		if u.File.Path == what {
			return u.Lost
		}
	}
	for _, l := range c.Files.Left {
		if l.File.Path == what {
			return l.Why
		}
	}
	return ""
}

func TestADumpComesHomeBeforeItsCaseEnds(t *testing.T) {
	w, id := crashed(t)
	w.disk.takes = 4 * time.Minute
	c := w.bring(id, nil)
	w.wantHome(c, w.disk.files...)
	w.wantEnded(id, cases.FindingDumped)
	if c.Tries != 2 || c.Files.Signed != 1 || len(c.Missing) > 0 {
		t.Errorf("%+v", c)
	}
	if since := w.cloud.commands[0].since; since != dawn.Add(-time.Minute).Unix() {
		t.Errorf("it was asked for what is there since %s", time.Unix(since, 0).UTC())
	}
	if got := w.news(); !slices.Equal(got, []string{"collect", "ended"}) || w.told[1].Collect.Files.Uploads == nil || w.told[1].Bucket != bucket {
		t.Errorf("people were notified of %q", got)
	}
	if len(w.listed) != 1 || w.listed[0].Followup.Finding != cases.FindingDumped || !w.listed[0].Followup.Collect.HasAllDumps() {
		t.Errorf("listed: %+v", w.listed)
	}
	if m := w.metrics()[config.MetricTimeToHome]; len(m) != 1 || m[0].Value < 300 || m[0].Value > 600 {
		t.Errorf("time to home: %+v", m)
	}
}

func TestASmallDumpIsNoNewsOnItsWay(t *testing.T) {
	w, id := crashed(t)
	w.bring(id, nil)
	if got := w.news(); !slices.Equal(got, []string{"ended"}) {
		t.Errorf("people were notified of %q", got)
	}
}

func TestADumpOverTheLimitNeverCostsTheKernelsLog(t *testing.T) {
	w, id := crashed(t)
	w.disk.files = dumpFiles(65 << 30)
	c := w.bring(id, nil)
	w.wantHome(c, w.disk.files[0])
	if why := missing(c, w.disk.files[1].Path); !strings.Contains(why, "limit") {
		t.Errorf("the dump is missing because %q", why)
	}
}

func TestADumpThatChangesWhileItIsReadIsNeverAnObject(t *testing.T) {
	w, id := crashed(t)
	w.disk.changes = true
	c := w.bring(id, nil)
	w.wantHome(c, w.disk.files[0])
	if why := missing(c, w.disk.files[1].Path); !strings.Contains(why, "changed") || len(w.cloud.dumps) != 1 {
		t.Errorf("the dump is missing because %q, objects: %v", why, w.cloud.dumps)
	}
}

func TestTwoDumpsAtOnceBothComeHome(t *testing.T) {
	w, id := crashed(t)
	w.disk.files = dumpFiles(3*partSize, 5*partSize+1)
	c := w.bring(id, nil)
	w.wantHome(c, w.disk.files...)
	if len(w.cloud.dumps) != 3 {
		t.Errorf("objects: %v", w.cloud.dumps)
	}
}

func TestAHostWithoutADumpSaysSoAndItsCaseEnds(t *testing.T) {
	w, id := crashed(t)
	w.disk.files = nil
	w.disk.skipped = []dump.Skipped{{Path: "/var/crash/1/vmcore", Why: dump.WhyEmpty}}
	c := w.bring(id, nil)
	if got := missing(c, cases.MissingDump); got != "its disk has no dump written since the interrupt" {
		t.Errorf("missing because %q", got)
	}
	if len(c.Skipped) != 1 || w.commandsOf(dump.StepSend) > 0 || w.files[dump.ManifestKey(id)] != nil {
		t.Errorf("%+v", c)
	}
}

// A file that was written before the interrupt is none of this crash.
func TestADumpOfAnOlderCrashNeverComesHome(t *testing.T) {
	w, id := crashed(t)
	for i := range w.disk.files {
		w.disk.files[i].Modified = dawn.Add(-2 * time.Minute).Unix()
	}
	if c := w.bring(id, nil); len(c.Files.Uploads) > 0 || missing(c, cases.MissingDump) == "" {
		t.Errorf("%+v", c)
	}
}

// Windows shows nothing of its dump. Its disk has it.
func TestADumpOnTheDiskProvesItself(t *testing.T) {
	w := newWorld(t)
	id := w.claim(cases.StateInterrupted)
	w.before(id, []byte("Windows is ready to use\n"))
	w.host.windows, w.host.ping = true, dawn.Add(-20*time.Minute)
	w.disk.files = []dump.File{{Path: `C:\Windows\MEMORY.DMP`, Kind: dump.KindDump, Size: 3 * partSize, Modified: dawn.Add(time.Minute).Unix()}}
	c := w.bring(id, func(since time.Duration) {
		switch {
		case since > 10*time.Minute:
			w.host.check, w.host.ping = "ok", dawn.Add(since)
		case since > 5*time.Minute:
			w.host.check = "impaired"
		}
	})
	w.wantHome(c, w.disk.files...)
	r := w.wantEnded(id, cases.FindingDumped)
	if p, ok := r.Followup.Account.Reached(cases.StageDumpComplete); !ok || p.By != "its disk" || !strings.HasPrefix(p.Line, `C:\Windows\MEMORY.DMP, `) {
		t.Errorf("proven by %+v", p)
	}
}

// Windows copies its dump out of the page file after the boot.
func TestADumpThatIsStillBeingWrittenIsWaitedFor(t *testing.T) {
	w, id := crashed(t)
	files := w.disk.files
	w.disk.files, w.disk.skipped = files[:1], []dump.Skipped{{Path: files[1].Path, Why: dump.WhyBusy, Size: 5}}
	c := w.bring(id, func(since time.Duration) {
		if since > 12*time.Minute {
			w.disk.files, w.disk.skipped = files, nil
		}
	})
	w.wantHome(c, files...)
	if n := w.commandsOf(dump.StepSurvey); n < 5 || n > 15 {
		t.Errorf("%d surveys", n)
	}
}

func TestAFileThatIsWrittenForEverNeverKeepsTheOthers(t *testing.T) {
	w, id := crashed(t)
	w.disk.skipped = []dump.Skipped{{Path: "/var/crash/9/vmcore", Why: dump.WhyBusy, Size: 5}}
	w.wantHome(w.bring(id, nil), w.disk.files...)
}

// Each of them has no dump, or nobody who could send it.
func TestAHostThatHasNothingToGiveIsNeverAsked(t *testing.T) {
	for name, prepare := range map[string]func(*testing.T) (*world, string, func(time.Duration)){
		"it ignored the interrupt": func(t *testing.T) (*world, string, func(time.Duration)) {
			r := named(t, "ignored")
			w, id := ready(t, r)
			return w, id, func(since time.Duration) { w.play(r, since) }
		},
		"it hangs in its dump": func(t *testing.T) (*world, string, func(time.Duration)) {
			r := stuck(t)
			w, id := ready(t, r)
			w.host.console = r.console
			return w, id, nil
		},
		"it was terminated": func(t *testing.T) (*world, string, func(time.Duration)) {
			w, id := crashed(t)
			w.host.state, w.host.reason = ec2types.InstanceStateNameTerminated, "Client.UserInitiatedShutdown"
			w.host.ping = dawn.Add(-time.Hour)
			return w, id, nil
		},
		"it is not wanted": func(t *testing.T) (*world, string, func(time.Duration)) {
			w, id := crashed(t)
			w.handler.Collect.Dumps = config.Off
			return w, id, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, id, each := prepare(t)
			r := w.follow(id, each)
			if len(w.cloud.commands) > 0 || r.Followup.Collect.Began() || r.State != cases.StateClosed {
				t.Errorf("%d commands, %s: %+v", len(w.cloud.commands), r.State, r.Followup.Collect)
			}
			if why := missing(r.Followup.Collect, cases.MissingDump); (why == "") != (r.Followup.Finding == cases.FindingIgnored || r.Followup.Finding == cases.FindingRaced) {
				t.Errorf("%s: the dump is missing because %q", r.Followup.Finding, why)
			}
		})
	}
}
