package fleet_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/jpeg"
	"slices"
	"strings"
	"testing"
	"time"

	"crashcart/lab/clock"
	"crashcart/lab/fleet"
)

const id = "i-0a1b2c3d4e5f60718"

func one(t *testing.T, s fleet.Spec) (*fleet.Fleet, *clock.Manual) {
	t.Helper()
	c := clock.NewManual(time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC))
	f := fleet.New(c)
	if s.ID == "" {
		s.ID = id
	}
	if s.Type == "" {
		s.Type = "m6i.large"
	}
	must(t, f.Add(s))
	return f, c
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func view(t *testing.T, f *fleet.Fleet) fleet.View {
	t.Helper()
	v, err := f.Get(id)
	must(t, err)
	return v
}

func console(t *testing.T, f *fleet.Fleet) string {
	t.Helper()
	text, _, err := f.Console(id, true)
	must(t, err)
	return string(text)
}

func TestAHealthyGuestPingsEveryFiveMinutesAndPassesItsCheck(t *testing.T) {
	f, c := one(t, fleet.Spec{LastPing: 90 * time.Second})
	for range 30 {
		v := view(t, f)
		if age := c.Now().Sub(v.Agent.LastPing); age < 0 || age >= 5*time.Minute || v.Agent.Ping != "Online" {
			t.Fatalf("at %s the last ping is %s old", c.Now(), age)
		}
		if v.Status.Instance != "ok" || v.Status.System != "ok" || v.Status.EBS != "ok" || v.Phase != "up" {
			t.Fatalf("status %+v in phase %s", v.Status, v.Phase)
		}
		c.Advance(47 * time.Second)
	}
	if got := c.Now().Sub(view(t, f).Agent.LastPing); got != (90+30*47)*time.Second%(5*time.Minute) {
		t.Errorf("after a while the last ping is %s old", got)
	}
	if !strings.HasSuffix(console(t, f), id+" login: ") {
		t.Errorf("the console ends with %q", tail(console(t, f)))
	}
}

func tail(s string) string { return s[max(0, len(s)-200):] }

func TestAFrozenGuestPassesItsCheckAndADeadOneDoesNot(t *testing.T) {
	f, c := one(t, fleet.Spec{LastPing: time.Minute})
	must(t, f.Hang(id, fleet.Frozen, 0))
	c.Advance(20 * time.Minute)
	v := view(t, f)
	if v.Status.Instance != "ok" || c.Now().Sub(v.Agent.LastPing) != 21*time.Minute || v.Agent.Ping != "ConnectionLost" {
		t.Errorf("frozen: %+v, ping %s old", v.Status, c.Now().Sub(v.Agent.LastPing))
	}

	f, c = one(t, fleet.Spec{LastPing: time.Minute})
	must(t, f.Hang(id, fleet.Dead, 0))
	hung := c.Now()
	if v := view(t, f); v.Status.Instance != "ok" {
		t.Errorf("dead for no time: %s, want ok until the next check", v.Status.Instance)
	}
	c.Advance(time.Minute)
	v = view(t, f)
	since := v.Status.ImpairedSince.Sub(hung)
	if v.Status.Instance != "impaired" || v.Status.System != "ok" || since < 0 || since > time.Minute {
		t.Errorf("dead for a minute: %+v, impaired %s after the hang", v.Status, since)
	}
	c.Advance(time.Hour)
	if later := view(t, f).Status.ImpairedSince; !later.Equal(v.Status.ImpairedSince) {
		t.Errorf("ImpairedSince moved from %s to %s", v.Status.ImpairedSince, later)
	}
}

func TestAPreparedGuestDumpsAndComesBack(t *testing.T) {
	f, c := one(t, fleet.Spec{Name: "web-1"})
	must(t, f.Hang(id, fleet.Frozen, 7*time.Minute))
	before := console(t, f)
	must(t, f.Interrupt(id))
	if got := console(t, f); got != before {
		t.Errorf("the console shows %q at once: with kdump armed there is no panic line", strings.TrimPrefix(got, before))
	}
	c.Advance(3 * time.Second)
	after := strings.TrimPrefix(console(t, f), before)
	if !strings.HasPrefix(after, "[    0.000000] Linux version") || !strings.Contains(after, "elfcorehdr=") || strings.Contains(after, "Kernel panic") {
		t.Errorf("3 s later: %.300q", after)
	}
	if v := view(t, f); v.Phase != "dumping" || len(v.Dumps) != 0 {
		t.Errorf("3 s later: %s, dumps %v", v.Phase, v.Dumps)
	}
	c.Advance(3 * time.Minute)
	v, text := view(t, f), console(t, f)
	if v.Phase != "up" || v.Status.Instance != "ok" || v.Agent.LastPing.Before(c.Now().Add(-3*time.Minute)) {
		t.Errorf("3 min later: %s, %+v, ping %s", v.Phase, v.Status, v.Agent.LastPing)
	}
	if len(v.Dumps) != 1 || !strings.HasPrefix(v.Dumps[0], "/var/crash/20") {
		t.Fatalf("dumps %v", v.Dumps)
	}
	stamp := v.Dumps[0][len("/var/crash/"):][:12]
	for _, want := range []string{
		"saved vmcore in /var/crash/" + stamp + ".", "The dumpfile is saved to STDOUT.", "reboot: machine restart",
		"crashkernel=", "recovery complete", "web-1 login: ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the console lacks %q", want)
		}
	}
	if strings.Contains(text, "{{") || strings.Contains(text, "kdumplab") || len(text) > 64<<10 {
		t.Errorf("a placeholder is left, or the ring is %d bytes", len(text))
	}
	if got := f.Interrupts(); len(got) != 1 || got[0].Effect != fleet.EffectDumps || got[0].Phase != "frozen" || len(f.Harms()) != 0 {
		t.Errorf("interrupts %+v", got)
	}
}

func TestTheOtherKernels(t *testing.T) {
	for name, c := range map[string]struct {
		kernel fleet.Preparation
		effect string
		want   string
		lacks  string
		phase  string
	}{
		"ignores":  {fleet.IgnoresNMI, fleet.EffectIgnored, "Dazed and confused, but trying to continue\r\n", "Kernel panic", "dead"},
		"no kdump": {fleet.NoKdump, fleet.EffectPanics, "Kernel panic - not syncing: NMI: Not continuing", "elfcorehdr=", "up"},
	} {
		t.Run(name, func(t *testing.T) {
			f, clk := one(t, fleet.Spec{Kernel: c.kernel})
			must(t, f.Hang(id, fleet.Dead, time.Hour))
			before := console(t, f)
			must(t, f.Interrupt(id))
			clk.Advance(time.Second) // later the boot would push it out of the ring
			after := strings.TrimPrefix(console(t, f), before)
			clk.Advance(5 * time.Minute)
			if !strings.Contains(after, c.want) || strings.Contains(after, c.lacks) {
				t.Errorf("console after: %.400q", after)
			}
			// Up for forty days, and the kernel's stamps say so.
			if !strings.HasPrefix(after, "[3456") {
				t.Errorf("first stamp %.20q, want the uptime", after)
			}
			v := view(t, f)
			if v.Phase != c.phase || len(v.Dumps) != 0 || f.Interrupts()[0].Effect != c.effect || len(f.Harms()) != 0 {
				t.Errorf("phase %s, dumps %v, interrupts %+v", v.Phase, v.Dumps, f.Interrupts())
			}
		})
	}
}

func TestHarmIsRecordedForEveryInterruptThatShouldNotHaveBeen(t *testing.T) {
	f, c := one(t, fleet.Spec{})
	must(t, f.Interrupt(id))
	if got := f.Harms(); len(got) != 1 || got[0].Harm != "the guest was healthy" || got[0].Effect != fleet.EffectDumps {
		t.Fatalf("a healthy guest: %+v", got)
	}
	c.Advance(8 * time.Second)
	must(t, f.Interrupt(id))
	if got := f.Harms(); len(got) != 2 || got[1].Effect != fleet.EffectKilledDump {
		t.Fatalf("a dump in progress: %+v", got)
	}
	c.Advance(5 * time.Minute)
	if v := view(t, f); len(v.Dumps) != 0 || v.Phase != "up" || strings.Contains(console(t, f), "saved vmcore") {
		t.Errorf("after its dump was killed: %s, dumps %v", v.Phase, v.Dumps)
	}
	// An agent that stopped days ago is not a hang.
	must(t, f.StopAgent(id, 0))
	c.Advance(72 * time.Hour)
	if v := view(t, f); c.Now().Sub(v.Agent.LastPing) < 72*time.Hour || v.Status.Instance != "ok" {
		t.Errorf("an agent dead for days: %+v", v.Agent)
	}
	must(t, f.Interrupt(id))
	if len(f.Harms()) != 3 {
		t.Errorf("crashing a guest with a dead agent did no harm: %+v", f.Interrupts())
	}
}

// What an interrupt does to a kernel that is not simply up was measured on real ones.
func TestAnInterruptAtTheWrongMomentIsNeverHarmless(t *testing.T) {
	nothing := func(*fleet.Fleet) error { return nil }
	crash := func(f *fleet.Fleet) error { return f.Crash(id, 0) }
	reboot := func(f *fleet.Fleet) error { return f.Reboot(id) }
	const s = time.Second
	for name, c := range map[string]struct {
		spec          fleet.Spec
		before        func(*fleet.Fleet) error
		wait          time.Duration
		effect, harm  string
		dumps         int
		prints, lacks string
	}{
		"before the capture kernel":    {fleet.Spec{}, crash, s / 2, fleet.EffectIgnored, "it came between a kernel and its capture kernel", 1, "", "Uhhuh"},
		"an early capture kernel":      {fleet.Spec{}, crash, 3 * s, fleet.EffectIgnored, "a dump was about to be written", 1, "Dazed and confused", "Kernel panic"},
		"a capture kernel at work":     {fleet.Spec{}, crash, 10 * s, fleet.EffectKilledDump, "a dump was being written and is lost", 0, "Kernel panic - not syncing: NMI", "saved vmcore"},
		"a Windows that dumps":         {fleet.Spec{Platform: "windows"}, crash, 10 * s, fleet.EffectKilledDump, "a dump was being written and is lost", 0, "", "Kernel panic"},
		"a shutdown":                   {fleet.Spec{}, reboot, s, fleet.EffectDumps, "the guest was shutting down", 1, "elfcorehdr=", "Kernel panic"},
		"a shutdown that ignores NMIs": {fleet.Spec{Kernel: fleet.IgnoresNMI}, reboot, s, fleet.EffectIgnored, "", 0, "Dazed and confused", "Kernel panic"},
		"an early boot":                {fleet.Spec{Age: 2 * s}, nothing, s, fleet.EffectIgnored, "", 0, "Dazed and confused", "Kernel panic"},
		"a late boot":                  {fleet.Spec{Age: 6 * s}, nothing, s, fleet.EffectPanics, "the guest was booting", 0, "Kernel panic - not syncing: NMI", "elfcorehdr="},
		"a late boot that ignores it":  {fleet.Spec{Age: 6 * s, Kernel: fleet.IgnoresNMI}, nothing, s, fleet.EffectIgnored, "", 0, "Dazed and confused", "Kernel panic"},
	} {
		t.Run(name, func(t *testing.T) {
			f, clk := one(t, c.spec)
			must(t, c.before(f))
			clk.Advance(c.wait)
			must(t, f.Interrupt(id))
			clk.Advance(time.Second)
			text, got := console(t, f), f.Interrupts()[0]
			clk.Advance(5 * time.Minute)
			v := view(t, f)
			if got.Effect != c.effect || got.Harm != c.harm || len(v.Dumps) != c.dumps || v.Phase != "up" {
				t.Errorf("%+v; then %s with dumps %v", got, v.Phase, v.Dumps)
			}
			if !strings.Contains(text, c.prints) || strings.Contains(text, c.lacks) {
				t.Errorf("console: %s", tail(text))
			}
		})
	}
}

func TestNoScriptRunsThatCameTooLate(t *testing.T) {
	ran := false
	f, _ := one(t, fleet.Spec{Shell: func(string) fleet.ProcessResult {
		ran = true
		return fleet.ProcessResult{}
	}})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Start(ctx, id, "true"); !errors.Is(err, context.Canceled) || ran {
		t.Errorf("%v, ran %t", err, ran)
	}
}

func TestABigDumpTakesItsTime(t *testing.T) {
	f, c := one(t, fleet.Spec{DumpTakes: 20 * time.Minute})
	must(t, f.Crash(id, 30*time.Second))
	text := console(t, f)
	if !strings.Contains(text, "running makedumpfile -F") || strings.Contains(text, "makedumpfile Completed.\r\n[    8.9") {
		t.Errorf("console ends with %q", tail(text))
	}
	c.Advance(15 * time.Minute)
	if v := view(t, f); v.Phase != "dumping" || v.Status.Instance != "impaired" || strings.Contains(console(t, f), "saved vmcore") {
		t.Errorf("15 min later: %s %+v", v.Phase, v.Status)
	}
	c.Advance(10 * time.Minute)
	if v := view(t, f); v.Phase != "up" || len(v.Dumps) != 1 {
		t.Errorf("25 min later: %s, dumps %v", v.Phase, v.Dumps)
	}
}

func TestABootingGuestIsUnfinishedAndSilent(t *testing.T) {
	f, c := one(t, fleet.Spec{Age: 3 * time.Minute, BootTakes: 8 * time.Minute})
	v, text := view(t, f), console(t, f)
	if v.Phase != "booting" || v.Agent.Registered || strings.Contains(text, "login:") || !strings.Contains(text, "Linux version") {
		t.Errorf("%s, %+v, console ends with %q", v.Phase, v.Agent, tail(text))
	}
	if posted, _, _ := f.Console(id, false); len(posted) != 0 {
		t.Errorf("output was posted before its time: %d bytes", len(posted))
	}
	c.Advance(6 * time.Minute)
	if v := view(t, f); v.Phase != "up" || !v.Agent.Registered || !strings.HasSuffix(console(t, f), "login: ") {
		t.Errorf("%s, %+v", v.Phase, v.Agent)
	}
	if posted, _, _ := f.Console(id, false); len(posted) == 0 {
		t.Error("nothing was posted after the launch")
	}
}

func TestPatchingFailsTheCheckForAMinuteOrTwo(t *testing.T) {
	f, c := one(t, fleet.Spec{})
	must(t, f.Patch(id, 0))
	impaired := 0
	for range 40 {
		c.Advance(5 * time.Second)
		if view(t, f).Status.Instance == "impaired" {
			impaired += 5
		}
	}
	if impaired < 60 || impaired > 125 {
		t.Errorf("impaired for %d s, want one or two minutes", impaired)
	}
	text := console(t, f)
	if v := view(t, f); v.Status.Instance != "ok" || !strings.Contains(text, "systemd-shutdown[1]: Rebooting.") || !strings.HasSuffix(text, "login: ") {
		t.Errorf("afterwards: %+v, console ends with %q", v.Status, tail(text))
	}
}

func TestStatesAWSNamesAndOnesItDoesNot(t *testing.T) {
	f, _ := one(t, fleet.Spec{NoAgent: true, Group: "web", Tags: map[string]string{"crashcart": "auto"}})
	v := view(t, f)
	if v.Agent.Registered || v.Tags["aws:autoscaling:groupName"] != "web" || v.Tags["crashcart"] != "auto" || v.Lifecycle != "InService" {
		t.Errorf("%+v", v)
	}
	must(t, f.Stop(id))
	if v := view(t, f); v.State != "stopped" || v.Status.Instance != "not-applicable" {
		t.Errorf("stopped: %+v", v)
	}
	must(t, f.Vanish(id))
	if _, err := f.Get(id); err == nil {
		t.Error("a vanished guest is still there")
	}
	if err := f.Interrupt(id); err == nil || len(f.Interrupts()) != 0 {
		t.Errorf("interrupting it: %v, %v", err, f.Interrupts())
	}
	if err := f.Add(fleet.Spec{ID: id, Type: "m9x.nonsense"}); err == nil {
		t.Error("an unknown type was added")
	}
}

func TestTheScreenshotIsAJPEGThatFollowsTheConsole(t *testing.T) {
	f, c := one(t, fleet.Spec{})
	before, err := f.Screenshot(id)
	must(t, err)
	must(t, f.Interrupt(id))
	c.Advance(5 * time.Second)
	after, err := f.Screenshot(id)
	must(t, err)
	for _, picture := range [][]byte{before, after} {
		if cfg, err := jpeg.DecodeConfig(bytes.NewReader(picture)); err != nil || cfg.Width != 560 || cfg.Height != 325 || len(picture) > 100<<10 {
			t.Errorf("%d bytes, %+v, %v", len(picture), cfg, err)
		}
	}
	if bytes.Equal(before, after) {
		t.Error("the screen did not change")
	}
}

func TestAnAddressIsGivenOnceInANetwork(t *testing.T) {
	const other = "i-0b1b2c3d4e5f60718"
	f, _ := one(t, fleet.Spec{})
	ip := view(t, f).IP
	if again, _ := one(t, fleet.Spec{}); view(t, again).IP != ip || !strings.HasPrefix(ip, "10.") {
		t.Errorf("the address is %s one time and %s another", ip, view(t, again).IP)
	}
	for name, s := range map[string]fleet.Spec{
		"taken":                {IP: ip},
		"taken, as a second":   {MoreIPs: []string{ip}},
		"not an address":       {IP: "10.0.0"},
		"not one of version 4": {MoreIPs: []string{"fd00::1"}},
	} {
		s.ID, s.Type = other, "m6i.large"
		if f.Add(s) == nil {
			t.Errorf("%s: added", name)
		}
	}
	must(t, f.Add(fleet.Spec{ID: other, Type: "m6i.large", IP: ip, VPC: "vpc-0d2b6cdba8e1f7a23"}))
	must(t, f.Terminate(id))
	must(t, f.Add(fleet.Spec{ID: "i-0c1b2c3d4e5f60718", Type: "m6i.large", IP: ip}))
}

func TestALifeTellsWhenAGuestServed(t *testing.T) {
	f, c := one(t, fleet.Spec{Age: time.Hour})
	launched := view(t, f).Launched
	must(t, f.StopAgent(id, 30*time.Minute)) // the service does not mind
	must(t, f.Hang(id, fleet.Frozen, 10*time.Minute))
	must(t, f.Interrupt(id))
	c.Advance(time.Minute)
	life, err := f.Life(id)
	must(t, err)
	var got []string
	for _, s := range life {
		got = append(got, fmt.Sprint(s.From.Sub(launched).Round(10*time.Second), " ", s.Serves, " ", s.Hung))
	}
	want := []string{"0s false false", "10s true false", "50m0s false true", "1h0m0s false false", "1h0m30s true false"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if _, err := f.Life("i-0ffffffffffffffff"); err == nil {
		t.Error("nobody has a life")
	}
}
