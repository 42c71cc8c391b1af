package guard_test

import (
	"testing"
	"time"

	"crashcart/lambda/domain/guard"
	"crashcart/lambda/domain/instance"
	"crashcart/lambda/domain/vitals"
)

// Lines of a kernel's log, two hours after its boot.
const (
	lockup    = "\n[ 7200.100000] watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [kworker/1:1:123]\n"
	appHangs  = "\n[ 7200.100000] INFO: task java:4711 blocked for more than 120 seconds.\n"
	initHangs = "\n[ 7200.100000] INFO: task systemd:1 blocked for more than 120 seconds.\n"
)

// logs makes the kernel's log the only word on the machine: a pass before has read the one
// console, and this one reads the other.
func logs(before, now string) func(*scene) {
	return func(s *scene) {
		s.disk = disk{}
		s.now = s.now.Add(-time.Minute)
		s.console = []byte(before)
		g, _ := s.guard()
		s.ref.Seen = g.Seen(s.question())
		s.now = s.now.Add(time.Minute)
		s.console = []byte(now)
	}
}

// only leaves one voice of the scene.
func only(name vitals.Name) func(*scene) {
	return func(s *scene) {
		if name != vitals.SSMPing {
			s.ping = instance.Ping{}
		}
		if name != vitals.Heartbeat {
			s.beat = time.Time{}
		}
		if name == vitals.Reachability {
			s.fails(ago(11 * time.Minute))
		}
	}
}

// both makes two changes.
func both(one, other func(*scene)) func(*scene) {
	return func(s *scene) {
		one(s)
		other(s)
	}
}

// written makes the disk write as many in each minute after it seemed to die.
func written(n int) func(*scene) {
	return func(s *scene) {
		s.disk.count = func(at time.Time) (int, bool) {
			if at.Before(ago(11 * time.Minute)) {
				return 40, true
			}
			return n, true
		}
	}
}

// decides is, for every vital, a scene on which that vital alone decides, and what the
// guard says of it. Without the vital it says something else.
var decides = map[vitals.Name]struct {
	change func(*scene)
	kind   guard.Kind
}{
	vitals.SSMPing:      {only(vitals.SSMPing), guard.Permitted},
	vitals.Heartbeat:    {only(vitals.Heartbeat), guard.Permitted},
	vitals.Reachability: {only(vitals.Reachability), guard.Held},
	vitals.DiskWrites:   {func(*scene) {}, guard.Permitted},
	vitals.KernelLog:    {logs(consoleUp, consoleUp+lockup), guard.Permitted},
	vitals.TargetHealth: {func(s *scene) { s.balanced("healthy", "") }, guard.Later},
	vitals.NetworkOut:   {func(s *scene) { s.sent.until = noon }, guard.Later},
	vitals.ApplicationStatus: {func(s *scene) {
		s.status.Application.Status = "ok"
	}, guard.Later},
}

func TestNoVitalIsEverLeftOut(t *testing.T) {
	s := hung(t)
	g, _ := s.guard()
	read := g.Vitals(s.question())
	if len(read) != len(decides) {
		t.Errorf("%d vitals are read, %d are tested", len(read), len(decides))
	}
	for name, c := range decides {
		t.Run(string(name), func(t *testing.T) {
			s := hung(t)
			c.change(s)
			if v := s.claim(t); v.Kind != c.kind || v.Rule != "unresponsive" {
				t.Errorf("%s by %q, want %s", v.Kind, v, c.kind)
			}
		})
	}
}

// saysNothing is, for every vital, where the design says that it says nothing, and what the
// guard makes of that. If the vital were believed, the guard would say something else.
var saysNothing = map[vitals.Name]map[string]struct {
	change func(*scene)
	kind   guard.Kind
}{
	vitals.SSMPing: {
		"no agent":                         {both(only(vitals.SSMPing), func(s *scene) { s.ping = instance.Ping{} }), guard.Later},
		"silent for longer than a hang is": {both(only(vitals.SSMPing), func(s *scene) { s.ping.At, s.sent = ago(33*time.Minute), sent{} }), guard.Later},
		"a ping of before its launch": {both(only(vitals.SSMPing), func(s *scene) {
			s.direct()
			s.disk, s.description.LaunchedAt = disk{}, s.ping.At.Add(time.Second)
		}), guard.Refused},
	},
	vitals.Heartbeat: {
		"none": {both(only(vitals.Heartbeat), func(s *scene) { s.beat = time.Time{} }), guard.Later},
		"ended more than an hour before": {both(only(vitals.Heartbeat), func(s *scene) {
			s.beat, s.sent = ago(66*time.Minute), sent{}
		}), guard.Later},
	},
	vitals.Reachability: {
		"it passes, as with a hung kernel that answers ARP": {func(s *scene) { s.status.Instance.Status = "ok" }, guard.Permitted},
		"it fails, and nothing else ever spoke":             {only(vitals.Reachability), guard.Held},
		"it has failed, and passes by now":                  {both(only(vitals.Reachability), func(s *scene) { s.status.Instance.Status = "ok" }), guard.Later},
		"it has failed for less than 5 minutes":             {both(only(vitals.Reachability), func(s *scene) { s.fails(ago(4 * time.Minute)) }), guard.Later},
	},
	vitals.DiskWrites: {
		"it has none of its own": {func(s *scene) { s.disk = disk{} }, guard.Later},
		"it was idle before":     {idle, guard.Later},
		"minutes that are published more than 5 minutes late": {func(s *scene) {
			s.died(ago(20 * time.Minute))
			s.disk.lag = 6 * time.Minute
		}, guard.Later},
		"too few minutes to compare with":          {func(s *scene) { s.disk.count = since(35*time.Minute, false) }, guard.Later},
		"it was written in too few minutes before": {func(s *scene) { s.disk.count = since(13*time.Minute, true) }, guard.Later},
		"it was still for 8 minutes before":        {both(func(s *scene) { s.disk.wrote, s.sent = ago(25*time.Minute), sent{} }, pauses(8)), guard.Later},
		"it writes ten times as much":              {both(func(s *scene) { s.direct() }, written(400)), guard.Permitted},
		"it writes a little, as init does":         {both(func(s *scene) { s.direct() }, written(5)), guard.Permitted},
		"its volumes' metrics have a hole":         {hole, guard.Later},
		"its stillness is shorter than ever":       {pauses(5), guard.Later},
	},
	vitals.KernelLog: {
		"the same lockup as at the pass before": {logs(consoleUp+lockup, consoleUp+lockup), guard.Later},
		"a task of an application":              {logs(consoleUp, consoleUp+appHangs), guard.Later},
		"nothing new":                           {logs(consoleUp, consoleUp), guard.Later},
		"no pass before": {func(s *scene) {
			s.disk, s.console, s.ref.Seen = disk{}, []byte(consoleUp+lockup), nil
		}, guard.Later},
		"a Windows": {both(logs(consoleUp, consoleUp+lockup), func(s *scene) { s.windows(); s.disk = disk{} }), guard.Held},
		"its disk can speak, and is written": {both(logs(consoleUp, consoleUp+lockup), func(s *scene) {
			s.disk = disk{volumes: 1, wrote: noon, lag: time.Minute}
			written(5)(s)
		}), guard.Later},
	},
	vitals.TargetHealth: {
		"healthy by TCP": {func(s *scene) {
			s.balanced("healthy", "")
			s.targets[0].Protocol = "TCP"
		}, guard.Permitted},
		"healthy on a node port": {func(s *scene) {
			s.balanced("healthy", "")
			s.targets[0].Port = 32767
		}, guard.Permitted},
		"healthy in a cluster": {func(s *scene) {
			s.balanced("healthy", "")
			s.description.Kubernetes = true
		}, guard.Permitted},
		"unhealthy is never dead": {both(only(vitals.SSMPing), func(s *scene) {
			s.balanced("unhealthy", "Target.Timeout")
			s.ping = instance.Ping{}
		}), guard.Later},
		"the load balancer's own trouble": {func(s *scene) { s.balanced("unavailable", "Elb.InternalError") }, guard.Permitted},
	},
	vitals.NetworkOut: {
		"a router": {func(s *scene) {
			s.sent.until = noon
			s.description.Router = true
		}, guard.Permitted},
		"a network that was quiet before": {func(s *scene) { s.sent = sent{until: noon, before: 59_000, after: 0} }, guard.Permitted},
		"it sends less than a tenth":      {func(s *scene) { s.sent.after = s.sent.before/10 - 1 }, guard.Permitted},
		"sending nothing is never dead": {both(only(vitals.SSMPing), func(s *scene) {
			s.sent.after, s.ping = 0, instance.Ping{}
		}), guard.Later},
	},
	vitals.ApplicationStatus: {
		"impaired is never dead": {both(only(vitals.SSMPing), func(s *scene) {
			s.status.Application.Status, s.ping = "impaired", instance.Ping{}
		}), guard.Later},
		"impaired is never alive": {func(s *scene) { s.status.Application.Status = "impaired" }, guard.Permitted},
		"initializing":            {func(s *scene) { s.status.Application.Status = "initializing" }, guard.Permitted},
		"no data":                 {func(s *scene) { s.status.Application.Status = "insufficient-data" }, guard.Permitted},
		"impaired never outvotes a fresh ping": {func(s *scene) {
			s.status.Application.Status, s.ping.At = "impaired", ago(time.Minute)
		}, guard.Later},
	},
}

// pauses makes the disk one that was written in one minute and then still for so many.
func pauses(minutes int) func(*scene) {
	return func(s *scene) {
		s.disk.count = func(at time.Time) (int, bool) {
			if at.Before(s.disk.wrote) && int(s.disk.wrote.Sub(at).Minutes()-1)%(minutes+1) == 0 {
				return 40, true
			}
			return 0, true
		}
	}
}

// since is a disk that is written in each minute from so long ago on, until it stops 9
// minutes ago. Before that its minutes are not published, or of no write.
func since(d time.Duration, published bool) func(at time.Time) (int, bool) {
	return func(at time.Time) (int, bool) {
		switch {
		case at.Before(ago(d)):
			return 0, published
		case at.Before(ago(9 * time.Minute)):
			return 40, true
		}
		return 0, true
	}
}

// hole leaves all but four of the minutes unpublished that follow the last write.
func hole(s *scene) {
	s.disk.count = func(at time.Time) (int, bool) {
		if at.Before(s.disk.wrote) {
			return 40, true
		}
		return 0, at.Sub(s.disk.wrote) >= 4*time.Minute
	}
}

func TestNoVitalIsEverBelievedWhereItSaysNothing(t *testing.T) {
	for name := range decides {
		if len(saysNothing[name]) == 0 {
			t.Errorf("nothing is said of where %s says nothing", name)
		}
		for where, c := range saysNothing[name] {
			t.Run(string(name)+"/"+where, func(t *testing.T) {
				s := hung(t)
				c.change(s)
				v := s.claim(t)
				if v.Kind != c.kind || v.Rule != "unresponsive" {
					t.Errorf("%s by %q, want %s", v.Kind, v, c.kind)
				}
			})
		}
	}
}

// What the kernel says of init is believed, where no disk can be asked.
func TestAKernelThatIsStuckIsNeverWaitedForUntilTheAlarmIsOld(t *testing.T) {
	for name, now := range map[string]string{"a lockup": lockup, "init hangs": initHangs} {
		s := hung(t)
		logs(consoleUp, consoleUp+now)(s)
		if v := s.claim(t); v.Kind != guard.Permitted {
			t.Errorf("%s: %s by %q", name, v.Kind, v)
		}
		logs(consoleUp, consoleUp+now+"\nexample login: ")(s)
		if v := s.claim(t); v.Kind != guard.Later {
			t.Errorf("%s, and somebody logs in: %s by %q", name, v.Kind, v)
		}
	}
}
