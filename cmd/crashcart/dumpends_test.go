package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"crashcart/lab"
	"crashcart/lab/fault"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/dump"
	"crashcart/lambda/domain/manifest"
)

// sending has the follow-up wait for a dump that the host sends.
func (w *world) sending(id string, arrived int) {
	w.step(id, time.Minute, func(f *cases.Followup) {
		complete(time.Hour)(f)
		file := dump.File{Path: dumpPath, Kind: dump.KindDump, Size: 3_221_225_472, Modified: 1795322400}
		f.Collect = cases.Collecting{BeganAt: f.Account.SentAt.Add(4 * time.Minute), Surveyed: true, Files: dump.Collection{CaseID: id, Uploads: []dump.Upload{
			{File: file, Key: dump.Key(id, 0, file), ID: "upload", PartSize: 16 << 20, Arrived: arrived},
		}}}
	})
}

// TestADumpReadsAsItCameHome is what a person sees of dumps that are here, on their way, in
// part, and nowhere, in a golden file.
func TestADumpReadsAsItCameHome(t *testing.T) {
	w := newWorld(t, 0, lab.Options{}, lab.Function{})
	onItsWay := w.claimed(3, 3*time.Hour, false) // outside of the budget of the others
	w.sending(onItsWay, 40)
	id := w.came(0, cases.FindingDumped, whole(), func(f *cases.Followup) {
		f.Collect.Skipped = []dump.Skipped{{Path: "/var/crash/202611220440/dump-incomplete", Why: dump.WhyIncomplete, Size: 17}}
	})
	logAlone := w.came(1, cases.FindingDumped, map[string][]byte{dmesgPath: whole()[dmesgPath]}, func(f *cases.Followup) {
		f.Collect.Missing = []cases.Missing{{What: dumpPath, Why: "the host was terminated; 40 of 192 parts are in the unfinished upload x"}}
		f.Collect.Snapshots = []string{"snap-0a1b2c3d4e5f60718"}
	})
	none := w.came(2, cases.FindingNoDump, nil, func(f *cases.Followup) {
		f.Collect.Missing = []cases.Missing{{What: "dump", Why: "its disk has no dump written since the interrupt"}}
	})
	to := t.TempDir()
	var b strings.Builder
	for _, s := range []step{
		{0, []string{"dump", id}},
		{0, []string{"dump", id, "--all", "--json"}},
		{1, []string{"dump", logAlone}},
		{1, []string{"dump", none}},
		{1, []string{"dump", onItsWay}},
		{0, []string{"case", id}},
		{0, []string{"case", logAlone}},
		{0, []string{"case", onItsWay}},
		{0, []string{"case", onItsWay, "--json"}},
	} {
		args := s.args
		if args[0] == "dump" {
			args = append(args, "--to", to)
		}
		r := w.want(s.code, "", args...)
		fmt.Fprintf(&b, "$ crashcart %s\n%s%s[%d]\n\n", quoted(s.args), r.stdout, r.stderr, r.code)
	}
	golden(t, "dump.txt", timeless(strings.ReplaceAll(b.String(), to, "DIR")))
}

// A script must never take half of an answer for a dump.
func TestADumpThatIsNotThereNeverExitsWithNought(t *testing.T) {
	w := newWorld(t, 0, lab.Options{}, lab.Function{})
	to := t.TempDir()
	begun, dry := w.claimed(0, time.Minute, false), w.claimed(1, time.Minute, true)
	w.want(exitFailed, "is not in the bucket yet, the case is open: its follow-up has not begun; `crashcart case "+begun+"` shows", "dump", begun, "--to", to)
	w.step(begun, time.Minute, dumping(time.Minute))
	w.want(exitFailed, "its dump is being written: 41 %, 9m1s to go", "dump", begun, "--to", to)
	w.sending(begun, 40)
	w.want(exitFailed, "the case is open: 40 of 192 parts of "+dumpPath+" have arrived", "dump", begun, "--to", to)
	w.step(begun, time.Minute, func(f *cases.Followup) { f.Finding, f.ConcludedAt = cases.FindingDumped, time.Now() })
	w.want(exitFailed, "it has just come to its end (dumped); try again in a minute", "dump", begun, "--to", to)
	w.want(exitFailed, "the case "+dry+" is a dry run: nothing was interrupted, so there is no dump", "dump", dry, "--to", to)
	w.want(exitFailed, "there is no such case: \"x\"", "dump", "x", "--to", to)
	w.want(exitUsage, "crashcart dump takes the id of one case", "dump")
	w.want(exitUsage, "--to is empty", "dump", begun, "--to", "")
	w.want(exitUsage, "with --table and --bucket the stack is not asked", "dump", begun, "--table", table, "--bucket", "b-1", "--stack", config.StackName)
	if got := inFolder(t, to); len(got) > 0 {
		t.Errorf("%q was written", got)
	}
}

// A minidump beside a dump that was lost is not the dump.
func TestHalfOfWhatAHostHadNeverExitsWithNought(t *testing.T) {
	w := newWorld(t, 0, lab.Options{}, lab.Function{})
	id := w.came(0, cases.FindingDumped, whole(), func(f *cases.Followup) {
		f.Collect.Files.Left = []dump.Left{{File: dump.File{Path: "/var/crash/x/vmcore", Kind: dump.KindDump}, Why: "it is over the limit"}}
	})
	w.want(exitFailed, "crashcart: the bucket has not every dump of "+id, "dump", id, "--to", t.TempDir())
}

// The manifest never stops a case from ending, so it may be missing when somebody needs the
// dump.
func TestADumpIsFetchedWithoutItsManifest(t *testing.T) {
	w := newWorld(t, 0, lab.Options{}, lab.Function{})
	files, to := whole(), t.TempDir()
	id := w.came(0, cases.FindingDumped, files, nil)
	key := manifest.Key(id)
	if _, err := w.client().DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &w.lab.BucketName, Key: &key}); err != nil {
		t.Fatal(err)
	}
	r := w.want(0, "crashcart: the case has no manifest.json; what the casebook says of it is fetched\n", "dump", id, "--to", to)
	got, err := os.ReadFile(filepath.Join(to, id, "dump", "1-dump.202611220440"))
	if err != nil || !bytes.Equal(got, files[dumpPath]) || !strings.Contains(r.stdout, "its SHA-256 is right") {
		t.Errorf("%d bytes, %v\n%s", len(got), err, r.stdout)
	}
}

// A dump that the bucket's rule has removed is gone, and is said to be.
func TestADumpThatIsGoneIsNamed(t *testing.T) {
	w := newWorld(t, 0, lab.Options{}, lab.Function{})
	to := t.TempDir()
	id := w.came(0, cases.FindingDumped, whole(), nil)
	key := "cases/" + id + "/dump/1-dump.202611220440"
	if _, err := w.client().DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &w.lab.BucketName, Key: &key}); err != nil {
		t.Fatal(err)
	}
	w.want(exitFailed, "dump/1-dump.202611220440 is not in the bucket any more: its time is over, or somebody has deleted it", "dump", id, "--to", to)
}

// s3Says has S3 answer every request for an object with an error.
func (w *world) s3Says(status int, code, message string) {
	w.lab.Faults.Use(fault.Func(func(c fault.Call, next fault.Next) fault.Answer {
		if c.Service != fault.S3 {
			return next(c)
		}
		return fault.Answer{Status: status, Header: http.Header{"Content-Type": {"application/xml"}}, Body: []byte("<Error><Code>" + code + "</Code><Message>" + message + "</Message></Error>")}
	}))
}

func TestWhatTheBucketRefusesSaysWhatToDo(t *testing.T) {
	w := newWorld(t, 0, lab.Options{}, lab.Function{})
	id, to := w.came(0, cases.FindingDumped, whole(), nil), t.TempDir()
	w.want(exitFailed, "there is no bucket nowhere: name your stack's with --bucket or CRASHCART_BUCKET", "dump", id, "--to", to, "--bucket", "nowhere")
	for _, c := range []struct {
		status              int
		code, message, says string
	}{
		{403, "AccessDenied", "User: arn:aws:iam::111122223333:user/ops is not authorized to perform: s3:GetObject on resource: x", "your credentials may not s3:GetObject in eu-central-1"},
		{403, "AccessDenied", "User: x is not authorized to perform: kms:Decrypt on resource: y", "your credentials may not kms:Decrypt in eu-central-1"},
		{403, "AccessDenied", "Access Denied", "your credentials may not S3 GetObject in eu-central-1"},
		{400, "KMS.DisabledException", "arn:aws:kms:x is disabled.", "the key of the bucket crashcart-evidence does not open it: it is disabled or deleted"},
		{301, "PermanentRedirect", "use another endpoint", "the bucket crashcart-evidence is not in eu-central-1: give its --region"},
		{403, "ExpiredToken", "The provided token has expired.", "AWS does not accept your credentials: renew them"},
	} {
		w.s3Says(c.status, c.code, c.message)
		w.want(exitFailed, c.says, "dump", id, "--to", to)
	}
	if got := inFolder(t, to); len(got) > 0 {
		t.Errorf("%q was written", got)
	}
}

// A guest names its files, and a bucket may have a manifest of somebody else's.
func TestNothingInAManifestEverSteersTheTerminal(t *testing.T) {
	w := newWorld(t, 0, lab.Options{}, lab.Function{})
	id := w.came(0, cases.FindingDumped, whole(), nil)
	text, err := json.Marshal(evil[:200])
	if err != nil {
		t.Fatal(err)
	}
	body := whole()[dumpPath]
	copy(body[4112+8+4+2*65:], "6.1.0\x1b[2J")
	w.put("cases/"+id+"/dump/1-dump.202611220440", body)
	w.put(manifest.Key(id), fmt.Appendf(nil, `{"version":1,"case":%q,"instance":%s,"writtenAt":"2026-11-22T05:00:00Z","finding":%[2]s,"why":%[2]s,"doubt":%[2]s,`+
		`"files":[{"key":"dump/1-dump.202611220440","kind":"dump","size":%d,"path":%[2]s}],"missing":[{"what":%[2]s,"why":%[2]s}],"snapshots":[]}`, id, text, len(body)))
	for _, args := range [][]string{{}, {"--json"}} {
		to := t.TempDir()
		r := w.want(0, "", append([]string{"dump", id, "--to", to}, args...)...)
		if !strings.Contains(r.stdout, "dump/1-dump") || strings.Contains(r.stdout, "\nPaused by nobody") {
			t.Errorf("%q: %s", args, r.stdout)
		}
	}
	w.put(manifest.Key(id), []byte(`{"version":7}`))
	w.want(exitFailed, "another version: 7, and this program knows 1: build crashcart from the commit that is deployed", "dump", id)
	w.put(manifest.Key(id), fmt.Appendf(nil, `{"version":1,"case":"another","instance":"","writtenAt":"2026-11-22T05:00:00Z","files":[],"missing":[],"snapshots":[]}`))
	w.want(exitFailed, "is the manifest of another case, another", "dump", id)
}
