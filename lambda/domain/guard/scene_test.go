package guard_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/guard"
	"crashcart/lambda/domain/instance"
	"crashcart/lambda/domain/trigger"
)

var update = flag.Bool("update", false, "rewrite testdata/*.golden")

const hungID = "i-0a1b2c3d4e5f60718"

// noon is the moment at which every scene is decided unless it says otherwise.
var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

// ago is d before noon.
func ago(d time.Duration) time.Time { return noon.Add(-d) }

// scene is everything that a guard decides on, as plain values.
type scene struct {
	now         time.Time
	config      config.Config
	trigger     trigger.Trigger
	ref         trigger.Ref
	description instance.Description
	reach       instance.Unreachable
	ping        instance.Ping
	beat        time.Time                // the end of the last minute with a heartbeat; zero for none
	disk        disk                     // what CloudWatch counts of its volumes
	sent        sent                     // what it sends
	targets     []instance.Registration  // in target groups
	neighbours  map[string]time.Duration // how long before the facts their agents were heard
	asOf        time.Time                // of the facts; zero for the present
	status      instance.Status
	kind        instance.Type
	shutdown    string
	group       instance.Group
	view        cases.View
	budget      cases.Slots
	groupSlots  cases.Slots
	console     []byte
	screen      []byte
}

// defaults is the configuration of a stack in that mode. Everything that may be left
// out is left out.
func defaults(t testing.TB, mode config.Mode) config.Config {
	t.Helper()
	c, err := config.FromEnv([]string{
		"AWS_REGION=eu-central-1", "AWS_LAMBDA_FUNCTION_NAME=crashcart-interrupt",
		config.EnvTable + "=casebook", config.EnvBucket + "=evidence", config.EnvQueueURL + "=https://queue.invalid/intake",
		config.EnvFollowupQueueURL + "=https://queue.invalid/followup",
		config.EnvTopic + "=arn:aws:sns:eu-central-1:111122223333:crashcart-notifications",
		config.EnvMode + "=" + string(mode),
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// hung is a scene on which every rule permits: a Linux instance of an auto stack that died
// eleven and a half minutes ago, and an alarm of two minutes ago. Its agent pinged last 12
// minutes ago, its heartbeat ended 11 minutes ago, and its disk has not been written for 8
// published minutes. The pass before has read that its kernel is stuck, so that it is no
// storm. Nobody asks it for anything.
func hung(t testing.TB) *scene {
	s := &scene{
		now: noon, config: defaults(t, config.ModeAuto),
		trigger: trigger.Trigger{
			Kind: trigger.KindAlarm, Source: "sqs/eventbridge", At: ago(2 * time.Minute), SourceKey: "alarm/heartbeat",
			Alarm: &trigger.Alarm{Name: "heartbeat", ARN: "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:heartbeat"},
		},
		ref: trigger.Ref{Instance: hungID, From: "the dimension InstanceId", Seen: stuckKernel()},
		description: instance.Description{
			Exists: true, State: "running", Type: "m6i.large", Architecture: "x86_64", LaunchedAt: ago(72 * time.Hour), Tag: config.TagAuto,
		},
		ping:       instance.Ping{At: ago(12 * time.Minute)},
		beat:       ago(11 * time.Minute),
		disk:       disk{volumes: 1, wrote: ago(9 * time.Minute), lag: time.Minute},
		sent:       sent{until: ago(11 * time.Minute), before: 1 << 20, after: 2 << 10},
		neighbours: map[string]time.Duration{},
		status:     instance.Status{Instance: instance.Check{Status: "ok"}, System: instance.Check{Status: "ok"}, EBS: instance.Check{Status: "ok"}},
		kind:       instance.Type{Hypervisor: "nitro", Architectures: []string{"i386", "x86_64"}},
		shutdown:   "stop",
		console:    []byte(consoleUp),
		screen:     []byte(screenUp),
	}
	s.heard(5, time.Minute)
	return s
}

// screenUp is the picture on a screen, and screenHash what passes keep of it: the first
// digits of its SHA-256.
const (
	screenUp   = "a login prompt"
	screenHash = "9bd21db4de98df3b"
)

// stuckKernel is what a pass has seen of a host whose kernel says that something has been
// stuck for minutes, and that has not restarted while passes read its console and its screen.
func stuckKernel() *trigger.Seen {
	return seenBefore(noon)
}

// seenBefore is the same of a pass a minute before that moment.
func seenBefore(now time.Time) *trigger.Seen {
	before := now.Add(-time.Minute)
	return &trigger.Seen{
		At: before, Kernel: 12.345678, Lines: 1, Still: now.Add(-10 * time.Minute), Screens: []string{screenHash}, Stuck: before,
	}
}

// windows makes the scene's instance a Windows that died half an hour ago.
func (s *scene) windows() {
	s.description.Windows = true
	s.died(s.now.Add(-30 * time.Minute))
}

// died lets every sign of the host end then.
func (s *scene) died(at time.Time) {
	s.ping.At = at
	s.beat = at.Truncate(time.Minute)
	s.disk.wrote = at.Truncate(time.Minute).Add(time.Minute)
	s.sent.until = at
}

// lives lets every sign of the host go on up to now.
func (s *scene) lives() { s.died(s.now) }

// direct makes somebody ask for the instance by an invoke of a moment ago.
func (s *scene) direct(force ...string) {
	s.ref.Seen = nil // nothing passes through the queue
	s.trigger = trigger.Trigger{
		Kind: trigger.KindDirect, Source: "lambda", At: s.now, SourceKey: "request/1", Reason: "checkout hangs", RequestedBy: "oncall", Force: force,
	}
}

// member puts the instance in an Auto Scaling group of n, all others alive.
func (s *scene) member(n int) {
	s.group = instance.Group{Kind: instance.GroupAutoScaling, Name: "web", Lifecycle: "InService"}
	for i := range n {
		m := instance.Member{ID: fmt.Sprintf("i-%017x", i), Lifecycle: "InService", Ping: instance.Ping{At: s.now.Add(-time.Minute)}}
		if i == 0 {
			m.ID, m.Ping = hungID, s.ping
		}
		s.group.Members = append(s.group.Members, m)
	}
}

// region makes n other instances of the Region unreachable since then.
func (s *scene) region(n int, since time.Time) {
	s.reach.Region = map[string]time.Time{}
	for i := range n {
		s.reach.Region[fmt.Sprintf("i-%017x", i)] = since
	}
}

// fails makes the reachability check fail since then.
func (s *scene) fails(since time.Time) {
	s.reach.Failing, s.reach.Since = true, since
	s.reach.Region = map[string]time.Time{hungID: since}
	s.status.Instance = instance.Check{Status: "impaired", Since: since}
}

// balanced makes the instance a target of a load balancer whose check says so.
func (s *scene) balanced(state, reason string) {
	s.targets = []instance.Registration{{
		TargetGroup: "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/api/50dc6c495c0c9188",
		Protocol:    "HTTP", Port: 8080, Interval: 10 * time.Second, Threshold: 3, State: state, Reason: reason,
	}}
}

// heard adds n neighbours whose agents were heard that long before the facts.
func (s *scene) heard(n int, before time.Duration) {
	for i := range n {
		s.neighbours[fmt.Sprintf("i-%05x%012x", int(before.Seconds()), i)] = before
	}
}

// asked is the moment at which AWS gave the facts.
func (s *scene) asked() time.Time {
	if s.asOf.IsZero() {
		return s.now
	}
	return s.asOf
}

// pings are those of the neighbours.
func (s *scene) pings() instance.Neighbours {
	all := instance.Neighbours{}
	for id, before := range s.neighbours {
		all[id] = s.asked().Add(-before)
	}
	return all
}

// taken is n slots that are taken. The first of them lapses then.
func taken(n int, lapses time.Time) cases.Slots {
	s := cases.Slots{Taken: map[int]time.Time{}}
	for k := range n {
		s.Taken[k] = lapses.Add(time.Duration(k) * time.Minute)
	}
	return s
}

// question is the scene with every fact known.
func (s *scene) question() guard.Question {
	return guard.Question{
		Trigger: &s.trigger, Ref: s.ref,
		Instance: &instance.Instance{
			ID: hungID, From: s.ref.From, AsOf: s.asOf,
			Metrics: fact.Known(s.metrics()), Targets: fact.Known(s.targets), Neighbours: fact.Known(s.pings()),
			Description: fact.Known(s.description), Unreachable: fact.Known(s.reach), Ping: fact.Known(s.ping),
			Status: fact.Known(s.status), Type: fact.Known(s.kind), Shutdown: fact.Known(s.shutdown), Group: fact.Known(s.group),
		},
		Book: fact.Known(s.view), Budget: fact.Known(s.budget), GroupSlots: fact.Known(s.groupSlots), Console: fact.Known(s.console), Screenshot: fact.Known(s.screen),
	}
}

// claims is a casebook that answers every claim alike, and remembers them.
type claims struct {
	now      func() time.Time
	err      error
	requests []cases.Request
}

func (c *claims) Claim(_ context.Context, r cases.Request) (cases.Case, error) {
	c.requests = append(c.requests, r)
	if c.err != nil {
		return cases.Case{}, c.err
	}
	return cases.Case{
		ID: cases.ID(r.InstanceID, r.Origin.SourceKey), InstanceID: r.InstanceID, State: cases.StateClaimed,
		DryRun: r.DryRun, ClaimedAt: c.now(), Origin: r.Origin,
	}, nil
}

// guard is a guard at the scene's moment, and its casebook.
func (s *scene) guard() (*guard.Guard, *claims) {
	book := &claims{now: func() time.Time { return s.now }}
	g := guard.New(s.config, book)
	g.Now = book.now
	return g, book
}

// claim asks the whole guard with every fact, as just before the claim. It fails
// the test when the permit and the verdict do not say the same.
func (s *scene) claim(t testing.TB) guard.Verdict {
	t.Helper()
	return claim(t, s, s.question())
}

func claim(t testing.TB, s *scene, q guard.Question) guard.Verdict {
	t.Helper()
	g, book := s.guard()
	p, v := g.Claim(t.Context(), q)
	granted := p != guard.Permit{}
	if granted != (v.Kind == guard.Permitted) || granted != (len(book.requests) == 1) {
		t.Errorf("%s %q: %d claims, permit given: %v", v.Kind, v, len(book.requests), granted)
	}
	if (v.Command != "") != (v.Kind == guard.Held) {
		t.Errorf("%s %q: the command is %q; only what is held has one", v.Kind, v, v.Command)
	}
	return v
}

// rule is the rule of that name.
func rule(t testing.TB, name string) guard.Rule {
	t.Helper()
	all := guard.Rules()
	i := slices.IndexFunc(all, func(r guard.Rule) bool { return r.Name() == name })
	if i < 0 {
		t.Fatalf("the guard has no rule %q", name)
	}
	return all[i]
}

// situation is one change to a scene on which everything else permits, and what
// the rule in question must say to it.
type situation struct {
	name   string
	change func(*scene)
	kind   guard.Kind
}

// judge takes every situation to the rule alone and to the whole guard, and
// compares the sentences with testdata/<rule>.golden.
func judge(t *testing.T, name string, situations []situation) {
	t.Helper()
	judgeAs(t, name, name, situations)
}

// judgeAs is judge with another golden file.
func judgeAs(t *testing.T, name, file string, situations []situation) {
	t.Helper()
	r := rule(t, name)
	var golden strings.Builder
	for _, s := range situations {
		sc := hung(t)
		s.change(sc)
		alone := r.Check(guard.Inquiry{Question: sc.question(), Config: sc.config, Now: sc.now})
		if alone.Kind != s.kind {
			t.Errorf("%s: the rule says %s (%s), want %s", s.name, alone.Kind, alone.Why, s.kind)
		}
		whole := sc.claim(t)
		if whole.Kind != s.kind || (s.kind != guard.Permitted && whole.Rule != name) {
			t.Errorf("%s: the guard says %s by %q, want %s by %s", s.name, whole.Kind, whole, s.kind, name)
		}
		line := fmt.Sprintf("%s | %s", whole.Kind, whole)
		if whole.Command != "" {
			line += " | " + whole.Command
		}
		fmt.Fprintf(&golden, "%s\n\t%s\n", s.name, line)
	}
	compare(t, file, golden.String())
}

func compare(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (-update rewrites it); got\n%s\nwant\n%s", path, got, want)
	}
}
