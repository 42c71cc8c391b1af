package fleet_test

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"crashcart/lab/clock"
	"crashcart/lab/fleet"
)

// inGroup is a fleet with one member, id, of the group web that looks after it.
func inGroup(t *testing.T, g fleet.Group, s fleet.Spec) (*fleet.Fleet, *clock.Manual) {
	t.Helper()
	s.Group = "web"
	f, c := one(t, s)
	g.Name = "web"
	must(t, f.AddGroup(g))
	return f, c
}

// slowDump is a guest whose dump takes longer than a group has patience.
var slowDump = fleet.Spec{DumpTakes: 5 * time.Minute}

func TestAGroupTakesAHostThatDumpsButNeverOneThatIsFrozen(t *testing.T) {
	for n := range 60 { // the status check meets each at another second of the minute
		s := slowDump
		s.ID, s.Group = fmt.Sprintf("i-0a1b2c3d4e5f6%04x", n), "web"
		f, c := one(t, s)
		must(t, f.AddGroup(fleet.Group{Name: "web"}))
		must(t, f.Hang(s.ID, fleet.Frozen, 0))
		c.Advance(time.Hour)
		if r := f.Replacements(); len(r) > 0 {
			t.Fatalf("%s answered ARP and was replaced: %+v", s.ID, r)
		}
		must(t, f.Interrupt(s.ID))
		start := c.Now()
		c.Advance(5*time.Minute + time.Second)
		r := f.Replacements()
		if len(r) != 1 || r[0].Instance != s.ID || !r[0].Terminated || !r[0].DumpLost || r[0].Phase != "dumping" || r[0].By == "" || r[0].Group != "web" {
			t.Fatalf("%s: %+v", s.ID, r)
		}
		if took := r[0].At.Sub(start); took < 3*time.Minute || took > 4*time.Minute {
			t.Errorf("%s was taken %s into its dump", s.ID, took)
		}
		lost, err := f.Get(s.ID)
		must(t, err)
		if lost.State != "terminated" || len(lost.Dumps) != 0 || lost.Lifecycle != "Terminated" {
			t.Errorf("%s: %s, %s, dumps %q", s.ID, lost.State, lost.Lifecycle, lost.Dumps)
		}
	}
}

func TestAHostInStandbyDumpsInPeace(t *testing.T) {
	f, c := inGroup(t, fleet.Group{HealthCheck: fleet.HealthELB, Grace: time.Minute}, slowDump)
	must(t, f.Hang(id, fleet.Frozen, 0))
	c.Advance(30 * time.Second)
	must(t, f.Interrupt(id))
	by, err := f.EnterStandby(id, true)
	must(t, err)
	c.Advance(6 * time.Minute)
	v := view(t, f)
	if v.State != "running" || v.Phase != "up" || len(v.Dumps) != 1 || v.Lifecycle != "Standby" {
		t.Errorf("it is %s, %s, %s with dumps %q", v.State, v.Phase, v.Lifecycle, v.Dumps)
	}
	r := f.Replacements()
	if len(r) != 1 || r[0].Terminated || r[0].DumpLost || r[0].Instance != id || r[0].By != by || r[0].Phase != "dumping" {
		t.Errorf("%+v", r)
	}
	replacement, err := f.Get(by)
	if err != nil || replacement.Lifecycle != "InService" || replacement.Group != "web" || replacement.Phase != "up" {
		t.Errorf("%+v, %v", replacement, err)
	}
}

func TestAReplacementIsANewGuestOfTheSameKind(t *testing.T) {
	f, c := inGroup(t, fleet.Group{}, fleet.Spec{
		Name: "web-1", Tags: map[string]string{"crashcart": "auto"}, IP: "10.1.2.3", MoreIPs: []string{"10.1.2.4"}, EBSImpaired: true, BootTakes: time.Minute,
	})
	by, err := f.EnterStandby(id, true)
	must(t, err)
	c.Advance(10 * time.Second)
	v, err := f.Get(by)
	must(t, err)
	if v.ID == id || v.Name != "web-1" || v.Tags["crashcart"] != "auto" || v.Type != "m6i.large" || v.Tags["aws:autoscaling:groupName"] != "web" {
		t.Errorf("%+v", v.Spec)
	}
	if v.IP == "10.1.2.3" || v.IP == "" || len(v.MoreIPs) > 0 || v.EBSImpaired {
		t.Errorf("it took over what was the other's: %+v", v.Spec)
	}
	if v.Phase != "booting" || c.Now().Sub(v.Launched) != 10*time.Second || v.Status.Instance != "initializing" || v.Agent.Registered {
		t.Errorf("it is %s, launched at %s, checks %+v, agent %+v", v.Phase, v.Launched, v.Status, v.Agent)
	}
	if again, err := f.EnterStandby(by, true); err != nil || again == by || again == "" {
		t.Errorf("%q, %v", again, err)
	}
}

func TestWhatAGroupSeesFailing(t *testing.T) {
	ec2, elb := fleet.Group{}, fleet.Group{HealthCheck: fleet.HealthELB}
	graced := fleet.Group{HealthCheck: fleet.HealthELB, Grace: 41 * 24 * time.Hour}
	frozen := func(f *fleet.Fleet) error { return f.Hang(id, fleet.Frozen, 0) }
	dead := func(f *fleet.Fleet) error { return f.Hang(id, fleet.Dead, 0) }
	crash := func(f *fleet.Fleet) error { return f.Crash(id, 0) }
	const never = 0
	for name, c := range map[string]struct {
		group    fleet.Group
		trouble  func(*fleet.Fleet) error
		min, max time.Duration // after which it is replaced
	}{
		"nothing":                {elb, func(*fleet.Fleet) error { return nil }, never, never},
		"frozen":                 {ec2, frozen, never, never},
		"frozen, balanced":       {elb, frozen, time.Minute, time.Minute},
		"frozen, patient checks": {fleet.Group{HealthCheck: fleet.HealthELB, Interval: time.Minute, UnhealthyThreshold: 5}, frozen, 5 * time.Minute, 5 * time.Minute},
		"frozen, in its grace":   {graced, frozen, 24 * time.Hour, 24 * time.Hour},
		"dead":                   {ec2, dead, 3 * time.Minute, 4 * time.Minute},
		"dead, balanced":         {elb, dead, time.Minute, time.Minute},
		"dead, in its grace":     {fleet.Group{Grace: 41 * 24 * time.Hour}, dead, 24 * time.Hour, 24 * time.Hour},
		"a short dump":           {elb, crash, never, never},
		"agent stopped":          {elb, func(f *fleet.Fleet) error { return f.StopAgent(id, 0) }, never, never},
		"patched":                {ec2, func(f *fleet.Fleet) error { return f.Patch(id, 0) }, never, never},
		"patched, balanced":      {elb, func(f *fleet.Fleet) error { return f.Patch(id, 0) }, time.Minute, time.Minute},
		"stopped":                {ec2, func(f *fleet.Fleet) error { return f.Stop(id) }, 1, 1},
		"stopped, in its grace":  {graced, func(f *fleet.Fleet) error { return f.Stop(id) }, 1, 1},
		"terminated":             {ec2, func(f *fleet.Fleet) error { return f.Terminate(id) }, 1, 1},
		"dead, on standby": {ec2, func(f *fleet.Fleet) error {
			return errors.Join(f.SetLifecycle(id, "Standby"), dead(f))
		}, never, never},
		"stopped on standby": {ec2, func(f *fleet.Fleet) error {
			return errors.Join(f.SetLifecycle(id, "Standby"), f.Stop(id))
		}, never, never},
		"dead, terminating": {ec2, func(f *fleet.Fleet) error {
			return errors.Join(f.SetLifecycle(id, "Terminating:Wait"), dead(f))
		}, never, never},
	} {
		t.Run(name, func(t *testing.T) {
			f, clock := inGroup(t, c.group, fleet.Spec{})
			start := clock.Now()
			must(t, c.trouble(f))
			clock.Advance(48 * time.Hour)
			r := f.Replacements()
			if c.max == never {
				if len(r) > 0 {
					t.Errorf("replaced: %+v", r)
				}
				return
			}
			if len(r) != 1 || r[0].Instance != id || !r[0].Terminated || r[0].By == "" || r[0].Why == "" {
				t.Fatalf("%+v", r)
			}
			if took := r[0].At.Sub(start); took < c.min-1 || took > c.max {
				t.Errorf("after %s, want %s to %s", took, c.min, c.max)
			}
		})
	}
}

func TestAGroupThatWasNotAddedLetsItsMembersBe(t *testing.T) {
	f, c := one(t, fleet.Spec{Group: "web"})
	must(t, f.AddGroup(fleet.Group{Name: "batch", HealthCheck: fleet.HealthELB}))
	must(t, f.Hang(id, fleet.Dead, 0))
	c.Advance(time.Hour)
	if r := f.Replacements(); len(r) > 0 || view(t, f).State != "running" {
		t.Errorf("%+v", r)
	}
}

func TestAGroupNeverActsBeforeItWasAdded(t *testing.T) {
	f, c := one(t, fleet.Spec{Group: "web"})
	must(t, f.Hang(id, fleet.Dead, time.Hour))
	c.Advance(time.Minute)
	must(t, f.AddGroup(fleet.Group{Name: "web"}))
	if r := f.Replacements(); len(r) != 1 || !r[0].At.Equal(c.Now()) {
		t.Errorf("%+v at %s", r, c.Now())
	}
}

func TestAReplacementThatFailsIsReplacedToo(t *testing.T) {
	f, c := inGroup(t, fleet.Group{HealthCheck: fleet.HealthELB}, fleet.Spec{BootTakes: 2 * time.Minute}) // boots longer than it may
	must(t, f.Hang(id, fleet.Frozen, 0))
	c.Advance(3*time.Minute + time.Second)
	r := f.Replacements()
	if len(r) != 3 || r[1].Instance != r[0].By || r[2].Instance != r[1].By || r[2].At.Sub(r[1].At) != time.Minute {
		t.Errorf("%+v", r)
	}
}

func TestAMemberThatNeverComesUpIsReplaced(t *testing.T) {
	f, c := inGroup(t, fleet.Group{}, fleet.Spec{Age: time.Nanosecond, BootTakes: time.Hour})
	start := c.Now()
	c.Advance(5 * time.Minute)
	if r := f.Replacements(); len(r) != 1 || r[0].Phase != "booting" || r[0].At.Sub(start) > 4*time.Minute {
		t.Errorf("%+v", r)
	}
}

func TestBackInServiceATargetHasItsTime(t *testing.T) {
	f, c := inGroup(t, fleet.Group{HealthCheck: fleet.HealthELB}, fleet.Spec{})
	_, err := f.EnterStandby(id, false)
	must(t, errors.Join(err, f.Hang(id, fleet.Frozen, 0)))
	c.Advance(time.Hour)
	must(t, f.ExitStandby(id))
	back := c.Now()
	c.Advance(time.Hour)
	if r := f.Replacements(); len(r) != 2 || r[1].At.Sub(back) != time.Minute {
		t.Errorf("%+v, back at %s", r, back)
	}
}

func TestBackInServiceAMemberIsLookedAtAgain(t *testing.T) {
	f, c := inGroup(t, fleet.Group{}, fleet.Spec{})
	if err := f.ExitStandby(id); !errors.Is(err, fleet.ErrLifecycle) {
		t.Errorf("leaving what it was never in: %v", err)
	}
	must(t, f.Hang(id, fleet.Dead, 0))
	if by, err := f.EnterStandby(id, false); err != nil || by != "" {
		t.Errorf("%q, %v", by, err)
	}
	if _, err := f.EnterStandby(id, true); !errors.Is(err, fleet.ErrLifecycle) {
		t.Errorf("twice: %v", err)
	}
	c.Advance(time.Hour)
	if r := f.Replacements(); len(r) != 1 || r[0].Terminated || r[0].By != "" {
		t.Fatalf("%+v", r)
	}
	must(t, f.ExitStandby(id))
	if r := f.Replacements(); len(r) != 2 || !r[1].Terminated || !r[1].At.Equal(c.Now()) {
		t.Errorf("%+v at %s", r, c.Now())
	}
}

func TestAMemberThatIsTerminatedOnRequest(t *testing.T) {
	f, c := inGroup(t, fleet.Group{}, fleet.Spec{})
	by, err := f.TerminateMember(id, true)
	if err != nil || by == "" {
		t.Fatalf("%q, %v", by, err)
	}
	if _, err := f.EnterStandby(by, false); err != nil {
		t.Fatal(err)
	}
	must(t, f.Crash(by, 0))
	c.Advance(10 * time.Minute) // it has dumped
	if v, err := f.Get(by); err != nil || len(v.Dumps) != 1 {
		t.Fatalf("%+v, %v", v, err)
	}
	if none, err := f.TerminateMember(by, true); err != nil || none != "" {
		t.Errorf("Standby has no place to fill, but %q was launched, %v", none, err)
	}
	if v, err := f.Get(by); err != nil || len(v.Dumps) != 0 {
		t.Errorf("its disk is gone, but its dumps %q are there, %v", v.Dumps, err)
	}
	if r := f.Replacements(); len(r) != 3 || r[0].By != by || r[0].DumpLost || !r[2].DumpLost || !r[2].Terminated {
		t.Errorf("%+v", r)
	}
	for name, err := range map[string]error{"twice": second(f.TerminateMember(by, true)), "nobody": second(f.EnterStandby("i-0b1b2c3d4e5f60718", true)), "nobody leaves": f.ExitStandby("x")} {
		if !errors.Is(err, fleet.ErrUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second(_ string, err error) error { return err }

func TestWhatAGroupDoesNeverDependsOnWhoLooksWhen(t *testing.T) {
	story := func(every time.Duration) ([]fleet.Replacement, []fleet.View) {
		c := clock.NewManual(time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC))
		f := fleet.New(c)
		for n := range 4 {
			must(t, f.Add(fleet.Spec{ID: fmt.Sprintf("i-0a1b2c3d4e5f6070%d", n), Type: "m6i.large", Group: []string{"web", "api"}[n%2], DumpTakes: 5 * time.Minute}))
		}
		must(t, errors.Join(f.AddGroup(fleet.Group{Name: "web"}), f.AddGroup(fleet.Group{Name: "api", HealthCheck: fleet.HealthELB, Grace: time.Minute})))
		must(t, errors.Join(
			f.Hang("i-0a1b2c3d4e5f60700", fleet.Dead, 0), f.Hang("i-0a1b2c3d4e5f60701", fleet.Frozen, 0),
			f.Crash("i-0a1b2c3d4e5f60702", 0), f.Patch("i-0a1b2c3d4e5f60703", 0),
		))
		for range time.Hour / every {
			c.Advance(every)
			_, _ = f.Get("i-0a1b2c3d4e5f60700")
		}
		return f.Replacements(), f.All()
	}
	often, views := story(time.Second)
	if len(often) != 4 || !slices.IsSortedFunc(often, func(a, b fleet.Replacement) int { return a.At.Compare(b.At) }) {
		t.Errorf("%d replacements: %+v", len(often), often)
	}
	for _, every := range []time.Duration{7 * time.Second, time.Minute, time.Hour} {
		r, v := story(every)
		last := time.Duration(time.Hour/every) * every
		if !reflect.DeepEqual(r, often) {
			t.Errorf("asked every %s: %+v, else %+v", every, r, often)
		}
		if last == time.Hour && !reflect.DeepEqual(v, views) {
			t.Errorf("asked every %s the fleet ends as %+v, else %+v", every, v, views)
		}
	}
}

func TestAGroupIsCheckedWhenItIsAdded(t *testing.T) {
	f, _ := inGroup(t, fleet.Group{}, fleet.Spec{})
	for name, g := range map[string]fleet.Group{"no name": {}, "twice": {Name: "web"}, "an unknown check": {Name: "x", HealthCheck: "VPC_LATTICE"}} {
		if f.AddGroup(g) == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if g, ok := f.Group("web"); !ok || g.HealthCheck != fleet.HealthEC2 || g.Min != 1 {
		t.Errorf("%+v, %v", g, ok)
	}
	if _, ok := f.Group("batch"); ok {
		t.Error("a group that was not added is there")
	}
}

func TestNobodyLooksPastTheGroups(t *testing.T) {
	entries, err := os.ReadDir(".")
	must(t, err)
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") || e.Name() == "group.go" {
			continue
		}
		source, err := os.ReadFile(e.Name())
		must(t, err)
		if strings.Contains(string(source), "mu.Lock()") {
			t.Errorf("%s takes the lock without Fleet.lock: what groups did by then would not be seen", e.Name())
		}
	}
}

func TestManyMayLookAtOnce(t *testing.T) {
	f, c := inGroup(t, fleet.Group{HealthCheck: fleet.HealthELB}, fleet.Spec{})
	must(t, f.Hang(id, fleet.Frozen, 0))
	c.Advance(time.Hour)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { _ = f.All() })
	}
	wg.Wait()
	if r := f.Replacements(); len(r) != 1 {
		t.Errorf("%+v", r)
	}
}
