package world_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"crashcart/lab/sim/world"
	"crashcart/lambda/domain/console"
)

// befallen is a host of six behind a load balancer that something befalls at 06:00, seen
// some time after.
func befallen(t *testing.T, f world.Fleet, c world.Cause, variant uint64, lasts, after time.Duration) (asker, *world.World) {
	t.Helper()
	w := make1(t, world.Hosts{Fleet: f, Count: 6, Period: 5 * time.Minute})
	scope := world.OneHost
	if c == world.SSMLate || c == world.CloudWatchLate {
		scope = world.WholeRegion
	}
	w = with(t, w, world.Fault{Cause: c, Scope: scope, At: 6 * time.Hour, For: lasts, Variant: variant})
	a := asker{t, w.View(world.Unknowns{}).At(w.Start().Add(6*time.Hour + after))}
	return a, w
}

// says is what the APIs say of a host, in short.
func (a asker) says(n int) string {
	a.Helper()
	var out []string
	note := func(is bool, word string) {
		if is {
			out = append(out, word)
		}
	}
	s := a.status(id(n))
	if s.InstanceId == nil {
		return "off"
	}
	note(a.silent(id(n)) >= 10*time.Minute, "no-ping")
	note(a.silence(id(n)) >= 5*time.Minute, "no-heartbeat")
	note(a.still(id(n)) >= 5*time.Minute, "still")
	note(s.InstanceStatus.Status == "impaired", "unreachable")
	note(s.AttachedEbsStatus.Status == "impaired", "ebs")
	note(a.sends(id(n)) < 0.1, "sends-little")
	if h := a.health(id(n)); h != "healthy " && h != "none" {
		out = append(out, h)
	}
	return strings.Join(out, ", ")
}

// TestNoCauseEverSaysMoreThanItDoes has what every cause shows 18 minutes after it began,
// in every form that it has. A form that is not in the table must not come up.
func TestNoCauseEverSaysMoreThanItDoes(t *testing.T) {
	const (
		timeout = "unhealthy Target.Timeout"
		refused = "unhealthy Target.FailedHealthChecks"
		wrong   = "unhealthy Target.ResponseCodeMismatch"
		voices  = "no-ping, no-heartbeat"
	)
	for _, c := range []struct {
		cause world.Cause
		lasts time.Duration
		says  []string
		lives world.Life
	}{
		{world.AgentStopped, time.Hour, []string{"no-ping", voices}, world.Alive},
		{world.AgentHibernate, time.Hour, []string{"no-ping"}, world.Alive},
		{world.AgentsStopped, time.Hour, []string{voices}, world.Alive},
		{world.OwnWayOut, time.Hour, []string{voices, voices + ", " + wrong}, world.Alive},
		{world.CutOff, time.Hour, []string{voices, voices + ", sends-little, " + timeout}, world.Alive},
		{world.OwnNetwork, time.Hour, []string{"", "no-ping", timeout, "no-ping, " + timeout, voices + ", sends-little, " + timeout, voices + ", unreachable, sends-little, " + timeout}, world.Alive},
		{world.EBSStall, 20 * time.Minute, []string{"still, ebs", voices + ", still, ebs", voices + ", still, ebs, sends-little, " + timeout}, world.Alive},
		{world.AppDeadlock, time.Hour, []string{"sends-little, " + timeout}, world.Alive},
		{world.AppCrash, time.Hour, []string{"sends-little, " + refused}, world.Alive},
		{world.WorkEnds, time.Hour, []string{"sends-little"}, world.Alive},
		{world.StormThatEnds, 19 * time.Minute, []string{voices + ", still, sends-little, " + timeout, voices + ", sends-little, " + timeout}, world.Transient},
		{world.SlowBoot, time.Hour, []string{voices + ", unreachable, sends-little, " + timeout, voices + ", still, unreachable, sends-little, " + timeout}, world.Alive},
		{world.PanicWithDump, time.Hour, []string{voices + ", sends-little, " + timeout, voices + ", unreachable, sends-little, " + timeout}, world.Alive},
		{world.SlowStop, time.Hour, []string{voices + ", sends-little, " + refused, voices + ", still, sends-little, " + refused}, world.Alive},
		{world.DiskFull, time.Hour, []string{wrong, "still, " + wrong, "no-ping, " + wrong, "no-ping, still, " + wrong, voices + ", " + wrong, voices + ", still, " + wrong}, world.Sick},
		{world.Egress, time.Hour, []string{voices}, world.Alive},
		{world.DNS, time.Hour, []string{voices, voices + ", " + wrong}, world.Alive},
		{world.AZPartition, time.Hour, []string{voices + ", sends-little, " + timeout, voices + ", unreachable, sends-little, " + timeout}, world.Alive},
		{world.FrozenRoot, 5 * time.Hour, []string{voices + ", still, sends-little, " + timeout}, world.Hung},
		{world.Stopped, 5 * time.Hour, []string{voices + ", still, sends-little, " + timeout, voices + ", sends-little, " + timeout}, world.Hung},
		{world.Memory, 5 * time.Hour, []string{voices + ", still, sends-little, " + timeout}, world.Hung},
		{world.Spin, 5 * time.Hour, []string{voices + ", still, unreachable, sends-little, " + timeout}, world.Hung},
		{world.NoInterrupts, 5 * time.Hour, []string{voices + ", still, unreachable, sends-little, " + timeout}, world.Hung},
		{world.PanicNoDump, 5 * time.Hour, []string{voices + ", still, unreachable, sends-little, " + timeout}, world.Hung},
		{world.SwapThrash, 5 * time.Hour, []string{voices + ", sends-little, " + timeout}, world.Hung},
	} {
		t.Run(string(c.cause), func(t *testing.T) {
			seen := map[string]bool{}
			for variant := range uint64(40) {
				a, w := befallen(t, world.ALBInstance, c.cause, variant+1, c.lasts, 18*time.Minute)
				says := a.says(0)
				seen[says] = true
				if !slices.Contains(c.says, says) {
					t.Fatalf("variant %d says %q", variant+1, says)
				}
				if l := w.Lives(0, a.v.Now()); l != c.lives {
					t.Fatalf("variant %d is %s", variant+1, l)
				}
				if says := a.says(1); says != "" {
					t.Fatalf("another host says %q", says)
				}
			}
			for _, one := range c.says {
				if !seen[one] && one != "" && c.cause != world.OwnNetwork && c.cause != world.DiskFull && c.cause != world.Stopped {
					t.Errorf("no variant says %q", one)
				}
			}
		})
	}
}

// TestAWiderCauseNeverStaysWithOneHost has what befalls the hosts of a group, and that it
// leaves another network alone.
func TestAWiderCauseNeverStaysWithOneHost(t *testing.T) {
	for _, c := range []struct {
		cause world.Cause
		scope world.Scope
		after time.Duration
		hit   func(says string) bool
		least int // hosts of six
		most  int
	}{
		{world.Egress, world.OneVPC, 30 * time.Minute, has("no-ping, no-heartbeat"), 6, 6},
		{world.DNS, world.OneVPC, 30 * time.Minute, has("no-ping, no-heartbeat"), 6, 6},
		{world.RoleLost, world.OneProfile, 110 * time.Minute, has("no-ping, no-heartbeat"), 6, 6},
		{world.RoleLost, world.OneProfile, 40 * time.Minute, has("no-ping, no-heartbeat"), 1, 5}, // each when its credentials end
		{world.AZPartition, world.OneAZ, 30 * time.Minute, has("no-ping, no-heartbeat"), 3, 3},
		{world.AZEBS, world.OneAZ, 15 * time.Minute, has("still, ebs"), 1, 3},
		{world.BadDeploy, world.OneGroup, 30 * time.Minute, has("unhealthy"), 4, 4},
		{world.PingPeriod, world.OneVPC, 70 * time.Minute, func(string) bool { return true }, 6, 6},
	} {
		total := 0
		for variant := range uint64(5) {
			w := make1(t, world.Hosts{Fleet: world.ALBInstance, Count: 6, Period: 5 * time.Minute}, world.Hosts{Fleet: world.Batch, Count: 6, Period: 5 * time.Minute})
			w = with(t, w, world.Fault{Cause: c.cause, Scope: c.scope, At: 6 * time.Hour, For: 2 * time.Hour, Variant: variant + 1})
			a := asker{t, w.View(world.Unknowns{}).At(w.Start().Add(6*time.Hour + c.after))}
			for n := range 12 {
				says := a.says(n)
				switch {
				case n < 6 && c.hit(says):
					total++
				case n >= 6 && c.scope != world.OneAZ && says != "":
					t.Errorf("%s: host %d of another network says %q", c.cause, n, says)
				}
				if w.Lives(n, a.v.Now()) != world.Alive {
					t.Errorf("%s: host %d does not live", c.cause, n)
				}
			}
		}
		if total < 5*c.least || total > 5*c.most {
			t.Errorf("%s befalls %d hosts in five worlds, not %d to %d of six", c.cause, total, c.least, c.most)
		}
	}
}

func has(part string) func(string) bool {
	return func(says string) bool { return strings.Contains(says, part) }
}

// TestAHalfHungHostNeverLooksWhollyHung has the hangs of which something goes on.
func TestAHalfHungHostNeverLooksWhollyHung(t *testing.T) {
	seen := map[string]bool{}
	for variant := range uint64(20) {
		for n := range 6 {
			w := make1(t, world.Hosts{Fleet: world.ALBInstance, Count: 6, Period: 5 * time.Minute})
			for _, c := range []world.Cause{world.Partial, world.OneCPU, world.Flapping} {
				now := with(t, w, world.Fault{Cause: c, Scope: world.OneHost, Of: n, At: 6 * time.Hour, For: 5 * time.Hour, Variant: variant + 1})
				a := asker{t, now.View(world.Unknowns{}).At(w.Start().Add(6*time.Hour + 19*time.Minute))}
				if now.Lives(n, a.v.Now()) != world.Hung {
					t.Fatalf("%s: host %d is %s", c, n, now.Lives(n, a.v.Now()))
				}
				if i := a.instance(id(n)); c == world.Partial && len(i.BlockDeviceMappings) == 2 {
					_, data := a.writes(*i.BlockDeviceMappings[1].Ebs.VolumeId)
					seen["data is written"] = seen["data is written"] || data[len(data)-1] > 0
					if a.still(id(n)) < 15*time.Minute {
						t.Errorf("the root of host %d is written", n)
					}
				}
				seen[string(c)+" "+a.says(n)] = true
				a.at(now, 6*time.Hour+20*time.Minute+30*time.Second)
				if c == world.Flapping && now.Lives(n, a.v.Now()) != world.Alive {
					t.Error("a host that flaps does not live in every third minute")
				}
			}
		}
	}
	if !seen["data is written"] || len(seen) < 7 {
		t.Errorf("it shows %v", seen)
	}
}

// TestOneLostPingIsNeverMoreThanOne looks at the whole hour around it.
func TestOneLostPingIsNeverMoreThanOne(t *testing.T) {
	a, w := befallen(t, world.Single, world.LostPing, 0, 0, 0)
	longest := time.Duration(0)
	for m := range 120 {
		a.v.At(w.Start().Add(5*time.Hour + 30*time.Minute + time.Duration(m)*30*time.Second))
		longest = max(longest, a.silent(id(0)))
	}
	if longest < 9*time.Minute || longest > 10*time.Minute {
		t.Errorf("the agent was silent for %s at most", longest)
	}
}

// TestAnAgentThatHibernatesNeverCallsAtOnce restarts one while its network is down.
func TestAnAgentThatHibernatesNeverCallsAtOnce(t *testing.T) {
	w := make1(t, world.Hosts{Fleet: world.Single, Count: 1, Period: 5 * time.Minute})
	w = with(t, w, world.Fault{Cause: world.Reboot, Scope: world.OneHost, At: 6 * time.Hour, For: time.Minute},
		world.Fault{Cause: world.Egress, Scope: world.OneSubnet, At: 6 * time.Hour, For: 15 * time.Minute})
	a := asker{t, w.View(world.Unknowns{})}
	for _, c := range []struct {
		after       time.Duration
		least, most time.Duration
	}{
		{14 * time.Minute, 14 * time.Minute, 19 * time.Minute}, // its first two calls have failed
		{29 * time.Minute, 29 * time.Minute, 34 * time.Minute}, // the way is open, and it waits for 20 min
		{40 * time.Minute, 0, 10 * time.Minute},                // it called after 30 min and some seconds
	} {
		a.v.At(w.Start().Add(6*time.Hour + c.after))
		if s := a.silent(id(0)); s < c.least || s > c.most {
			t.Errorf("%s after, it was heard %s ago", c.after, s)
		}
	}
}

// TestAPingPeriodIsNeverMissed sets another period for a network.
func TestAPingPeriodIsNeverMissed(t *testing.T) {
	w := make1(t, world.Hosts{Fleet: world.Idle, Count: 3, Period: 30 * time.Minute})
	a := asker{t, w.View(world.Unknowns{})}
	longest := time.Duration(0)
	for m := range 300 {
		longest = max(longest, a.at(w, time.Duration(m)*37*time.Second).silent(id(1)))
	}
	if longest < 29*time.Minute || longest > 30*time.Minute {
		t.Errorf("the agent was silent for %s at most", longest)
	}
	w = with(t, w, world.Fault{Cause: world.PingPeriod, Scope: world.OneVPC, At: 6 * time.Hour, Variant: 3})
	a.v = w.View(world.Unknowns{})
	longest = 0
	for m := range 600 {
		longest = max(longest, a.at(w, 8*time.Hour+time.Duration(m)*37*time.Second).silent(id(1)))
	}
	if longest == 30*time.Minute || longest < 9*time.Minute || longest > time.Hour {
		t.Errorf("the agent was silent for %s at most", longest)
	}
}

func (a asker) at(w *world.World, after time.Duration) asker {
	a.v.At(w.Start().Add(after))
	return a
}

// TestAConsoleNeverHidesWhatGoesOn reads consoles as the guard does.
func TestAConsoleNeverHidesWhatGoesOn(t *testing.T) {
	for _, c := range []struct {
		cause world.Cause
		lasts time.Duration
		after time.Duration
		want  console.Activity
		shows string
	}{
		{world.WorkEnds, time.Hour, time.Minute, console.Quiet, "login:"},
		{world.PanicWithDump, 40 * time.Minute, 20 * time.Minute, console.Dumping, "Copying data"},
		{world.PanicWithDump, 40 * time.Minute, 50 * time.Minute, console.Quiet, "saved vmcore"},
		{world.SlowBoot, 2 * time.Hour, 90 * time.Minute, console.Booting, "A start job is running"},
		{world.SlowStop, 2 * time.Hour, 90 * time.Minute, console.ShuttingDown, "A stop job is running"},
		{world.SlowStop, 2 * time.Hour, 125 * time.Minute, console.Quiet, "login:"},
		{world.FrozenRoot, 5 * time.Hour, 20 * time.Minute, console.Quiet, "blocked for more than 120 seconds"},
		{world.Spin, 5 * time.Hour, 20 * time.Minute, console.Quiet, "soft lockup"},
		{world.PanicNoDump, 5 * time.Hour, 20 * time.Minute, console.Quiet, "end Kernel panic"},
		{world.Memory, 5 * time.Hour, 20 * time.Minute, console.Quiet, "Out of memory"},
	} {
		a, w := befallen(t, world.ALBInstance, c.cause, 1, c.lasts, c.after)
		for _, h := range w.Hosts() {
			if !h.Readable {
				continue
			}
			w = with(t, w, world.Fault{Cause: c.cause, Scope: world.OneHost, Of: h.N, At: 6 * time.Hour, For: c.lasts, Variant: 1})
			text := w.View(world.Unknowns{}).At(a.v.Now()).Console(h.N)
			if got, line := console.Read(text); got != c.want || !strings.Contains(string(text), c.shows) {
				t.Errorf("%s after %s: it is %s by %q, not %s; the console ends\n%s", c.cause, c.after, got, line, c.want, text[max(0, len(text)-700):])
			}
			break
		}
	}
}

// TestAnAgentThatWasOnlyStuckNeverCallsAtOnce has hosts that live again after ten minutes.
// An agent that starts calls within a minute; one that goes on waits for its period.
func TestAnAgentThatWasOnlyStuckNeverCallsAtOnce(t *testing.T) {
	for _, c := range []struct {
		cause world.Cause
		waits bool
	}{{world.StormThatEnds, true}, {world.AgentsStopped, false}} {
		waited := false
		for variant := range uint64(20) {
			a, _ := befallen(t, world.Single, c.cause, variant+1, 10*time.Minute, 12*time.Minute)
			waited = waited || a.silent(id(0)) > 3*time.Minute
		}
		for n := range time.Duration(10) { // another phase of the period
			w := make1(t, world.Hosts{Fleet: world.Single, Count: 1, Period: 5 * time.Minute})
			w = with(t, w, world.Fault{Cause: c.cause, Scope: world.OneHost, At: 6*time.Hour + n*30*time.Second, For: 10 * time.Minute})
			a := asker{t, w.View(world.Unknowns{}).At(w.Start().Add(6*time.Hour + n*30*time.Second + 12*time.Minute))}
			waited = waited || a.silent(id(0)) > 3*time.Minute
		}
		if waited != c.waits {
			t.Errorf("after %s an agent waits for its period: %v", c.cause, waited)
		}
	}
}
