package guard_test

import (
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/guard"
	"crashcart/lambda/domain/instance"
)

// up is a boot of the ordinary kernel.
const up = "[    0.000000] Linux version 6.1.0-test (build@example)\n[    0.000000] Command line: root=/dev/nvme0n1p1 console=ttyS0\n"

// What the console may show.
const (
	consoleUp       = up + "[   12.345678] systemd[1]: Reached target Multi-User System.\n\nexample login: "
	consoleReadOnly = consoleUp + "\n[ 4000.000001] EXT4-fs (nvme0n1p1): Remounting filesystem read-only\n"
	consoleBooting  = up + "[    1.234567] nvme nvme0: pci function 0000:00:04.0\n"
	consoleDown     = consoleUp + "\n[ 4321.000000] reboot: Restarting system\n"
	consoleDumping  = consoleUp + "\n[    0.000000] Linux version 6.1.0-test (build@example)\n[    0.000000] Command line: root=/dev/nvme0n1p1 elfcorehdr=507252K\n"
	consoleLongGone = consoleDumping + up + "[   13.456789] systemd[1]: Reached target Multi-User System.\n\nexample login: "
)

// Consoles of which the ring has forgotten something.
const (
	// consoleProgress is what a long dump leaves of a console: its progress alone.
	consoleProgress = "Copying data                                      : [ 40.9 %] /           eta: 9m3s\r" +
		"Copying data                                      : [ 41.0 %] -           eta: 9m1s\r"
	// consoleNothingKnown has words on it, and none that the console's reader knows.
	consoleNothingKnown = "app: request 4711 served in 12 ms\napp: request 4712 served in 9 ms\n"
)

// showsForLong is a scene with that on its console, as it was ten minutes ago. A boot that it
// shows is then long over.
func showsForLong(text string, clock float64) func(*scene) {
	return func(s *scene) {
		shows(text)(s)
		s.ref.Seen.Kernel = clock
	}
}

// shows is a scene with that on its console.
func shows(text string) func(*scene) {
	return func(s *scene) { s.console = []byte(text) }
}

// saw is a scene whose casebook has a mark of that long ago.
func saw(age time.Duration, text string) func(*scene) {
	return func(s *scene) {
		s.view.DumpSeen = ago(age)
		s.console = []byte(text)
	}
}

func TestADumpAShutdownOrABootIsNeverDisturbed(t *testing.T) {
	judge(t, "quiet", []situation{
		{"a login prompt", shows(consoleUp), guard.Permitted},
		{"a file system that the kernel has made read-only", shows(consoleReadOnly), guard.Held},
		{"the same, and a person asks", func(s *scene) {
			shows(consoleReadOnly)(s)
			s.direct()
		}, guard.Permitted},
		{"a dump", shows(consoleDumping), guard.Refused},
		{"a dump that says how far it is", shows(consoleDumping + consoleProgress), guard.Refused},
		{"a dump of which only the progress is left", shows(consoleProgress), guard.Refused},
		{"a dump that is long over", showsForLong(consoleLongGone, 13.456789), guard.Permitted},
		{"a dump, and a boot that may have finished a moment ago", func(s *scene) {
			shows(consoleLongGone)(s)
			s.ref.Seen.Kernel = 0
		}, guard.Later},
		{"a shutdown", shows(consoleDown), guard.Refused},
		{"a boot", shows(consoleBooting), guard.Later},
		{"a shutdown that hangs, and somebody forces", func(s *scene) {
			s.direct("quiet")
			shows(consoleDown)(s)
		}, guard.Permitted},
		{"a shutdown that hangs, and somebody forces another rule", func(s *scene) {
			s.direct("unresponsive", "cooldown")
			shows(consoleDown)(s)
		}, guard.Refused},
		{"a shutdown that hangs, and an alarm names a force", func(s *scene) {
			s.trigger.Force = []string{"quiet"}
			shows(consoleDown)(s)
		}, guard.Refused},
		{"a dump, and somebody forces", func(s *scene) {
			s.direct("unresponsive", "cooldown", "quiet")
			shows(consoleDumping)(s)
		}, guard.Refused},
		{"a boot, and somebody forces", func(s *scene) {
			s.direct("unresponsive", "cooldown", "quiet")
			shows(consoleBooting)(s)
		}, guard.Later},
		{"an empty console, and somebody forces", func(s *scene) {
			s.direct("unresponsive", "cooldown", "quiet")
			shows("")(s)
		}, guard.Later},
		{"a dump was seen, then a shutdown, and somebody forces", func(s *scene) {
			s.direct("unresponsive", "cooldown", "quiet")
			saw(25*time.Minute, "[ 4321.000000] reboot: Restarting system\n")(s)
		}, guard.Refused},
		{"Windows, a line that reads like a shutdown, and somebody forces", func(s *scene) {
			s.direct("unresponsive", "cooldown", "quiet")
			s.windows()
			s.died(ago(24 * time.Minute))
			shows(consoleDown)(s)
		}, guard.Later},
		{"a dump with a line of the guest's own making", shows(consoleDumping + "\x1b]0;owned\x07\x1b[31m" + strings.Repeat("A", 4000)), guard.Refused},
		{"a dump was seen, and its console has forgotten it", saw(25*time.Minute, consoleNothingKnown), guard.Refused},
		{"a dump was seen, and its console is empty", saw(25*time.Minute, ""), guard.Refused},
		{"a dump was seen, and somebody forces", func(s *scene) {
			s.direct("unresponsive", "cooldown", "quiet")
			saw(25*time.Minute, consoleNothingKnown)(s)
		}, guard.Refused},
		{"a dump was seen, and a boot has finished since", func(s *scene) {
			saw(25*time.Minute, consoleLongGone)(s)
			s.ref.Seen.Kernel = 13.456789
		}, guard.Permitted},
		{"a dump was seen, and a boot has begun since", saw(25*time.Minute, consoleBooting), guard.Later},
		{"a dump was seen, and then only the firmware", saw(25*time.Minute, consoleFirmware), guard.Refused},
		{"a dump was seen, and the crashed kernel's log", saw(25*time.Minute, consoleDumping+"[    0.000000] Linux version 6.1.0-test (build@example)\n[    0.000000] Command line: ro\n[86520.100000] it hangs\n"), guard.Refused},
		{"a dump was seen a second short of 6 hours ago", saw(6*time.Hour-time.Second, consoleNothingKnown), guard.Refused},
		{"a dump was seen 6 hours ago", saw(6*time.Hour, consoleNothingKnown), guard.Permitted},
		{"a dump was seen by a clock that is ahead", saw(-time.Second, consoleNothingKnown), guard.Refused},
	})
}

// consoleFirmware is all that a console shows whose kernel does not write to it.
const consoleFirmware = "BdsDxe: starting Boot0001 \"UEFI Amazon Elastic Block Store\"\r\n"

func TestAConsoleThatShowsNothingNeverPermitsBeforeADumpCouldBeOver(t *testing.T) {
	silent := func(text string, d time.Duration) func(*scene) {
		return func(s *scene) {
			s.died(ago(d))
			s.console = []byte(text)
		}
	}
	windows := func(text string, d time.Duration) func(*scene) {
		return func(s *scene) {
			s.description.Windows = true
			silent(text, d)(s)
		}
	}
	// checkFails is the host of which only the check and the ping say anything. A person
	// asks, as an alarm needs more.
	checkFails := func(d time.Duration, ping time.Time) func(*scene) {
		return func(s *scene) {
			s.direct()
			s.beat, s.disk, s.sent = time.Time{}, disk{}, sent{}
			s.console, s.ping.At = nil, ping
			s.fails(ago(d))
		}
	}
	const least, leastWindows = 20 * time.Minute, 25 * time.Minute
	judgeAs(t, "quiet", "quiet-unseen", []situation{
		{"empty, silent for 11m48s", silent("", 11*time.Minute+48*time.Second), guard.Later},
		{"empty, silent for a second short of 20 minutes", silent("", least-time.Second), guard.Later},
		{"empty, silent for 20 minutes", silent("", least), guard.Permitted},
		{"line ends and escapes alone", silent("\r\n\x1b[2J\x1b[1;1H \x00\r\n--", least-time.Second), guard.Later},
		{"noise alone, which is no text", silent("\xff\xfe\x80\xff", least-time.Second), guard.Later},
		{"one word", silent("x", 11*time.Minute), guard.Permitted},
		{"its firmware alone, silent for a second short of 20 minutes", silent(consoleFirmware, least-time.Second), guard.Later},
		{"its firmware alone, silent for 20 minutes", silent(consoleFirmware, least), guard.Permitted},
		{"Windows, empty, silent for a second short of 25 minutes", windows("", leastWindows-time.Second), guard.Later},
		{"Windows, empty, silent for 25 minutes", windows("", leastWindows), guard.Permitted},
		{"Windows, its event log, silent for a second short of 25 minutes", windows(consoleNothingKnown, leastWindows-time.Second), guard.Later},
		{"Windows, its event log, silent for 25 minutes", windows(consoleNothingKnown, leastWindows), guard.Permitted},
		{"empty, the check fails for a second short of 20 minutes", checkFails(least-time.Second, time.Time{}), guard.Later},
		{"empty, the check fails for 20 minutes", checkFails(least, time.Time{}), guard.Permitted},
		{"empty, the check fails for 10 minutes, the agent is silent for 24", checkFails(10*time.Minute, ago(24*time.Minute)), guard.Later},
		{"empty, the check fails for 10 minutes, the agent is silent for 25", checkFails(10*time.Minute, ago(25*time.Minute)), guard.Permitted},
		{"empty, the check fails for 30 minutes, the agent pinged 12 minutes ago", checkFails(30*time.Minute, ago(12*time.Minute)), guard.Later},
		{"empty, the heartbeat ended 30 minutes ago, the agent pinged 12 minutes ago", func(s *scene) {
			s.console, s.beat = nil, ago(30*time.Minute)
			s.sent = sent{}
		}, guard.Later},
		{"empty, the heartbeat ended 19 minutes ago, the agent is silent for 29", func(s *scene) {
			silent("", 29*time.Minute)(s)
			s.beat = ago(19 * time.Minute)
			s.disk.wrote = s.beat
		}, guard.Later},
		{"empty, the check fails for 20 minutes, the agent is dead for days", checkFails(least, ago(50*time.Hour)), guard.Permitted},
		{"empty, the disk is still for 20 minutes, at a person's request", func(s *scene) {
			s.direct()
			s.died(ago(least))
			s.console, s.ping, s.beat = nil, instance.Ping{}, time.Time{}
			s.disk.wrote = ago(least)
		}, guard.Permitted},
		{"empty, the disk is still for 19 minutes, at a person's request", func(s *scene) {
			s.direct()
			s.died(ago(least))
			s.console, s.ping, s.beat = nil, instance.Ping{}, time.Time{}
			s.disk.wrote = ago(least - time.Minute)
		}, guard.Later},
	})
}

// Force sets the vitals aside. It never makes a silence longer than what proves it.
func TestForceNeverReplacesTheSilenceOfAHostThatShowsNothing(t *testing.T) {
	windows := func(ping time.Time) func(*scene) {
		return func(s *scene) { s.description.Windows, s.ping.At = true, ping }
	}
	for name, c := range map[string]struct {
		change func(*scene)
		kind   guard.Kind
		again  time.Duration
	}{
		"the agent pinged a minute ago":      {func(s *scene) { s.ping.At = ago(time.Minute) }, guard.Later, 20 * time.Minute},
		"no agent":                           {func(s *scene) { s.ping = instance.Ping{} }, guard.Later, 20 * time.Minute},
		"the agent is silent for 24 minutes": {func(s *scene) { s.ping.At = ago(24 * time.Minute) }, guard.Later, time.Minute},
		"the agent is silent for 25 minutes": {func(s *scene) { s.ping.At = ago(25 * time.Minute) }, guard.Permitted, 0},
		"an agent that is dead for days":     {func(s *scene) { s.ping.At = ago(50 * time.Hour) }, guard.Permitted, 0},
		"an agent that is dead for days, and a heartbeat of 19 minutes ago": {func(s *scene) {
			s.ping.At, s.beat = ago(50*time.Hour), ago(19*time.Minute)
		}, guard.Later, time.Minute},
		"Windows, no agent":                   {windows(time.Time{}), guard.Later, 25 * time.Minute},
		"Windows, silent for 30 minutes":      {windows(ago(30 * time.Minute)), guard.Permitted, 0},
		"Windows, the check fails since then": {func(s *scene) { windows(time.Time{})(s); s.fails(ago(25 * time.Minute)) }, guard.Permitted, 0},
		"the check fails, and the agent pinged a minute ago": {func(s *scene) {
			s.ping.At = ago(time.Minute)
			s.fails(ago(25 * time.Minute))
		}, guard.Later, 19 * time.Minute},
		"the neighbours are silent, too": {func(s *scene) {
			clear(s.neighbours)
			s.heard(5, 25*time.Minute)
			s.ping.At = ago(25 * time.Minute)
		}, guard.Permitted, 0},
	} {
		s := hung(t)
		s.direct("unresponsive", "cooldown", "quiet")
		s.beat, s.disk, s.sent, s.console = time.Time{}, disk{}, sent{}, nil
		c.change(s)
		v := s.claim(t)
		if v.Kind != c.kind || v.Kind == guard.Later && (v.Rule != "quiet" || v.Again() != c.again) {
			t.Errorf("%s: %s by %q, again in %s; want %s, again in %s", name, v.Kind, v, v.Again(), c.kind, c.again)
		}
	}
}

func TestAPersonIsToldWhatASilenceThatNobodyKnowsNeeds(t *testing.T) {
	s := hung(t)
	s.direct("unresponsive")
	s.description.Windows, s.ping, s.beat, s.disk, s.console = true, instance.Ping{}, time.Time{}, disk{}, nil
	const want = "quiet: the console of a Windows shows no dump, so there may be one; 25m of silence required, and nobody knows since when it is silent. " +
		"Its agent or heartbeat must fall silent, its disk be still, or AWS's reachability check fail, for that long; where none of them can, Crashcart cannot interrupt it"
	if v := s.claim(t); v.Kind != guard.Later || v.String() != want {
		t.Errorf("%s by %q, want later by %q", v.Kind, v, want)
	}
}

func TestAConsoleThatCannotBeReadNeverPermits(t *testing.T) {
	for who, ask := range asking {
		for what, text := range map[string]string{"": consoleUp, ", a dump was seen": consoleLongGone} {
			s := hung(t)
			s.member(5)
			ask(s)
			s.console = []byte(text)
			if what != "" {
				s.view.DumpSeen = ago(time.Minute)
			}
			q := s.question()
			facts["console"].fail(&q)
			v := claim(t, s, q)
			if want := "quiet: its console cannot be read (asking AWS: RequestLimitExceeded)"; v.Kind != guard.Later || v.String() != want || !v.Unanswered {
				t.Errorf("%s%s: %s by %q, want later by %q", who, what, v.Kind, v, want)
			}
		}
	}
}

// A silence that cannot be had must not count as one that is long enough.
func TestAFactThatIsMissingNeverMakesASilenceLonger(t *testing.T) {
	for name, how := range facts {
		for state, change := range map[string]func(*guard.Question){"failed": how.fail, "not asked for": how.unask} {
			s := hung(t)
			s.direct("unresponsive")
			s.console, s.ping, s.beat, s.disk = nil, instance.Ping{}, time.Time{}, disk{}
			q := s.question()
			change(&q)
			if v := claim(t, s, q); v.Kind != guard.Later {
				t.Errorf("%s %s: %s (%s), want later", name, state, v.Kind, v)
			}
		}
	}
}

// The mark must be made whichever rule has the word.
func TestADumpThatIsShownIsNeverForgottenForAnotherRule(t *testing.T) {
	for name, change := range alone {
		s := hung(t)
		change(s)
		s.console = []byte(consoleDumping)
		if v := s.claim(t); !v.DumpShown {
			t.Errorf("%s objects, too: %s by %q does not say that a dump is shown", name, v.Kind, v)
		}
	}
	for _, text := range []string{consoleUp, consoleDown, consoleBooting, consoleLongGone, consoleNothingKnown, ""} {
		s := hung(t)
		s.view.DumpSeen = ago(time.Minute)
		s.console = []byte(text)
		if v := s.claim(t); v.DumpShown {
			t.Errorf("%q: %s by %q says that a dump is shown", text, v.Kind, v)
		}
	}
}
