package findingtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"crashcart/lab"
	"crashcart/lab/clock"
	"crashcart/lab/fleet"
	"crashcart/lab/states"
	"crashcart/lambda/aws/casebook"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/dump"
)

const (
	// speed is how many lab seconds pass in a second while crashes and dumps go on.
	speed = 60
	// lateSpeed is the same for what only a deadline ends.
	lateSpeed = 1500
	// hungFor is since when every guest hangs: long enough for a person to ask.
	hungFor = 40 * time.Minute
	// during is a moment of every dump, after its interrupt.
	during = 90 * time.Second
)

// kind is a kind of guest, what happens to it after the interrupt, and what it comes to.
type kind struct {
	name   string
	spec   fleet.Spec
	then   func(*fleet.Fleet, string) error // in the midst of its dump; may be nil
	want   cases.Finding
	proven []cases.Stage // some of what must be proven
	slow   bool          // only a deadline ends it
	home   []dump.Kind   // what comes home of it
	lost   string        // why its dump does not, if people must hear of that
}

// long is how long the dumps take.
const long = 4 * time.Minute

// endless is how long a dump takes that something puts an end to. On a busy machine it must
// not be over before that.
const endless = time.Hour

// whole is what comes home of a dump that was finished.
var whole = []dump.Kind{dump.KindDmesg, dump.KindDump}

var kinds = []kind{
	{
		name: "prepared", spec: fleet.Spec{DumpTakes: long}, want: cases.FindingDumped,
		proven: []cases.Stage{cases.StageSent, cases.StageCaptureKernel, cases.StageDumpComplete, cases.StageRebooted, cases.StageReachable},
		home:   whole,
	},
	{
		name: "a dump of many parts", spec: fleet.Spec{DumpTakes: long, DumpSize: 40 << 20, Uplink: 1 << 20}, want: cases.FindingDumped,
		proven: []cases.Stage{cases.StageDumpComplete}, home: whole,
	},
	{
		// The console says that it is saved.
		name: "an empty dump", spec: fleet.Spec{DumpTakes: long, DumpFlaw: fleet.FlawEmpty}, want: cases.FindingDumpFailed,
		proven: []cases.Stage{cases.StageCaptureKernel}, home: whole[:1], lost: "its disk has no dump",
	},
	{
		name: "a dump that was killed", spec: fleet.Spec{DumpTakes: long, DumpFlaw: fleet.FlawCut}, want: cases.FindingDumpFailed,
		proven: []cases.Stage{cases.StageCaptureKernel}, home: whole[:1], lost: "its disk has no dump",
	},
	{
		name: "scripts that stick", spec: fleet.Spec{DumpTakes: long, Scripts: fleet.ScriptsStick}, want: cases.FindingDumped, slow: true,
		proven: []cases.Stage{cases.StageDumpComplete}, lost: "gave no answer",
	},
	{
		name: "much to say", spec: fleet.Spec{DumpTakes: long, Scripts: fleet.ScriptsChatter}, want: cases.FindingDumped, slow: true,
		proven: []cases.Stage{cases.StageDumpComplete}, lost: "gave no answer",
	},
	{
		name: "without kdump", spec: fleet.Spec{Kernel: fleet.NoKdump}, want: cases.FindingNoDump,
		proven: []cases.Stage{cases.StagePanicked, cases.StageRebooted}, lost: "its disk has no dump",
	},
	{
		name: "takes no notice", spec: fleet.Spec{Kernel: fleet.IgnoresNMI}, want: cases.FindingIgnored,
		proven: []cases.Stage{cases.StageSeen},
	},
	{
		name: "terminated in its dump", spec: fleet.Spec{DumpTakes: endless}, want: cases.FindingRaced,
		then: (*fleet.Fleet).Terminate, proven: []cases.Stage{cases.StageCaptureKernel},
	},
	{
		name: "stopped in its dump", spec: fleet.Spec{DumpTakes: endless}, want: cases.FindingRaced,
		then: (*fleet.Fleet).Stop, proven: []cases.Stage{cases.StageCaptureKernel},
	},
	{
		name: "gone in its dump", spec: fleet.Spec{DumpTakes: endless}, want: cases.FindingRaced,
		then: (*fleet.Fleet).Vanish, proven: []cases.Stage{cases.StageCaptureKernel},
	},
	{
		name: "rebooted in its dump", spec: fleet.Spec{DumpTakes: endless}, want: cases.FindingDumpFailed, // no service says that somebody rebooted it
		then: (*fleet.Fleet).Reboot, proven: []cases.Stage{cases.StageCaptureKernel, cases.StageRebooted}, home: whole[:1], lost: "its disk has no dump",
	},
	{
		name: "stuck in its dump", spec: fleet.Spec{DumpTakes: 1000 * time.Hour}, want: cases.FindingHungInDump,
		proven: []cases.Stage{cases.StageCaptureKernel}, slow: true, lost: "did not come back",
	},
	{
		name: "Windows", spec: fleet.Spec{Platform: "windows"}, want: cases.FindingDumped, // its console shows nothing, its disk does
		proven: []cases.Stage{cases.StageDumpComplete, cases.StageReachable}, home: []dump.Kind{dump.KindMinidump, dump.KindDump},
	},
	{
		name: "without an agent", spec: fleet.Spec{DumpTakes: long, NoAgent: true}, want: cases.FindingDumped,
		proven: []cases.Stage{cases.StageDumpComplete, cases.StageRebooted, cases.StageReachable}, lost: "could not be asked",
	},
}

// id is the instance id of the nth kind.
func id(n int) string { return fmt.Sprintf("i-0a1b2c3d4e5f607%02x", n) }

// world is a lab with both functions and a guest of every kind.
type world struct {
	*lab.Lab
	book *casebook.Book

	mu   sync.Mutex
	said []string // warnings of the follow-up
}

func newWorld(t *testing.T) *world {
	t.Helper()
	paths := map[string]string{lab.Bootstrap: filepath.Join(t.TempDir(), "interrupt"), lab.FollowupBootstrap: filepath.Join(t.TempDir(), "followup")}
	for pkg, file := range paths {
		if err := lab.Build(t.Context(), pkg, file); err != nil {
			t.Fatal(err)
		}
	}
	l, err := lab.Start(lab.Options{Speed: speed})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &world{Lab: l, book: casebook.New(dynamodb.NewFromConfig(l.Config()), l.TableName)}
	if err := l.Follow(lab.Function{Path: paths[lab.FollowupBootstrap], Concurrency: 3, Log: w.followed}); err != nil {
		t.Fatal(err)
	}
	err = l.Deploy(lab.Function{Path: paths[lab.Bootstrap], Env: map[string]string{
		config.EnvMode: string(config.ModeManual), config.EnvBudget: "100", config.EnvRegionLimit: "100",
	}})
	if err != nil {
		t.Fatal(err)
	}
	for n, k := range kinds {
		s := k.spec
		s.ID, s.Name, s.Type, s.Tags, s.LastPing = id(n), k.name, "m6i.large", map[string]string{config.TagKey: config.TagManual}, time.Minute
		s.Subnet, s.Profile = "subnet-"+s.ID[2:], k.name // it has no neighbours
		if err := l.Fleet.Add(s); err != nil {
			t.Fatal(err)
		}
		if err := l.Fleet.Hang(s.ID, fleet.Frozen, hungFor); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func (w *world) followed(line string) {
	if strings.Contains(line, `"level":"INFO"`) || strings.Contains(line, `"msg":"missing"`) { // one is gone, and Windows shows nothing
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said = append(w.said, line)
}

// interrupt has a person ask for the guest, whatever its vitals, and gives its case.
func (w *world) interrupt(t *testing.T, n int) string {
	t.Helper()
	asked, err := json.Marshal(map[string]any{"instanceIds": []string{id(n)}, "reason": "it hangs", "force": []string{"unresponsive"}, "at": time.Now().UTC().Format(time.RFC3339)})
	if err != nil {
		t.Fatal(err)
	}
	r, err := w.Invoke(t.Context(), asked)
	if err != nil || r.FunctionError != "" {
		t.Fatalf("%s: %s %v", kinds[n].name, r.Payload, err)
	}
	_, after, ok := strings.Cut(string(r.Payload), `"caseId":"`)
	if !ok {
		t.Fatalf("%s was not interrupted: %s", kinds[n].name, r.Payload)
	}
	caseID, _, _ := strings.Cut(after, `"`)
	return caseID
}

// closed waits until the case is closed, and gives it.
func (w *world) closed(t *testing.T, caseID string) cases.Record {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	for {
		r, err := w.book.CaseByID(ctx, caseID)
		if err != nil {
			t.Fatal(err)
		}
		if !r.ClosedAt.IsZero() {
			return r
		}
		if err := clock.Sleep(ctx, w.Clock, time.Minute); err != nil {
			t.Fatalf("case %s is not closed: %+v", caseID, r.Followup)
		}
	}
}

func TestNoGuestIsTakenForWhatItIsNot(t *testing.T) {
	w := newWorld(t)
	ids := make([]string, len(kinds))
	for n := range kinds {
		ids[n] = w.interrupt(t, n)
	}
	if err := clock.Sleep(t.Context(), w.Clock, during); err != nil {
		t.Fatal(err)
	}
	for n, k := range kinds {
		if k.then == nil {
			continue
		}
		if err := k.then(w.Fleet, id(n)); err != nil {
			t.Fatal(err)
		}
	}
	for _, slow := range []bool{false, true} {
		if slow {
			w.Run(lateSpeed)
		}
		for n, k := range kinds {
			if k.slow == slow {
				t.Run(k.name, func(t *testing.T) { k.check(t, w, w.closed(t, ids[n])) })
			}
		}
	}
	w.account(t)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, line := range w.said {
		t.Errorf("the follow-up complains: %s", line)
	}
}

func (k kind) check(t *testing.T, w *world, r cases.Record) {
	t.Helper()
	f := r.Followup
	if f.Finding != k.want || r.ClosedBy != casebook.ByFollowup {
		t.Errorf("closed by %s as %s: %s (%s), want %s", r.ClosedBy, f.Finding, f.Why, f.Doubt, k.want)
	}
	var got []cases.Stage
	for _, p := range f.Account.Proofs {
		got = append(got, p.Stage)
	}
	for _, s := range k.proven {
		if !slices.Contains(got, s) {
			t.Errorf("%s is not proven, only %v", s, got)
		}
	}
	t.Logf("%s: %s (%s) %d steps, %v", f.Finding, f.Why, f.Doubt, f.Steps, got)
	w.home(t, k, r)
}

// home wants everything of a guest to be in the bucket byte for byte that is to come, and
// nothing else, and the case to say what is missing.
func (w *world) home(t *testing.T, k kind, r cases.Record) {
	t.Helper()
	var came []dump.Kind
	for _, u := range r.Followup.Collect.Files.Uploads {
		if !u.Done {
			t.Errorf("%s is not home: %s", u.File.Path, u.Lost)
		}
		came = append(came, u.File.Kind)
	}
	if !slices.Equal(came, k.home) {
		t.Errorf("home are %v, want %v", came, k.home)
	}
	missing := fmt.Sprint(r.Followup.Collect.Missing)
	if k.lost == "" && missing != "[]" || !strings.Contains(missing, k.lost) {
		t.Errorf("missing are %s, want %q", missing, k.lost)
	}
	files, err := w.Home(r.InstanceID, r.ID)
	if err != nil && !errors.Is(err, fleet.ErrUnknown) {
		t.Fatal(err)
	}
	n := 0
	for _, f := range files {
		if f.Key == "" {
			continue
		}
		if n++; !f.Same {
			t.Errorf("%s is not %s", f.Key, f.File.Path)
		}
	}
	if n != len(k.home) {
		t.Errorf("%d objects are in the bucket, want %v", n, k.home)
	}
}

// account says what the follow-up of a case takes, and wants every execution to have ended
// well.
func (w *world) account(t *testing.T) {
	t.Helper()
	executions := w.Machine.Executions()
	if len(executions) != len(kinds) {
		t.Errorf("%d executions of %d cases", len(executions), len(kinds))
	}
	calls, byHosts := 0, 0
	for _, c := range w.Calls() {
		switch {
		case w.OfFollowup(c.Caller) && c.Presigned:
			byHosts++
		case w.OfFollowup(c.Caller):
			calls++
		}
	}
	for over := time.Now().Add(20 * time.Second); w.Following() > 0 && time.Now().Before(over); time.Sleep(10 * time.Millisecond) { // the last answers are on their way
	}
	sum := map[bool][3]int{}
	for _, e := range w.Machine.Executions() {
		sent := w.sent(e.Name)
		s := sum[sent]
		sum[sent] = [3]int{s[0] + 1, s[1] + e.Invocations, s[2] + e.Transitions}
		if e.Status != states.Succeeded {
			t.Errorf("the execution of %s is %s: %s %s", e.Name, e.Status, e.Error, e.Cause)
		}
		t.Logf("%s: %d invocations, %d transitions, %d events in %s", e.Name, e.Invocations, e.Transitions, e.Events, e.Stopped.Sub(e.Started).Round(time.Second))
	}
	t.Logf("%d calls of %d cases, and %d with URLs by hosts", calls, len(executions), byHosts)
	for sent, s := range sum {
		t.Logf("a case whose host sent something (%t): %d invocations and %d transitions, on the average of %d", sent, s[1]/s[0], s[2]/s[0], s[0])
	}
}

// sent says whether the host of a case has sent something home.
func (w *world) sent(caseID string) bool {
	return slices.ContainsFunc(w.Calls(), func(c lab.Call) bool { return c.Operation == "UploadPart" && strings.Contains(c.Detail, caseID) })
}
