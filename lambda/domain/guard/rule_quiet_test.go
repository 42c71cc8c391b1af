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
	consoleBooting  = up + "[    1.234567] nvme nvme0: pci function 0000:00:04.0\n"
	consoleDown     = consoleUp + "\n[ 4321.000000] reboot: Restarting system\n"
	consoleDumping  = consoleUp + "\n[    0.000000] Linux version 6.1.0-test (build@example)\n[    0.000000] Command line: root=/dev/nvme0n1p1 elfcorehdr=507252K\n"
	consoleLongGone = consoleDumping + consoleUp
)

// Consoles of which the ring has forgotten something.
const (
	// consoleProgress is what a long dump leaves of a console: its progress alone.
	consoleProgress = "Copying data                                      : [ 40.9 %] /           eta: 9m3s\r" +
		"Copying data                                      : [ 41.0 %] -           eta: 9m1s\r"
	// consoleNothingKnown has words on it, and none that the console's reader knows.
	consoleNothingKnown = "app: request 4711 served in 12 ms\napp: request 4712 served in 9 ms\n"
)

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
		{"a dump", shows(consoleDumping), guard.Refused},
		{"a dump that says how far it is", shows(consoleDumping + consoleProgress), guard.Refused},
		{"a dump of which only the progress is left", shows(consoleProgress), guard.Refused},
		{"a dump that is long over", shows(consoleLongGone), guard.Permitted},
		{"a shutdown", shows(consoleDown), guard.Refused},
		{"a boot", shows(consoleBooting), guard.Later},
		{"a dump, and somebody forces", func(s *scene) {
			s.direct("unresponsive", "cooldown")
			shows(consoleDumping)(s)
		}, guard.Refused},
		{"a dump with a line of the guest's own making", shows(consoleDumping + "\x1b]0;owned\x07\x1b[31m" + strings.Repeat("A", 4000)), guard.Refused},
		{"a dump was seen, and its console has forgotten it", saw(25*time.Minute, consoleNothingKnown), guard.Refused},
		{"a dump was seen, and its console is empty", saw(25*time.Minute, ""), guard.Refused},
		{"a dump was seen, and somebody forces", func(s *scene) {
			s.direct("unresponsive", "cooldown")
			saw(25*time.Minute, consoleNothingKnown)(s)
		}, guard.Refused},
		{"a dump was seen, and a boot has finished since", saw(25*time.Minute, consoleLongGone), guard.Permitted},
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
			s.ping.At, s.console = ago(d), []byte(text)
		}
	}
	windows := func(text string, d time.Duration) func(*scene) {
		return func(s *scene) {
			s.description.Windows = true
			silent(text, d)(s)
		}
	}
	checkFails := func(d time.Duration, ping time.Time) func(*scene) {
		return func(s *scene) {
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
		{"one word", silent("x", 6*time.Minute), guard.Permitted},
		{"its firmware alone, silent for a second short of 20 minutes", silent(consoleFirmware, least-time.Second), guard.Later},
		{"its firmware alone, silent for 20 minutes", silent(consoleFirmware, least), guard.Permitted},
		{"Windows, empty, silent for a second short of 25 minutes", windows("", leastWindows-time.Second), guard.Later},
		{"Windows, empty, silent for 25 minutes", windows("", leastWindows), guard.Permitted},
		{"Windows, its event log, silent for a second short of 25 minutes", windows(consoleNothingKnown, leastWindows-time.Second), guard.Later},
		{"Windows, its event log, silent for 25 minutes", windows(consoleNothingKnown, leastWindows), guard.Permitted},
		{"empty, the check fails for a second short of 20 minutes", checkFails(least-time.Second, time.Time{}), guard.Later},
		{"empty, the check fails for 20 minutes", checkFails(least, time.Time{}), guard.Permitted},
		{"empty, the check fails for 10 minutes, the agent is silent for 21", checkFails(10*time.Minute, ago(21*time.Minute)), guard.Permitted},
		{"empty, the check fails for 30 minutes, the agent pinged 10 minutes ago", checkFails(30*time.Minute, ago(10*time.Minute)), guard.Later},
		{"empty, the check fails for 20 minutes, the agent is dead for days", checkFails(least, ago(50*time.Hour)), guard.Permitted},
		{"empty, the application fails for 20 minutes", func(s *scene) {
			s.config.Rules.ApplicationStatus = true
			s.console, s.ping = nil, instance.Ping{}
			s.status.Application = instance.Check{Status: "impaired", Since: ago(least)}
		}, guard.Permitted},
		{"empty, the application fails for 20 minutes, the check for 6", func(s *scene) {
			s.config.Rules.ApplicationStatus = true
			s.console, s.ping = nil, instance.Ping{}
			s.fails(ago(6 * time.Minute))
			s.status.Application = instance.Check{Status: "impaired", Since: ago(least)}
		}, guard.Permitted},
		{"empty, the application fails for a second short of 20 minutes", func(s *scene) {
			s.config.Rules.ApplicationStatus = true
			s.console, s.ping = nil, instance.Ping{}
			s.status.Application = instance.Check{Status: "impaired", Since: ago(least - time.Second)}
		}, guard.Later},
	})
}

// Force sets the signs of life aside. It never makes a silence longer than what proves it.
func TestForceNeverReplacesTheSilenceOfAHostThatShowsNothing(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*scene)
		kind   guard.Kind
		again  time.Duration
	}{
		"the agent pinged a minute ago":       {func(s *scene) { s.ping.At = ago(time.Minute) }, guard.Later, 19 * time.Minute},
		"no agent":                            {func(s *scene) { s.ping = instance.Ping{} }, guard.Later, 20 * time.Minute},
		"an agent that is dead for days":      {func(s *scene) { s.ping.At = ago(50 * time.Hour) }, guard.Later, 20 * time.Minute},
		"the agent is silent for 19 minutes":  {func(s *scene) { s.ping.At = ago(19 * time.Minute) }, guard.Later, time.Minute},
		"the agent is silent for 20 minutes":  {func(s *scene) { s.ping.At = ago(20 * time.Minute) }, guard.Permitted, 0},
		"Windows, no agent":                   {func(s *scene) { s.description.Windows, s.ping = true, instance.Ping{} }, guard.Later, 25 * time.Minute},
		"Windows, silent for 25 minutes":      {func(s *scene) { s.description.Windows, s.ping.At = true, ago(25*time.Minute) }, guard.Permitted, 0},
		"Windows, the check fails since then": {func(s *scene) { s.description.Windows, s.ping = true, instance.Ping{}; s.fails(ago(25 * time.Minute)) }, guard.Permitted, 0},
		"the check fails, and the agent pinged a minute ago": {func(s *scene) {
			s.ping.At = ago(time.Minute)
			s.fails(ago(25 * time.Minute))
		}, guard.Later, 19 * time.Minute},
		"the agents of all others are silent, too": {func(s *scene) {
			clear(s.others)
			s.heard(5, 25*time.Minute)
			s.ping.At = ago(25 * time.Minute)
		}, guard.Later, 20 * time.Minute},
	} {
		s := hung(t)
		s.direct("unresponsive", "cooldown")
		s.console = nil
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
	s.description.Windows, s.ping, s.console = true, instance.Ping{}, nil
	const want = "quiet: the console of a Windows shows no dump, so there may be one; 25m of silence required, and nobody knows since when it is silent. " +
		"Its SSM agent must be silent, or AWS's reachability check must fail, for that long; where neither can, Crashcart cannot interrupt it"
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
			s.console, s.ping = nil, instance.Ping{}
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
