package lab_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"crashcart/lab"
	"crashcart/lab/clock"
	"crashcart/lab/fleet"
	"crashcart/lambda/aws/collect"
	"crashcart/lambda/domain/dump"
)

// crashed is a lab with one guest that was interrupted, and what collects its dump.
type crashed struct {
	*lab.Lab
	t        *testing.T
	id       string
	windows  bool
	sentAt   time.Time // lab time
	commands collect.Commands
	store    collect.Store
}

// crash starts a lab at a speed, and interrupts a guest in it, which has crashed so long
// before that.
func crash(t *testing.T, speed float64, spec fleet.Spec, before ...time.Duration) *crashed {
	t.Helper()
	l, err := lab.Start(lab.Options{Speed: speed})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	spec.ID, spec.Type = "i-0a1b2c3d4e5f60718", "m6i.large"
	c := &crashed{
		Lab: l, t: t, id: spec.ID, windows: spec.Platform == "windows", commands: collect.Commands{API: ssm.NewFromConfig(l.Config())},
		store: collect.NewStore(l.Config(), l.BucketName, func(o *s3.Options) { o.UsePathStyle = true }),
	}
	if err := l.Fleet.Add(spec); err != nil {
		t.Fatal(err)
	}
	for _, ago := range before {
		if err := l.Fleet.Crash(c.id, ago); err != nil {
			t.Fatal(err)
		}
	}
	c.sentAt = l.Clock.Now()
	if err := l.Fleet.Interrupt(c.id); err != nil {
		t.Fatal(err)
	}
	return c
}

// back waits until the guest is up again and settled.
func (c *crashed) back() *crashed {
	c.t.Helper()
	c.await("the guest is back", func() bool {
		v, err := c.Fleet.Get(c.id)
		return err == nil && v.Phase == "up" && c.Clock.Now().Sub(v.Agent.LastPing) < time.Minute
	})
	c.pass(20 * time.Second)
	return c
}

func (c *crashed) pass(d time.Duration) {
	c.t.Helper()
	if err := clock.Sleep(c.t.Context(), c.Clock, d); err != nil {
		c.t.Fatal(err)
	}
}

func (c *crashed) await(what string, is func() bool) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 30*time.Second)
	defer cancel()
	for !is() {
		if clock.Sleep(ctx, c.Clock, time.Second) != nil {
			c.t.Fatalf("not so: %s", what)
		}
	}
}

// poll waits for the end of a command.
func (c *crashed) poll(id string, err error) collect.Progress {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
	var p collect.Progress
	c.await("the command is over", func() bool {
		if p, err = c.commands.Poll(c.t.Context(), c.id, id, c.windows); err != nil {
			c.t.Fatal(err)
		}
		return p.Over
	})
	return p
}

// survey asks as the follow-up does.
func (c *crashed) survey() dump.Survey {
	c.t.Helper()
	since := c.Clock.Report(c.sentAt).Add(-time.Minute)
	p := c.poll(c.commands.Survey(c.t.Context(), c.id, since))
	s, err := dump.ParseSurvey(p.Output)
	if err != nil {
		c.t.Fatalf("%v in %+v", err, p)
	}
	return s
}

// home brings everything home that a survey lists, and compares it.
func (c *crashed) home(col dump.Collection) dump.Collection {
	c.t.Helper()
	url, col, err := c.store.Sign(c.t.Context(), col)
	if err != nil {
		c.t.Fatal(err)
	}
	p := c.poll(c.commands.Send(c.t.Context(), c.id, url, collect.Life))
	r, err := dump.ParseReport(p.Output)
	if err != nil {
		return col
	}
	if col, err = c.store.Finish(c.t.Context(), col, r); err != nil {
		c.t.Fatal(err)
	}
	return col
}

// compare wants every file of the guest's disk to be in the bucket, byte for byte.
func (c *crashed) compare(col dump.Collection) {
	c.t.Helper()
	files, err := c.Fleet.Files(c.id)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, u := range col.Uploads {
		i := slices.IndexFunc(files, func(f fleet.File) bool { return f.Path == u.File.Path })
		if !u.Done || i < 0 {
			c.t.Errorf("%+v is not home", u)
			continue
		}
		got, err := c.Store.Object(c.BucketName, u.Key)
		sum := sha256.Sum256(files[i].Content())
		if err != nil || !bytes.Equal(got, files[i].Content()) || u.SHA256 != hex.EncodeToString(sum[:]) {
			c.t.Errorf("%s: %d bytes are not the file's %d, %v", u.Key, len(got), files[i].Size, err)
		}
	}
}

func (c *crashed) start(s dump.Survey) dump.Collection {
	c.t.Helper()
	col, err := c.store.Start(c.t.Context(), c.id+"-0123456789abcdef", s, 1<<40)
	if err != nil {
		c.t.Fatal(err)
	}
	return col
}

func TestAGuestsDumpComesHomeByteForByte(t *testing.T) {
	for name, spec := range map[string]fleet.Spec{
		"a small one":       {},
		"one of many parts": {DumpSize: 40 << 20},
		"of Windows":        {Platform: "windows"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := crash(t, 120, spec).back()
			s := c.survey()
			if len(s.Files) != 2 || len(s.Skipped) > 0 {
				t.Fatalf("%+v", s)
			}
			for _, f := range s.Files {
				if age := time.Since(f.ModifiedAt()); age < 10*time.Second || age > 10*time.Minute {
					t.Errorf("%s is %s old", f.Path, age)
				}
			}
			col := c.start(s)
			if name == "one of many parts" && len(col.Uploads[1].Parts()) != 3 {
				t.Errorf("%d parts", len(col.Uploads[1].Parts()))
			}
			c.compare(c.home(col))
		})
	}
}

func TestAFileThatIsNoDumpIsNeverListed(t *testing.T) {
	for name, x := range map[string]struct {
		spec fleet.Spec
		then func(*crashed) // after the interrupt
		why  string
	}{
		"the disk was full, and the console says that the dump is saved": {spec: fleet.Spec{DumpFlaw: fleet.FlawEmpty}, why: dump.WhyEmpty},
		"makedumpfile died, and the console says that the dump is saved": {spec: fleet.Spec{DumpFlaw: fleet.FlawCut}, why: dump.WhyIncomplete},
		"the dump was killed": {
			spec: fleet.Spec{DumpTakes: time.Hour}, why: dump.WhyIncomplete,
			then: func(c *crashed) {
				c.pass(time.Minute)
				if err := c.Fleet.Interrupt(c.id); err != nil {
					t.Error(err)
				}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := crash(t, 120, x.spec)
			if x.then != nil {
				x.then(c)
			}
			s := c.back().survey()
			if len(s.Files) != 1 || s.Files[0].Kind != dump.KindDmesg || len(s.Skipped) != 1 || s.Skipped[0].Why != x.why {
				t.Errorf("%+v", s)
			}
			if x.then != nil {
				return
			}
			text, _, err := c.Fleet.Console(c.id, true)
			if v, failed := c.Fleet.Get(c.id); err != nil || failed != nil || len(v.Dumps) > 0 || !bytes.Contains(text, []byte("saved vmcore")) {
				t.Errorf("dumps %v, %v %v", v.Dumps, err, failed)
			}
		})
	}
}

func TestADumpFromBeforeTheInterruptIsNeverListed(t *testing.T) {
	t.Parallel()
	c := crash(t, 120, fleet.Spec{}, 10*time.Minute).back()
	c.pass(10 * time.Minute) // the wall clock and the lab's go apart
	if s := c.survey(); len(s.Files) != 2 {
		t.Errorf("%+v", s)
	}
	if files, err := c.Fleet.Files(c.id); err != nil || len(files) != 4 {
		t.Errorf("%+v, %v", files, err)
	}
	c.sentAt = c.sentAt.Add(-20 * time.Minute)
	if s := c.survey(); len(s.Files) != 4 {
		t.Errorf("%+v", s)
	}
}

// A command waits for an agent that is not back yet, and means the time at which it was sent.
func TestASurveyThatWaitsForItsAgentOverlooksNothing(t *testing.T) {
	t.Parallel()
	c := crash(t, 120, fleet.Spec{BootTakes: 5 * time.Minute})
	if s := c.survey(); len(s.Files) != 2 || !strings.HasPrefix(path.Base(s.Files[1].Path), "dump.") {
		t.Errorf("%+v", s)
	}
}

func TestAHostThatRebootsHalfWaySendsTheRestLater(t *testing.T) {
	t.Parallel()
	c := crash(t, 120, fleet.Spec{DumpSize: 40 << 20, Uplink: 200 << 10}).back() // a part takes some 80 s
	col := c.start(c.survey())
	url, col, err := c.store.Sign(t.Context(), col)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = c.commands.Send(t.Context(), c.id, url, collect.Life); err != nil {
		t.Fatal(err)
	}
	c.await("two parts have arrived", func() bool {
		n := 0
		for _, x := range c.Calls() {
			if x.Operation == "UploadPart" && x.Presigned && x.Status == 200 {
				n++
			}
		}
		return n == 2 // of the log, and of the dump
	})
	if err := c.Fleet.Reboot(c.id); err != nil {
		t.Fatal(err)
	}
	c.pass(10 * time.Second)
	_, col, err = c.store.Sign(t.Context(), c.home(col))
	if err != nil && !strings.Contains(err.Error(), "no upload is open") {
		t.Fatal(err)
	}
	if puts := slices.DeleteFunc(c.Calls(), func(x lab.Call) bool { return x.Operation != "UploadPart" }); len(puts) != 4 {
		t.Errorf("%d parts were sent", len(puts))
	}
	c.compare(col)
}

func TestAGuestThatHasMuchToSayGivesNoAnswer(t *testing.T) {
	t.Parallel()
	c := crash(t, 120, fleet.Spec{Scripts: fleet.ScriptsChatter}).back()
	p := c.poll(c.commands.Survey(t.Context(), c.id, time.Now().Add(-time.Hour)))
	if _, err := dump.ParseSurvey(p.Output); err == nil || len(p.Output) < 20_000 {
		t.Errorf("%v of %d bytes", err, len(p.Output))
	}
}

func TestAScriptThatSticksIsEndedByItsAgent(t *testing.T) {
	t.Parallel()
	c := crash(t, 2000, fleet.Spec{Scripts: fleet.ScriptsStick}).back()
	if p := c.poll(c.commands.Survey(t.Context(), c.id, time.Now().Add(-time.Hour))); p.Why == "" || p.Output != "" {
		t.Errorf("%+v", p)
	}
}

func TestAURLNeverOutlivesItsHourOfLabTime(t *testing.T) {
	t.Parallel()
	c := crash(t, 120, fleet.Spec{}).back()
	url, col, err := c.store.Sign(t.Context(), c.start(c.survey()))
	if err != nil {
		t.Fatal(err)
	}
	c.Run(1000)
	c.pass(90 * time.Minute)
	p := c.poll(c.commands.Send(t.Context(), c.id, url, collect.Life))
	r, err := dump.ParseReport(p.Output)
	if err != nil || r.Stopped != dump.StoppedNoManifest {
		t.Errorf("%+v, %v", r, err)
	}
	c.Run(60)
	c.compare(c.home(col))
}

func TestTheURLsOfAProcessThatWasKilledEndWithIt(t *testing.T) {
	t.Parallel()
	c := crash(t, 120, fleet.Spec{}).back()
	const process = "ASIALAB0010000000001"
	cfg := c.Config()
	cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: process, SecretAccessKey: "lab-secret", SessionToken: "lab-session"}, nil
	})
	its := collect.NewStore(cfg, c.BucketName, func(o *s3.Options) { o.UsePathStyle = true })
	url, col, err := its.Sign(t.Context(), c.start(c.survey()))
	if err != nil {
		t.Fatal(err)
	}
	if c.Kill(process) {
		t.Error("there is no such process")
	}
	p := c.poll(c.commands.Send(t.Context(), c.id, url, collect.Life))
	if r, err := dump.ParseReport(p.Output); err != nil || r.Stopped != dump.StoppedNoManifest {
		t.Errorf("%+v, %v", r, err)
	}
	c.compare(c.home(col))
}
