package guard_test

import (
	"fmt"
	"testing"
	"time"

	"crashcart/lambda/domain/guard"
	"crashcart/lambda/domain/instance"
)

// These are the attacks by which the first rule of the guard interrupted living hosts, or
// lost hangs. That rule believed one observer.

// passes decides about a scene once a minute, from five seconds after the alarm until it
// is no longer fresh. live brings the scene up to date before each pass. What a pass saw
// goes on to the next, as in the queue. It ends early with an interrupt.
func (s *scene) passes(t *testing.T, alarm time.Time, live func(now time.Time)) (last guard.Verdict) {
	t.Helper()
	s.trigger.At = alarm
	for now := alarm.Add(5 * time.Second); now.Before(alarm.Add(30 * time.Minute)); now = now.Add(time.Minute) {
		s.now = now
		live(now)
		last = s.claim(t)
		if last.Kind == guard.Permitted {
			return last
		}
		g, _ := s.guard()
		s.ref.Seen = g.Seen(s.question())
	}
	return last
}

// grid gives the last ping at a moment: there is one every period from phase on, but for
// those that are lost.
func grid(start time.Time, phase, period time.Duration, lost func(n int) bool) func(now time.Time) time.Time {
	return func(now time.Time) time.Time {
		n := int(now.Sub(start.Add(phase)) / period)
		for lost != nil && lost(n) {
			n--
		}
		return start.Add(phase + time.Duration(n)*period)
	}
}

// worlds are hosts that live, and differ in what can be seen of that besides their pings.
var worlds = map[string]func(*scene){
	"with a heartbeat":      func(s *scene) { s.disk, s.sent = disk{}, sent{} },
	"that writes its disk":  func(s *scene) { s.beat, s.sent = time.Time{}, sent{} },
	"that sends as before":  func(s *scene) { s.beat, s.disk = time.Time{}, disk{volumes: 1, wrote: s.now, lag: time.Minute} },
	"with an idle disk":     func(s *scene) { s.beat, s.sent = time.Time{}, sent{}; idle(s) },
	"without a disk":        func(s *scene) { s.beat, s.disk, s.sent = time.Time{}, disk{}, sent{} },
	"without anything else": func(s *scene) { s.beat, s.disk, s.sent, s.console = time.Time{}, disk{}, sent{}, nil },
}

// living brings a living host up to date, but for its agent's ping.
func (s *scene) living(world func(*scene)) {
	s.disk.count = nil
	s.lives()
	s.disk.volumes, s.disk.lag = 1, time.Minute
	s.sent.before = 1 << 20
	s.console = []byte(consoleUp)
	world(s)
}

// One lost ping of a healthy host, and any alarm about its CPU.
func TestOneLostPingIsNeverEnoughInAnyPhase(t *testing.T) {
	for what, world := range worlds {
		for phase := time.Duration(0); phase < 5*time.Minute; phase += 30 * time.Second {
			s := hung(t)
			ping := grid(noon.Add(-time.Hour), phase, 5*time.Minute, func(n int) bool { return n == 12 })
			v := s.passes(t, noon.Add(2*time.Minute), func(now time.Time) {
				s.living(world)
				s.ping.At = ping(now)
			})
			if v.Kind == guard.Permitted {
				t.Errorf("a host %s, phase %s: interrupted %s after the alarm by %q", what, phase, s.now.Sub(s.trigger.At), v)
			}
		}
	}
}

// Public set-ups let their agents ping every 10 and 15 minutes.
func TestFleetsThatPingSeldomAreNeverInterrupted(t *testing.T) {
	for period := 7 * time.Minute; period <= 12*time.Minute; period += time.Minute {
		for what, world := range worlds {
			for phase := time.Duration(0); phase < period; phase += 2 * time.Minute {
				s := hung(t)
				ping := grid(noon.Add(-2*time.Hour), phase, period, nil)
				v := s.passes(t, noon, func(now time.Time) {
					s.living(world)
					s.ping.At = ping(now)
					clear(s.neighbours)
					for i := range 20 {
						other := grid(noon.Add(-2*time.Hour), period*time.Duration(i)/20, period, nil)
						s.neighbours[fmt.Sprintf("i-%017x", i)] = now.Sub(other(now))
					}
				})
				if v.Kind == guard.Permitted {
					t.Errorf("a host %s, a ping every %s, phase %s: interrupted by %q", what, period, phase, v)
				}
			}
		}
	}
}

// An agent is stopped, loses its role, or hibernates, while its host goes on.
func TestAnAgentThatEndsByItselfIsNeverAHang(t *testing.T) {
	stopped := noon
	for how, ping := range map[string]func(now time.Time) time.Time{
		"is stopped": func(time.Time) time.Time { return stopped },
		"hibernates": func(now time.Time) time.Time { // after a call that failed it asks again after 10, 20, 40, 60 minutes
			last := stopped
			for _, wait := range []time.Duration{10, 20, 40, 60} {
				if next := last.Add(wait * time.Minute); !next.After(now) {
					last = next
				}
			}
			return last
		},
	} {
		for what, world := range worlds {
			for _, role := range []bool{false, true} { // without its role the host sends no heartbeat either
				for after := time.Duration(0); after < time.Hour; after += 11 * time.Minute {
					s := hung(t)
					v := s.passes(t, stopped.Add(after), func(now time.Time) {
						s.living(world)
						s.ping.At = ping(now)
						if role && !s.beat.IsZero() {
							s.beat = stopped
						}
					})
					if v.Kind == guard.Permitted {
						t.Errorf("a host %s, its agent %s, role lost %v, alarm %s later: interrupted by %q", what, how, role, after, v)
					}
				}
			}
		}
	}
}

// A subnet of healthy hosts loses its way out, and many agents are cut off. Ping and
// heartbeat share that way. So that the neighbours alone are tested, every disk happens to
// be still. In the smaller subnet they are too few to show another period.
func TestASubnetThatLosesItsWayOutIsNeverInterrupted(t *testing.T) {
	for _, c := range []struct{ cut, all int }{{16, 50}, {4, 9}} {
		pings := subnet(c.cut, c.all, noon)
		for host := range c.cut {
			id := fmt.Sprintf("i-%017x", host)
			s := hung(t)
			v := s.passes(t, noon.Add(4*time.Minute), func(now time.Time) {
				s.died(noon)
				s.ping.At = pings[id](now)
				clear(s.neighbours)
				for other, ping := range pings {
					if other != id {
						s.neighbours[other] = now.Sub(ping(now))
					}
				}
			})
			if v.Kind == guard.Permitted {
				t.Errorf("host %d of %d: interrupted %s after its way out broke, by %q", host, c.all, s.now.Sub(noon), v)
			}
		}
	}
}

// subnet is the pings of all hosts, of which some are cut off from that moment on.
func subnet(cut, all int, from time.Time) map[string]func(time.Time) time.Time {
	const period = 5 * time.Minute
	start, pings := from.Add(-2*time.Hour), map[string]func(time.Time) time.Time{}
	for i := range all {
		phase := period * time.Duration(i) / time.Duration(cut) % period
		pings[fmt.Sprintf("i-%017x", i)] = grid(start, phase, period, func(n int) bool {
			return i < cut && start.Add(phase+time.Duration(n)*period).After(from)
		})
	}
	return pings
}

// An alarm may come before the agent's last ping, and the hang after it.
func TestOneMorePingAfterAnEarlyWarningNeverLosesTheHang(t *testing.T) {
	for phase := time.Duration(0); phase < 5*time.Minute; phase += 15 * time.Second {
		s := hung(t)
		hang := noon.Add(6 * time.Minute)
		ping := grid(noon.Add(-time.Hour), phase, 5*time.Minute, nil)
		v := s.passes(t, noon, func(now time.Time) {
			s.died(now)
			if now.After(hang) {
				s.died(hang)
			}
			s.ping.At = ping(now)
			if now.After(hang) {
				s.ping.At = ping(hang)
			}
		})
		if v.Kind != guard.Permitted {
			t.Errorf("phase %s: the hang is lost, by %q", phase, v)
		}
	}
}

// Hung kernels answer ARP. EC2's check may fail for a while and pass again.
func TestAnARPReplyNeverOutvotesALongSilence(t *testing.T) {
	s := hung(t)
	s.ref.From = "the alarm on StatusCheckFailed_Instance"
	s.died(ago(25 * time.Minute))
	for _, failing := range []bool{true, false} {
		if failing {
			s.fails(ago(2 * time.Minute))
		} else {
			s.reach, s.status.Instance = instance.Unreachable{}, instance.Check{Status: "ok"}
		}
		if v := s.claim(t); v.Kind != guard.Permitted {
			t.Errorf("check failing %v: %s by %q", failing, v.Kind, v)
		}
	}
}

// A Windows host needs 20 minutes of silence, and 25 for its console. Its alarm may come at
// any time before, and its passes are two and a half minutes apart.
func TestAWindowsHostIsPermittedBySilence(t *testing.T) {
	for alarm := time.Duration(0); alarm <= 20*time.Minute; alarm += 5 * time.Minute {
		s := hung(t)
		s.description.Windows = true
		s.died(noon)
		s.trigger.At = noon.Add(alarm)
		var v guard.Verdict
		for now := s.trigger.At; now.Before(s.trigger.At.Add(time.Hour)) && v.Kind != guard.Permitted; now = now.Add(150 * time.Second) {
			s.now = now
			v = s.claim(t)
		}
		if v.Kind != guard.Permitted {
			t.Errorf("the alarm came %s after the hang: lost by %q", alarm, v)
		}
	}
}
