package sim

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"crashcart/lab/sim/world"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/guard"
	"crashcart/lambda/domain/vitals"
)

var update = flag.Bool("update", false, "write the golden files anew")

func settings(t *testing.T) config.Config {
	t.Helper()
	c, err := rules()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// tiny is a world of one fleet with some faults and nothing else.
func tiny(t *testing.T, h world.Hosts, faults ...world.Fault) *world.World {
	t.Helper()
	quiet, err := quietWorld(h.Fleet, 1, h)
	if err != nil {
		t.Fatal(err)
	}
	w, err := quiet.With(faults...)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// measured plays all alarms of a world.
func measured(t *testing.T, w *world.World) *Result {
	t.Helper()
	u := unit{name: "tiny", play: worldUnit("tiny", world.Unknowns{}, world.AlarmKinds(), func() (*world.World, error) { return w, nil }).play}
	r, err := playAll(t.Context(), "tiny", []unit{u}, settings(t))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// readable is a host whose console shows what happens.
func readable(t *testing.T, w *world.World) int {
	t.Helper()
	n := slices.IndexFunc(w.Hosts(), func(h world.Host) bool { return h.Readable })
	if n < 0 {
		t.Fatal("no host has a console that can be read")
	}
	return n
}

func TestAHungHostIsNeverMissedAndItsTimeIsTaken(t *testing.T) {
	h := world.Hosts{Fleet: world.Single, Count: 12, Period: fiveMinutes}
	n := readable(t, tiny(t, h))
	r := measured(t, tiny(t, h, world.Fault{Cause: world.FrozenRoot, Scope: world.OneHost, Of: n, At: begins, For: 3 * time.Hour}))
	if r.Total.Hangs != 1 || r.Total.missed() != 0 || r.Total.Wrong != 0 {
		t.Fatalf("%+v", r.Total)
	}
	// Its agent must be silent for eleven minutes, and its last ping came up to five before.
	if took, ok := r.Total.quantile(0.5); !ok || took < 6*time.Minute || took > 14*time.Minute {
		t.Errorf("interrupted after %s", took)
	}
	if c := r.Causes[world.FrozenRoot]; c == nil || c.Hangs != 1 {
		t.Error("the hang is not counted under its kind")
	}
	if c := r.Classes[world.Single][Readable]; c == nil || c.Hangs != 1 {
		t.Error("the hang is not counted under its class")
	}
}

func TestALivingHostIsNeverPermittedAndItsExposureIsCounted(t *testing.T) {
	h := world.Hosts{Fleet: world.Single, Count: 12, Period: fiveMinutes}
	r := measured(t, tiny(t, h, world.Fault{Cause: world.AgentsStopped, Scope: world.OneHost, At: begins, For: 3 * time.Hour}))
	if r.Total.Wrong != 0 || r.Total.Permits != 0 {
		t.Fatalf("%+v %v", r.Total, r.Wrongs)
	}
	if r.Total.Exposed < 5 || at(r.Causes, world.AgentsStopped).Exposed != r.Total.Exposed || at(r.Fleets, world.Single).Exposed != r.Total.Exposed {
		t.Errorf("%d exposures, %d of the cause", r.Total.Exposed, at(r.Causes, world.AgentsStopped).Exposed)
	}
}

// A hang of which nothing was asked is lost, and the table says by what.
func TestAHangWithoutAnAlarmIsNeverCountedAsCaught(t *testing.T) {
	h := world.Hosts{Fleet: world.NoAgent, Count: 12, Period: fiveMinutes}
	r := measured(t, tiny(t, h, world.Fault{Cause: world.Stopped, Scope: world.OneHost, At: begins, For: 3 * time.Hour, Variant: 1}))
	if r.Total.Hangs != 1 || r.Total.missed() != 1 || len(r.Total.lost()) != 1 {
		t.Fatalf("%+v", r.Total)
	}
}

func TestTheSameSeedNeverGivesAnotherResult(t *testing.T) {
	units := func() []unit {
		var all []unit
		for seed, fleet := range []world.Fleet{world.Group2, world.Idle, world.Busy} {
			c := world.Config{Seed: uint64(seed), Days: 4, Times: 10, HangsPerHostYear: 30, Hosts: []world.Hosts{{Fleet: fleet, Count: 6, Period: fiveMinutes}}}
			all = append(all, worldUnit("random", world.Unknowns{}, world.AlarmKinds(), func() (*world.World, error) { return world.New(c) }))
		}
		return append(all, gridCell("grid", world.Group2, world.AgentStopped, 5, world.Unknowns{}, tenth))
	}
	var texts []string
	for range 2 {
		r, err := playAll(t.Context(), "twice", units(), settings(t))
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := r.Print(&out); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, out.String()+r.Line())
	}
	if texts[0] != texts[1] {
		t.Errorf("%s\n\nand\n\n%s", texts[0], texts[1])
	}
}

// A permit on a machine is counted by what was true of it, and by nothing else.
func TestAPermitOnALivingMachineIsNeverCountedElsewhere(t *testing.T) {
	for life, want := range map[world.Life]Count{
		world.Alive:     {Exposed: 1, Wrong: 1},
		world.Sick:      {ExposedSick: 1, Sick: 1},
		world.Transient: {ExposedTransient: 1, Transient: 1},
		world.Hung:      {},
	} {
		var c Count
		c.see(life, true, true)
		if c.Exposed != want.Exposed || c.Wrong != want.Wrong || c.ExposedSick != want.ExposedSick || c.Sick != want.Sick ||
			c.ExposedTransient != want.ExposedTransient || c.Transient != want.Transient {
			t.Errorf("%s: %+v", life, c)
		}
	}
	var c Count
	c.see(world.Alive, true, false)
	if c.Exposed != 1 || c.Wrong != 0 {
		t.Errorf("%+v", c)
	}
}

// The rules budget and cooldown stand beside: they never hide a permit.
func TestWhatStandsBesideNeverHidesAPermit(t *testing.T) {
	r := newResult("x")
	start := world.DefaultStart
	for n := range 5 {
		r.permits = append(r.permits, permit{at: start.Add(time.Duration(n) * time.Minute), host: n % 4, cell: cell{world.Single, None}})
	}
	r.beside(settings(t).Rules)
	if r.Total.Permits != 5 || r.Total.Budget != 2 || r.Total.Cooldown != 1 {
		t.Errorf("%+v", r.Total)
	}
}

// TestTheTableIsNeverPrintedOtherwise compares a table with the one that is kept.
func TestTheTableIsNeverPrintedOtherwise(t *testing.T) {
	r := newResult("golden")
	r.HostDays, r.Passes = 1234.5, 77
	c := Count{
		Exposed: 3000, Wrong: 1, ExposedSick: 20, Sick: 2, ExposedTransient: 10, Transient: 3, Hangs: 4, Times: []time.Duration{9 * time.Minute, 11 * time.Minute},
		Permits: 8, Region: 1, Budget: 2, Cooldown: 3,
	}
	c.lose("unresponsive: machine open", 1)
	c.lose(noAlarm, 1)
	r.Total.add(&c)
	at(r.Fleets, world.Group6).add(&c)
	at(r.Causes, world.Egress).add(&c)
	at(r.Cells, cell{world.Group6, world.Spin}).add(&c)
	r.class(world.Group6, Readable).add(&c)
	moment := world.DefaultStart.Add(36 * time.Hour)
	r.Wrongs = []Wrong{{
		Unit: "random/group6/1", Host: "i-00000000000000007", Causes: []world.Cause{world.Egress},
		Decision: Decision{
			At: moment, Pass: 4, Alarm: world.Alarm{At: moment.Add(-4 * time.Minute), Kind: world.StatusAlarm, Cause: world.Egress},
			Verdict: guard.Verdict{Kind: guard.Permitted, Rule: "unresponsive", Why: "it says nothing"}, Vitals: []vitals.Vital{},
		},
	}}
	var out bytes.Buffer
	if err := r.Print(&out); err != nil {
		t.Fatal(err)
	}
	out.WriteString(r.Line() + "\n" + newResult("empty").Line() + "\n")
	name := filepath.Join("testdata", "table.golden")
	if *update {
		if err := os.WriteFile(name, out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), want) {
		t.Errorf("%s", out.String())
	}
}

// A replay's name is what the table prints.
func TestAReplayIsNeverReadOtherwiseThanItIsPrinted(t *testing.T) {
	w := Wrong{Unit: "grid/single/egress", Host: "i-00000000000000007", Decision: Decision{At: world.DefaultStart}}
	_, printed, _ := strings.Cut(strings.Split(w.String(), "\n")[0], "--replay ")
	r, err := ParseReplay(printed)
	if err != nil || r.Unit != w.Unit || r.Host != w.Host || !r.At.Equal(w.At) {
		t.Errorf("%+v, %v", r, err)
	}
	for _, bad := range []string{"", "a", "a@b", "a@b@c", "@b@2026-03-02T12:00:00Z", "a@@2026-03-02T12:00:00Z"} {
		if r, err := ParseReplay(bad); err == nil {
			t.Errorf("%q is %+v", bad, r)
		}
	}
	var out bytes.Buffer
	o := Options{Out: &out, Seed: 1, Tenth: true, Rates: 1}
	again := Replay{Unit: "grid/group2/agent-stopped", Host: "i-00000000000000001", At: world.DefaultStart.Add(begins)}
	if err := again.Again(nil, o); err != nil || !strings.Contains(out.String(), "ssm-ping") {
		t.Errorf("%v\n%s", err, out.String())
	}
	again.Unit = "nothing"
	if err := again.Again(nil, o); err == nil {
		t.Error("a unit that is not there was played")
	}
}

// Too few exposures say nothing, and a run must not end well with them.
func TestTooFewExposuresNeverPass(t *testing.T) {
	r := newResult("x")
	for _, f := range world.Fleets() {
		at(r.Fleets, f).Exposed = 10_000
	}
	for _, c := range living() {
		at(r.Causes, c).Exposed = 10_000
	}
	r.Total.Exposed = 150_000
	if err := r.enough(); err != nil {
		t.Fatal(err)
	}
	at(r.Causes, world.DiskFull).Exposed, at(r.Causes, world.DiskFull).ExposedSick = 1, 1_000
	if err := r.enough(); err != nil {
		t.Error(err)
	}
	at(r.Causes, world.Egress).Exposed = 999
	at(r.Fleets, world.Router).Exposed = 0
	delete(r.Causes, world.DNS)
	err := r.enough()
	if err == nil {
		t.Fatal("it passes")
	}
	for _, name := range []string{"egress", "router", "dns"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is missing in %v", name, err)
		}
	}
}
