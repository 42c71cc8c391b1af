package collect_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"

	"crashcart/lab/clock"
	"crashcart/lab/fleet"
	"crashcart/lab/pace"
	"crashcart/lab/ssm"
	"crashcart/lambda/aws/collect"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/dump"
)

// guest is a host whose agent runs the document's script for real, with a folder of the
// test in place of the host's own.
type guest struct {
	t     *testing.T
	root  string
	clock *clock.Manual
}

func (g *guest) shell(script string) fleet.ProcessResult {
	for old, replaced := range map[string]string{
		"export SSM_directory='/var/crash'":         "export SSM_directory='" + g.root + "/crash'",
		"for place in /run /dev/shm /var/tmp /tmp;": "for place in " + g.root + ";",
	} {
		if strings.Count(script, old) != 1 {
			g.t.Errorf("the script has %q %d times", old, strings.Count(script, old))
		}
		script = strings.Replace(script, old, replaced, 1)
	}
	cmd := exec.Command("sh", "-c", script)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	err := cmd.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		g.t.Error(err)
	}
	g.t.Logf("%s", said.String())
	return fleet.ProcessResult{Stdout: out.Bytes(), Stderr: said.Bytes(), ExitCode: cmd.ProcessState.ExitCode()}
}

// run polls a command to its end.
func (g *guest) run(c collect.Commands, id string, err error) string {
	g.t.Helper()
	if err != nil {
		g.t.Fatal(err)
	}
	g.clock.Advance(2 * time.Second) // for a second SSM does not know the command
	for {
		p, err := c.Poll(g.t.Context(), instance, id, false)
		if err != nil {
			g.t.Fatal(err)
		}
		if p.Over {
			if p.Why != "" {
				g.t.Fatalf("%+v", p)
			}
			return p.Output
		}
		if g.t.Context().Err() != nil {
			g.t.Fatal("the command does not end")
		}
	}
}

func newGuest(t *testing.T) (*guest, collect.Commands) {
	t.Helper()
	g := &guest{t: t, root: t.TempDir(), clock: clock.NewManual(time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC))}
	f := fleet.New(g.clock)
	t.Cleanup(f.Close)
	if err := f.Add(fleet.Spec{ID: instance, Type: "m6i.large", Shell: g.shell}); err != nil {
		t.Fatal(err)
	}
	h := ssm.New(f, g.clock, "111122223333")
	t.Cleanup(h.Close)
	document, err := os.ReadFile("../../../infra/hosts/collect.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := h.AddDocument(config.DocumentCollect, document); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(pace.Handler(h))
	t.Cleanup(srv.Close)
	return g, collect.Commands{API: sdk.New(sdk.Options{
		Region: "eu-central-1", BaseEndpoint: &srv.URL, Retryer: aws.NopRetryer{}, HTTPClient: http.DefaultClient,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "lab", SecretAccessKey: "lab"}, nil
		}),
	})}
}

// crash leaves a dmesg and a dump behind, as a Red Hat host does.
func (g *guest) crash(size int) (at time.Time, dmesg, vmcore []byte) {
	g.t.Helper()
	at = time.Now().Add(-10 * time.Minute)
	dmesg, vmcore = []byte("Kernel panic - not syncing: NMI: Not continuing\n"), content(dump.File{Size: int64(size)})
	copy(vmcore, "KDUMP   ")
	vmcore[424] = 2
	dir := filepath.Join(g.root, "crash/127.0.0.1-2026-11-22-05:27:28")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		g.t.Fatal(err)
	}
	for name, body := range map[string][]byte{"vmcore-dmesg.txt": dmesg, "vmcore": vmcore} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, body, 0o600); err != nil {
			g.t.Fatal(err)
		}
		if err := os.Chtimes(file, at.Add(time.Minute), at.Add(time.Minute)); err != nil {
			g.t.Fatal(err)
		}
	}
	return at, dmesg, vmcore
}

// The whole way: SSM's agent runs the script, the script sends to an S3 that checks every
// signature, and a session ends half-way.
func TestTheObjectIsTheGuestsFileByteForByte(t *testing.T) {
	w := newWorld(t)
	g, commands := newGuest(t)
	at, dmesg, vmcore := g.crash(40*mib + 7)

	id, err := commands.Survey(t.Context(), instance, at)
	survey, err := dump.ParseSurvey(g.run(commands, id, err))
	if err != nil || len(survey.Files) != 2 {
		t.Fatalf("%+v, %v", survey, err)
	}
	c, err := w.Start(t.Context(), caseID, survey, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	puts := 0
	w.fault = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPut && r.URL.Query().Has("partNumber") {
			if puts++; puts == 3 { // the dmesg and one part of the dump have arrived
				w.renew()
			}
		}
		return false
	}
	for rounds := 0; c.Open() && rounds < 3; rounds++ {
		var url string
		if url, c, err = w.Sign(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		id, err := commands.Send(t.Context(), instance, url, collect.Life)
		report, err := dump.ParseReport(g.run(commands, id, err))
		if err != nil {
			t.Fatal(err)
		}
		c = w.finish(c, report)
		if rounds == 0 && (c.Uploads[1].Done || !c.Uploads[0].Done) {
			t.Errorf("after the session's end: %+v", c)
		}
	}
	for i, want := range [][]byte{dmesg, vmcore} {
		u := c.Uploads[i]
		got, err := w.lab.Object(bucket, u.Key)
		if err != nil || !bytes.Equal(got, want) || !u.Done || u.SHA256 != sumOf(want) {
			t.Errorf("%+v has %d bytes, want %d: %v", u, len(got), len(want), err)
		}
	}
	if c.Signed != 2 || puts != 5 { // three parts and the dmesg, one of them twice
		t.Errorf("%d manifests, %d parts sent", c.Signed, puts)
	}
}

func TestAHostWithoutADumpSaysSo(t *testing.T) {
	g, commands := newGuest(t)
	if err := os.MkdirAll(filepath.Join(g.root, "crash"), 0o755); err != nil {
		t.Fatal(err)
	}
	id, err := commands.Survey(t.Context(), instance, time.Now())
	survey, err := dump.ParseSurvey(g.run(commands, id, err))
	if err != nil || len(survey.Files)+len(survey.Skipped) > 0 {
		t.Errorf("%+v, %v", survey, err)
	}
}
