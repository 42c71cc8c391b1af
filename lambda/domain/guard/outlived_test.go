package guard_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/guard"
	"crashcart/lambda/domain/instance"
)

// busy makes the disk write 150 a minute up to now, where it wrote 40 before the agent died.
func busy(s *scene) {
	died := s.ping.At
	s.disk.wrote = s.now
	s.disk.count = func(at time.Time) (int, bool) {
		if at.Before(died) {
			return 40, true
		}
		return 150, true
	}
}

// A person is told of the sign of death that a host has outlived. Nothing says that it is
// alive: it writes at another pace than before its agent died, and nobody asks it.
func TestAHostThatHasOutlivedItsAgentIsNeverInterruptedWithoutForce(t *testing.T) {
	for _, dead := range []time.Duration{36 * time.Minute, 3 * time.Hour, 20 * 24 * time.Hour} {
		s := hung(t)
		s.direct()
		s.description.LaunchedAt = ago(30 * 24 * time.Hour)
		s.ping.At, s.beat, s.sent = ago(dead), time.Time{}, sent{}
		busy(s)
		if v := s.claim(t); v.Kind != guard.Refused {
			t.Errorf("dead for %s: %s by %q", dead, v.Kind, v)
		}
		s.direct("unresponsive")
		if v := s.claim(t); v.Kind != guard.Permitted {
			t.Errorf("dead for %s, forced: %s by %q", dead, v.Kind, v)
		}
	}
	// A machine that swaps itself to death writes too, and its agent fell silent just now.
	s := hung(t)
	s.direct()
	s.beat, s.sent = time.Time{}, sent{}
	busy(s)
	if v := s.claim(t); v.Kind != guard.Permitted {
		t.Errorf("its agent fell silent just now: %s by %q", v.Kind, v)
	}
}

// A load balancer that calls a host healthy may say so from before: then a person waits for
// it as an alarm does.
func TestAPersonNeverInterruptsWhatALoadBalancerStillCallsHealthy(t *testing.T) {
	s := hung(t)
	s.direct()
	s.balanced("healthy", "")
	if v := s.claim(t); v.Kind != guard.Refused {
		t.Fatalf("healthy since it seemed to die: %s by %q", v.Kind, v)
	}
	slow := instance.Registration{Protocol: "HTTP", Port: 80, Interval: 5 * time.Minute, Threshold: 10, State: "healthy"}
	q := s.question()
	q.Instance.Targets = fact.Known([]instance.Registration{slow})
	if v := claim(t, s, q); v.Kind != guard.Later || v.Again() < time.Minute {
		t.Errorf("perhaps from before: %s by %q, again in %s", v.Kind, v, v.Again())
	}
}

// What its kernel complains of is no sign of death while the disk is written: also where
// the disk has nothing to compare with.
func TestAKernelThatComplainsIsNeverBelievedWhileTheDiskIsWritten(t *testing.T) {
	for name, launched := range map[string]time.Duration{"too young for a baseline": 35 * time.Minute, "of old": 72 * time.Hour} {
		for _, wrote := range []time.Duration{2 * time.Minute, 5 * time.Minute, 8 * time.Minute} {
			s := hung(t)
			logs(consoleUp, consoleUp+lockup)(s)
			s.description.LaunchedAt = ago(launched)
			s.disk = disk{volumes: 1, wrote: ago(wrote), lag: time.Minute, count: func(at time.Time) (int, bool) {
				if !at.Before(ago(wrote)) || launched > time.Hour && at.Minute()%17 != 0 && at.Before(ago(wrote+time.Minute)) {
					return 0, true
				}
				return 40, true
			}}
			want := guard.Later
			if wrote > 6*time.Minute { // five published minutes without a write
				want = guard.Permitted
			}
			if v := s.claim(t); v.Kind != want {
				t.Errorf("%s, written %s ago: %s by %q, want %s", name, wrote, v.Kind, v, want)
			}
		}
	}
}

// The sentence of a permit never says that a disk is still which is not.
func TestTheSentenceNeverSaysThatNothingIsWrittenForTheKernelsSake(t *testing.T) {
	s := hung(t)
	logs(consoleUp, consoleUp+lockup)(s)
	v := s.claim(t)
	if want := "its kernel is stuck (console since the last pass: "; v.Kind != guard.Permitted || !strings.Contains(v.Why, want) || strings.Contains(v.Why, "it writes nothing") {
		t.Errorf("%s by %q", v.Kind, v)
	}
	s = hung(t)
	s.direct()
	s.beat, s.disk.wrote = ago(time.Minute), ago(time.Minute)
	s.fails(ago(6 * time.Minute))
	s.ping = instance.Ping{}
	if v := s.claim(t); strings.Contains(fmt.Sprint(v), ": ;") || strings.Contains(v.Why, "; ;") || v.Why != "" && v.Why[0] == ';' {
		t.Errorf("%s by %q", v.Kind, v)
	}
}
