package fleet_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"crashcart/lab/clock"
	"crashcart/lab/fleet"
	"crashcart/lab/fleet/fleettest"
)

// real is a fleet of a machine and of a simulated guest, other.
func real(t *testing.T, s fleet.Spec) (*fleet.Fleet, *clock.Manual, *fleettest.Machine) {
	t.Helper()
	m := &fleettest.Machine{Text: "now", Posted: "then", Screen: []byte("screen")}
	s.Machine = m
	f, c := one(t, s)
	must(t, f.Add(fleet.Spec{ID: other, Type: "m6i.large"}))
	t.Cleanup(m.Close)
	return f, c, m
}

func TestARealGuestIsWhatIsSeenOfIt(t *testing.T) {
	f, c, m := real(t, fleet.Spec{Tags: map[string]string{"crashcart": "auto"}})
	now := c.Now()
	for name, v := range map[string]struct {
		vitals   fleet.Vitals
		instance string
		since    time.Time
		ping     string
	}{
		"before the first check": {fleet.Vitals{}, "initializing", time.Time{}, ""},
		"answering":              {fleet.Vitals{Checked: now, Reachable: true, LastPing: now.Add(-time.Minute)}, "ok", time.Time{}, "Online"},
		"answering ARP alone":    {fleet.Vitals{Checked: now, Reachable: true, LastPing: now.Add(-11 * time.Minute)}, "ok", time.Time{}, "ConnectionLost"},
		"silent":                 {fleet.Vitals{Checked: now, UnreachableSince: now.Add(-6 * time.Minute)}, "impaired", now.Add(-6 * time.Minute), ""},
	} {
		m.See(v.vitals)
		got := view(t, f)
		if got.Status.Instance != v.instance || !got.Status.ImpairedSince.Equal(v.since) || got.Agent.Ping != v.ping ||
			got.Agent.Registered != (v.ping != "") || !got.Agent.LastPing.Equal(v.vitals.LastPing) {
			t.Errorf("%s: %+v, %+v", name, got.Status, got.Agent)
		}
		if got.Phase != "real" || got.State != "running" || got.Tags["crashcart"] != "auto" || got.Arch != "x86_64" || !got.Launched.Equal(now.Add(-40*24*time.Hour)) {
			t.Errorf("%s: %+v", name, got)
		}
		impaired := v.instance == "impaired"
		if got := ids(f.Impaired()); slices.Contains(got, id) != impaired {
			t.Errorf("%s: impaired are %v", name, got)
		}
		for call, views := range map[string][]fleet.View{"all": f.All(), "some": f.Some([]string{id}), "each": slices.Collect(f.Each())} {
			if views[0].Status.Instance != v.instance {
				t.Errorf("%s, %s: %+v", name, call, views[0].Status)
			}
		}
	}
	for _, system := range []bool{false, true} { // AWS's side stays the Spec's
		f, c, m := real(t, fleet.Spec{SystemImpaired: system, EBSImpaired: true, NoAgent: true})
		m.See(fleet.Vitals{Checked: c.Now(), UnreachableSince: c.Now(), LastPing: c.Now()})
		got := view(t, f)
		if want := map[bool]string{false: "ok", true: "impaired"}[system]; got.Status.System != want || got.Status.EBS != "impaired" || got.Agent.Registered {
			t.Errorf("%+v, %+v", got.Status, got.Agent)
		}
	}
}

func TestAMachineIsAskedWithoutHoldingUpTheFleet(t *testing.T) {
	for method, ask := range map[string]func(*fleet.Fleet) error{
		"Vitals":     func(f *fleet.Fleet) error { _, err := f.Get(id); return err },
		"Console":    func(f *fleet.Fleet) error { _, _, err := f.Console(id, true); return err },
		"Screenshot": func(f *fleet.Fleet) error { _, err := f.Screenshot(id); return err },
		"Interrupt":  func(f *fleet.Fleet) error { return f.Interrupt(id) },
		"Reset":      func(f *fleet.Fleet) error { return f.Reboot(id) },
		"Start":      func(f *fleet.Fleet) error { _, err := f.Start(context.Background(), id, "true"); return err },
	} {
		t.Run(method, func(t *testing.T) {
			f, _, m := real(t, fleet.Spec{})
			began, release := m.Hold(method)
			done := make(chan error, 1)
			go func() { done <- ask(f) }()
			<-began
			if _, err := f.Get(other); err != nil { // does not return while the lock is held
				t.Error(err)
			}
			must(t, f.Interrupt(other))
			if len(done) != 0 {
				t.Errorf("%s did not wait for the machine", method)
			}
			release()
			must(t, <-done)
		})
	}
}

func TestAnInterruptOfAMachineIsOnRecordOnlyIfItReachedIt(t *testing.T) {
	f, c, m := real(t, fleet.Spec{})
	m.Fail(errors.New("no such socket"))
	if err := f.Interrupt(id); err == nil || len(f.Interrupts()) != 0 {
		t.Errorf("%v, %+v", err, f.Interrupts())
	}
	m.Fail(nil)
	c.Advance(time.Minute)
	must(t, f.Interrupt(id))
	got := f.Interrupts()
	if len(got) != 1 || got[0].Instance != id || got[0].Effect != fleet.EffectSent || got[0].Phase != "real" || got[0].Harm != "" || !got[0].At.Equal(c.Now()) || got[0].Wall.IsZero() {
		t.Errorf("%+v", got)
	}
	if m.Calls("Interrupt") != 2 || len(f.Harms()) != 0 {
		t.Errorf("%d interrupts, harms %+v", m.Calls("Interrupt"), f.Harms())
	}
}

func TestInterruptsSideBySideAreAllOnRecord(t *testing.T) {
	f, _, _ := real(t, fleet.Spec{})
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			if err := f.Interrupt(id); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := len(f.Interrupts()); n != 200 {
		t.Errorf("%d of 200 are on record", n)
	}
}

func TestConsoleScreenAndResetAreTheMachines(t *testing.T) {
	f, c, m := real(t, fleet.Spec{})
	m.See(fleet.Vitals{Checked: c.Now().Add(-time.Minute)})
	for latest, want := range map[bool]string{true: "now", false: "then"} {
		text, at, err := f.Console(id, latest)
		if string(text) != want || !at.Equal(c.Now().Add(-time.Minute)) || err != nil {
			t.Errorf("latest %v: %q as of %s, %v", latest, text, at, err)
		}
	}
	if screen, err := f.Screenshot(id); string(screen) != "screen" || err != nil {
		t.Errorf("%q, %v", screen, err)
	}
	must(t, f.Reboot(id))
	m.Fail(errors.New("no such socket"))
	if err := f.Reboot(id); err == nil || m.Calls("Reset") != 2 {
		t.Errorf("%v after %d resets", err, m.Calls("Reset"))
	}
	if got, ok := f.Machine(id); !ok || got != fleet.Machine(m) {
		t.Error("the machine is not found")
	}
	if _, ok := f.Machine(other); ok {
		t.Error("a simulated guest has a machine")
	}
	must(t, f.Vanish(id))
	if _, ok := f.Machine(id); ok {
		t.Error("the machine is there after its guest has vanished")
	}
}

func TestNothingIsSimulatedOfARealGuest(t *testing.T) {
	f, c, m := real(t, fleet.Spec{Group: "web"})
	must(t, f.AddGroup(fleet.Group{Name: "web", HealthCheck: fleet.HealthELB}))
	for name, err := range map[string]error{
		"hang": f.Hang(id, fleet.Dead, 0), "crash": f.Crash(id, 0), "patch": f.Patch(id, 0), "stop the agent": f.StopAgent(id, 0),
		"stop": f.Stop(id), "terminate": f.Terminate(id),
		"terminate as a member": func() error { _, err := f.TerminateMember(id, true); return err }(),
	} {
		if !errors.Is(err, fleet.ErrReal) || !strings.Contains(err.Error(), id) {
			t.Errorf("%s: %v", name, err)
		}
	}
	m.See(fleet.Vitals{Checked: c.Now(), UnreachableSince: c.Now()})
	c.Advance(time.Hour)
	if r := f.Replacements(); len(r) != 0 {
		t.Errorf("its group replaced a machine: %+v", r)
	}
	by, err := f.EnterStandby(id, true)
	must(t, err)
	if _, ok := f.Machine(by); ok || by == "" {
		t.Errorf("%q in its place shares its machine", by)
	}
	must(t, errors.Join(f.SetTag(id, "crashcart", "manual"), f.ExitStandby(id), f.Schedule(id, fleet.Event{Code: "instance-reboot"})))
	if v := view(t, f); v.Tags["crashcart"] != "manual" || len(v.Events) != 1 || v.Lifecycle != "InService" {
		t.Errorf("what AWS itself knows cannot be changed: %+v", v)
	}
}

func TestOnlyX86IsReal(t *testing.T) {
	f := fleet.New(clock.NewManual(time.Now()))
	for _, kind := range []string{"m7g.large", "c7g-flex.large", "mac1.metal"} {
		err := f.Add(fleet.Spec{ID: id, Type: kind, Machine: &fleettest.Machine{}})
		if err == nil || !strings.Contains(err.Error(), "no diagnostic interrupt to Graviton") {
			t.Errorf("%s: %v", kind, err)
		}
	}
	must(t, f.Add(fleet.Spec{ID: id, Type: "t2.micro", Machine: &fleettest.Machine{}}))
}

func TestAMachineServesUntilItsAgentMissesAPing(t *testing.T) {
	f, c, m := real(t, fleet.Spec{})
	life := func() fleet.Stretch {
		t.Helper()
		got, err := f.Life(id)
		must(t, err)
		return got[len(got)-1]
	}
	if got := life(); got.Serves || got.Hung {
		t.Errorf("before the first ping: %+v", got)
	}
	ping := c.Now()
	m.See(fleet.Vitals{LastPing: ping})
	c.Advance(6 * time.Minute)
	if got := life(); !got.Serves {
		t.Errorf("within its time: %+v", got)
	}
	c.Advance(time.Second)
	if got := life(); got.Serves || !got.Hung || !got.From.Equal(ping) {
		t.Errorf("with a ping missing: %+v", got)
	}
}

func TestAScriptIsOnlyRunByWhatIsThereToRunIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ran := 0
		f, c := one(t, fleet.Spec{Shell: func(script string) fleet.ProcessResult {
			ran++
			return fleet.ProcessResult{ExitCode: 3, Stdout: []byte(script)}
		}})
		must(t, f.Add(fleet.Spec{ID: other, Type: "m6i.large"}))
		if _, err := f.Start(t.Context(), other, "true"); !errors.Is(err, fleet.ErrNoShell) {
			t.Errorf("without a shell: %v", err)
		}
		if _, err := f.Start(t.Context(), "i-00000000000000000", "true"); !errors.Is(err, fleet.ErrUnknown) {
			t.Errorf("nobody: %v", err)
		}
		must(t, f.Hang(id, fleet.Frozen, 0))
		ctx, cancel := context.WithCancel(t.Context())
		go func() { synctest.Wait(); c.Advance(time.Hour); synctest.Wait(); cancel() }()
		if _, err := f.Start(ctx, id, "true"); !errors.Is(err, context.Canceled) || ran != 0 {
			t.Errorf("a hung guest: %v, %d scripts ran", err, ran)
		}
		must(t, f.Interrupt(id))
		took := make(chan fleet.Process, 1)
		go func() {
			p, err := f.Start(context.Background(), id, "echo")
			if err != nil {
				t.Error(err)
			}
			took <- p
		}()
		synctest.Wait()
		if len(took) != 0 {
			t.Fatal("a guest that dumps takes a script")
		}
		c.Advance(5 * time.Minute)
		p := <-took
		result, err := p.Wait(t.Context())
		if result.ExitCode != 3 || string(result.Stdout) != "echo" || errors.Join(err, p.Kill(t.Context())) != nil || ran != 1 {
			t.Errorf("%+v, %v", result, err)
		}
	})
}
