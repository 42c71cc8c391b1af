package witness_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/console"
	"crashcart/lambda/domain/instance"
	"crashcart/lambda/domain/witness"
)

// follow adds sights to the account of a case that was sent at noon.
func follow(sights ...witness.Sight) cases.Account {
	a := cases.Account{SentAt: noon}
	for _, s := range sights {
		a = witness.Add(a, s)
	}
	return a
}

// sight is what is seen of a running instance some time after noon.
func sight(after time.Duration, text string) witness.Sight {
	return witness.Sight{
		At: noon.Add(after), Before: []byte(hung), Console: []byte(hung + text),
		Known: true, State: "running", Launched: noon.Add(-24 * time.Hour),
	}
}

func TestAStageIsNeverUnproven(t *testing.T) {
	all := version + capture + dracut(copied+whole) + restart + up
	a := follow(sight(time.Minute, all))
	for name, s := range map[string]witness.Sight{
		"no console":        {At: noon.Add(time.Hour)},
		"an empty console":  {At: noon.Add(time.Hour), Console: []byte{}, Before: []byte(hung)},
		"an older console":  sight(time.Hour, ""),
		"another console":   {At: noon.Add(time.Hour), Console: []byte("hello\r\n")},
		"the same":          sight(time.Hour, all),
		"it is gone":        {At: noon.Add(time.Hour), Known: true},
		"it is stopped":     {At: noon.Add(time.Hour), Known: true, State: "stopped", Reason: "User initiated (2026-11-28 12:30:00 GMT)"},
		"another crash":     sight(time.Hour, all+"\r\n"+version+capture+dracut(copying)),
		"a shutdown":        sight(time.Hour, all+"\r\n[ 4100.1] reboot: Restarting system\r\n"),
		"a ring of another": {At: noon.Add(time.Hour), Before: []byte(hung), Console: []byte(strings.Repeat("[ 5000.1] x\r\n", console.MaxBytes/12))},
	} {
		b := witness.Add(a, s)
		if !reflect.DeepEqual(b.Proofs, a.Proofs) {
			t.Errorf("%s: %+v, was %+v", name, b.Proofs, a.Proofs)
		}
		if c := witness.Conclude(b, noon.Add(2*time.Hour)); c.Finding != cases.FindingDumped || !c.Done {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

// A step may be played again: what the first one has kept is not changed by the second.
func TestTheSameSightAgainAddsNothing(t *testing.T) {
	for _, text := range []string{"", seen, seen + panics, version + capture, version + capture + dracut(copying), version + capture + dracut(copied+whole) + restart + up} {
		once := follow(sight(time.Minute, text))
		again := witness.Add(once, sight(time.Minute, text))
		if !reflect.DeepEqual(once, again) {
			t.Errorf("%q: %+v, and again %+v", text, once, again)
		}
	}
	a := follow(sight(time.Minute, seen))
	proofs := slices.Clone(a.Proofs)
	witness.Add(a, sight(time.Minute, seen+panics+version+capture))
	if !reflect.DeepEqual(a.Proofs, proofs) {
		t.Error("the account that was given has changed")
	}
	a = follow(sight(time.Minute, seen+panics+version+command))
	a.Proofs = append(make([]cases.Proof, 0, 10), a.Proofs[0], a.Proofs[3])
	proofs = slices.Clone(a.Proofs)
	if witness.Add(a, sight(time.Minute, seen+panics)); !reflect.DeepEqual(a.Proofs, proofs) {
		t.Error("the account that was given has changed in its midst")
	}
}

// The times are those at which a stage was first seen.
func TestAStageKeepsTheTimeAtWhichItWasFirstSeen(t *testing.T) {
	text := version + capture
	a := follow(
		sight(15*time.Second, text),
		sight(30*time.Second, text+dracut(copied+whole)),
		sight(5*time.Minute, text+dracut(copied+whole)+restart+up),
	)
	for stage, want := range map[cases.Stage]time.Duration{
		cases.StageSent: 0, stCapture: 15 * time.Second, stDmesg: 30 * time.Second, stDumped: 30 * time.Second, stRebooted: 5 * time.Minute, stBack: 5 * time.Minute,
	} {
		if p, ok := a.Reached(stage); !ok || !p.SeenAt.Equal(noon.Add(want)) {
			t.Errorf("%s was seen at %s, %v", stage, p.SeenAt, ok)
		}
	}
	if p, _ := a.Reached(stDumped); p.Line != "makedumpfile Completed." || p.By != "console" || p.Doubt != "" {
		t.Errorf("the dump is proven by %+v", p)
	}
}

// A better proof takes the doubt away, and leaves the time.
func TestADoubtEndsWithABetterProof(t *testing.T) {
	words := "[    6.4] kdump[480]: saving vmcore\r\n"
	a := follow(sight(time.Minute, words), sight(2*time.Minute, version+capture+words))
	if p, _ := a.Reached(stCapture); p.Doubt != "" || !strings.Contains(p.Line, "elfcorehdr") || !p.SeenAt.Equal(noon.Add(time.Minute)) || len(a.Proofs) != 2 {
		t.Errorf("%+v", a.Proofs)
	}
	a = witness.Add(a, sight(3*time.Minute, words))
	if p, _ := a.Reached(stCapture); p.Doubt != "" || !strings.Contains(p.Line, "elfcorehdr") {
		t.Errorf("%+v", a.Proofs)
	}
}

// The capture kernel may panic as well, and the ring forget its boot.
func TestAPanicOfAnotherKernelIsNeverTheInterruptedOnes(t *testing.T) {
	later := sight(5*time.Minute, "")
	later.Console = []byte(strings.Repeat("[   20.1] x\r\n", 2*console.MaxBytes/13) + "[   21.1] Kernel panic - not syncing: System is deadlocked on memory\r\n")
	if got := proven(follow(later)); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

// A case without a console from before is followed to its end all the same.
func TestACrashThatTheRingForgetsStillEnds(t *testing.T) {
	crash, boot := sight(time.Minute, ""), sight(5*time.Minute, "")
	crash.Before, crash.Console = nil, []byte(version+capture+dracut(copied+whole))
	boot.Before, boot.Console = nil, []byte(up)
	if got := proven(follow(crash, boot)); !slices.Equal(got, stages(stCapture, stDmesg, stDumped, stRebooted, stBack)) {
		t.Errorf("%v", got)
	}
	if got := proven(follow(boot)); len(got) != 0 {
		t.Errorf("a boot alone is %v", got)
	}
}

// The ring of the interrupted machine may begin in the midst of its boot.
func TestAnInterruptInAHalfForgottenBootIsSeen(t *testing.T) {
	const half = "[  OK  ] Reached target basic.target - Basic System.\r\n[ 3900.1] x\r\n"
	got := witness.Read([]byte(half), []byte(half+seen+panics))
	if got.Finding != cases.FindingNoDump || len(got.Stages) != 2 {
		t.Errorf("%s by %v", got.Finding, got.Stages)
	}
}

// Without a console from before, an older crash may be what shows.
func TestAnOlderCrashIsNeverProvenWithoutADoubt(t *testing.T) {
	s := sight(time.Minute, version+capture+dracut(copied+whole)+restart+version+command+"[   20.1] x\r\n")
	s.Before = nil
	a := follow(s)
	for _, p := range a.Proofs[1:] {
		if p.Doubt == "" {
			t.Errorf("%+v has no doubt", p)
		}
	}
	if c := witness.Conclude(a, noon.Add(time.Hour)); c.Finding != cases.FindingDumped || !strings.Contains(c.Doubt, "older crash") {
		t.Errorf("%+v", c)
	}
	// Its kernel has run for an hour, and the interrupt was sent a minute ago.
	s.Console = append(s.Console, "[ 3600.1] x\r\n"...)
	if a := follow(s); len(a.Proofs) != 1 {
		t.Errorf("a crash before the newest boot is %+v", a.Proofs)
	}
	s.Console = append(s.Console, "[ 3600.2] Uhhuh. NMI received for unknown reason 21 on CPU 0.\r\n"...)
	if a := follow(s); !slices.Equal(proven(a), stages(stSeen)) {
		t.Errorf("an interrupt in the newest boot is %+v", a.Proofs)
	}
}

// makedumpfile's progress fills the ring, and nothing else is left in it.
func TestAProgressAloneIsACaptureKernel(t *testing.T) {
	ring := strings.Repeat(copying, 2*console.MaxBytes/len(copying))
	s := sight(20*time.Minute, "")
	s.Console = []byte(ring[7 : 7+console.MaxBytes])
	a := follow(s)
	p, ok := a.Reached(stCapture)
	if !ok || !strings.Contains(p.Line, "[ 41.0 %]") || a.Percent != "41 %" || a.Left != "9m10s" {
		t.Errorf("%+v", a)
	}
	if c := witness.Conclude(a, s.At); !c.Dumping || c.Stalled || c.Done || !strings.Contains(c.Why, "41 %") {
		t.Errorf("%+v", c)
	}
}

// A ring that has forgotten how the dump ended does not prove that it failed.
func TestAForgottenEndIsNeverAFailure(t *testing.T) {
	for name, tail := range map[string]string{
		"only the boot":                    version + command,
		"the last word":                    restart + version + command,
		"a claim":                          "[   12.1] kdump-tools[129]: kdump-tools: saved vmcore in /var/crash/x\r\n" + restart + version + command,
		"an end of makedumpfile":           "[   12.1] kdump-tools[130]: makedumpfile Completed.\r\n" + restart + version + command,
		"a boot without its beginning":     "",
		"a boot that is nearly forgotten":  strings.Repeat("[  700.1] x\r\n", 2*console.MaxBytes/13),
		"the log's end, behind the dump's": "[   12.1] kdump-tools[129]: kdump-tools: saved dmesg content in /var/crash/x\r\n" + restart + version + command,
	} {
		later := sight(5*time.Minute, "")
		later.Console = []byte(tail + strings.Repeat("[    9.1] x\r\n", console.MaxBytes/13) + "[  OK  ] Reached target multi-user.target.\r\n" + prompt)
		if strings.HasPrefix(tail, "[  700") {
			later.Console = []byte(tail + prompt)
		}
		a := follow(sight(15*time.Second, version+capture), later)
		c := witness.Conclude(a, noon.Add(10*time.Minute))
		if c.Finding != cases.FindingUnproven || !c.Done || !slices.Contains(proven(a), stBack) {
			t.Errorf("%s: %+v by %v", name, c, proven(a))
		}
	}
	// From its midst on, the console has all of it.
	later := sight(5*time.Minute, "")
	later.Console = []byte(copying + "\r\n" + restart + version + command + strings.Repeat("[    9.1] x\r\n", console.MaxBytes/14) + prompt)
	a := follow(sight(15*time.Second, version+capture), later)
	if c := witness.Conclude(a, noon.Add(10*time.Minute)); c.Finding != cases.FindingDumpFailed {
		t.Errorf("%+v by %v", c, proven(a))
	}
}

func TestWhatSomebodyDoesIsRaced(t *testing.T) {
	running := func(change func(*witness.Sight)) witness.Sight {
		s := sight(time.Minute, "")
		change(&s)
		return s
	}
	for name, c := range map[string]struct {
		s    witness.Sight
		want string // of the sentence; empty for no race
	}{
		"nothing":              {running(func(*witness.Sight) {}), ""},
		"gone":                 {running(func(s *witness.Sight) { s.State = "" }), "does not exist any more"},
		"EC2 has not answered": {running(func(s *witness.Sight) { s.State, s.Known = "", false }), ""},
		"terminated":           {running(func(s *witness.Sight) { s.State, s.Reason = "terminated", "User initiated (2026-11-28 12:00:30 GMT)" }), "is terminated (User initiated (2026-11-28"},
		"stopping":             {running(func(s *witness.Sight) { s.State, s.Reason = "stopping", "Server.SpotInstanceShutdown" }), "is stopping (Server.Spot"},
		"stopped by itself": {running(func(s *witness.Sight) {
			s.State, s.Reason = "stopped", "Client.InstanceInitiatedShutdown: Instance initiated shutdown"
		}), ""},
		"stopped and started":    {running(func(s *witness.Sight) { s.Launched = noon.Add(2 * time.Minute) }), "stopped and started again at 12:02:00 UTC"},
		"launched a moment ago":  {running(func(s *witness.Sight) { s.Launched = noon.Add(30 * time.Second) }), ""},
		"replaced":               {running(func(s *witness.Sight) { s.Lifecycle = "Terminating:Proceed" }), "Auto Scaling group replaces it (Terminating:Proceed)"},
		"held by a hook":         {running(func(s *witness.Sight) { s.Lifecycle = "Terminating:Wait" }), ""},
		"in standby":             {running(func(s *witness.Sight) { s.Lifecycle = "Standby" }), ""},
		"a reason that steers":   {running(func(s *witness.Sight) { s.State, s.Reason = "stopped", "\x1b[2Jx\ny" }), "is stopped ("},
		"leaving the warm pool":  {running(func(s *witness.Sight) { s.Lifecycle = "Warmed:Terminating" }), "replaces it"},
		"held in the warm pool":  {running(func(s *witness.Sight) { s.Lifecycle = "Warmed:Terminating:Wait" }), ""},
		"a state nobody expects": {running(func(s *witness.Sight) { s.State = "pending" }), ""},
	} {
		seen := []witness.Sight{c.s}
		if name == "gone" { // EC2 may forget an instance for a moment, so one sight is not enough
			again := c.s
			again.At = noon.Add(6 * time.Minute)
			seen = append(seen, again)
		}
		got := witness.Conclude(follow(seen...), noon.Add(6*time.Minute))
		raced := got.Finding == cases.FindingRaced
		if raced != (c.want != "") || !strings.Contains(got.Why, c.want) || raced && !got.Done || strings.ContainsAny(got.Why, "\x1b\n") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// A shutdown of another kernel than the interrupted one is not somebody's wish.
func TestARebootOfItsOwnIsNeverARace(t *testing.T) {
	ring := sight(5*time.Minute, "")
	ring.Console = []byte("Rebooting.\r\n" + up)
	for name, a := range map[string]cases.Account{
		"behind a panic":                follow(sight(time.Minute, seen+panics+"[ 4005.1] reboot: machine restart\r\n")),
		"of a kernel that is forgotten": follow(ring),
		"before a capture kernel":       follow(sight(time.Minute, "[  OK  ] Reached target shutdown.target - System Shutdown.\r\n"+version+capture)),
		"of the capture kernel":         follow(sight(time.Minute, version+capture+restart)),
		"of the next kernel":            follow(sight(time.Minute, seen+panics+up+"\r\n[  OK  ] Reached target shutdown.target - System Shutdown.\r\n")),
	} {
		if a.Raced != "" {
			t.Errorf("%s: %s", name, a.Raced)
		}
	}
	if a := follow(sight(time.Minute, seen+panics+"[ 4001.1] x\r\n[  OK  ] Started a.\r\n")); a.Lives != "" {
		t.Errorf("it has panicked, and lives: %s", a.Lives)
	}
}

// A ring that has forgotten the boot still shows that the machine is up.
func TestARingWithoutTheBootStillShowsTheReturn(t *testing.T) {
	later := sight(9*time.Minute, "")
	later.Console = []byte(strings.Repeat("[  700.1] x\r\n", 2*console.MaxBytes/13) + prompt)
	a := follow(sight(time.Minute, seen+panics+version+command), later)
	if !slices.Contains(proven(a), stBack) {
		t.Errorf("%v", proven(a))
	}
}

// A second try of a script ends well.
func TestAFailureIsForgottenWhenTheDumpIsComplete(t *testing.T) {
	text := version + capture + "kdump: saving vmcore\r\nkdump: saving vmcore failed\r\n"
	a := follow(sight(time.Minute, text))
	if a.Failed != "kdump: saving vmcore failed" {
		t.Errorf("%+v", a)
	}
	a = witness.Add(a, sight(2*time.Minute, text+"kdump: saving vmcore\r\n"+copied+whole+restart+up))
	if c := witness.Conclude(a, noon.Add(3*time.Minute)); c.Finding != cases.FindingDumped || c.Doubt != "" || a.Failed != "" {
		t.Errorf("%+v of %+v", c, a)
	}
}

// What was proven before somebody came between stays proven.
func TestARaceNeverHidesAProof(t *testing.T) {
	end := witness.Sight{At: noon.Add(3 * time.Minute), Known: true, State: "terminated", Reason: "User initiated"}
	for text, want := range map[string]cases.Finding{
		version + capture + dracut(copied+whole): cases.FindingDumped,
		version + capture:                        cases.FindingRaced,
		seen + panics:                            cases.FindingNoDump,
		seen + dazed:                             cases.FindingIgnored,
	} {
		if c := witness.Conclude(follow(sight(time.Minute, text), end), noon.Add(4*time.Minute)); c.Finding != want || !c.Done {
			t.Errorf("%q: %+v, want %s", text, c, want)
		}
	}
	// A capture kernel that fails may power off, and nobody has asked EC2 for it.
	end.State, end.Reason = "stopped", ""
	if c := witness.Conclude(follow(sight(time.Minute, version+capture), end), noon.Add(4*time.Minute)); c.Finding != cases.FindingDumpFailed || !c.Done {
		t.Errorf("%+v", c)
	}
}

// A hung kernel answers the reachability check, and so may a capture kernel.
func TestACheckAloneIsNeverAReturn(t *testing.T) {
	ok, bad := instance.Check{Status: "ok"}, instance.Check{Status: "impaired"}
	checked := func(after time.Duration, text string, c instance.Check) witness.Sight {
		s := sight(after, text)
		s.Check = c
		return s
	}
	blind := func(after time.Duration, c instance.Check) witness.Sight {
		return witness.Sight{At: noon.Add(after), Check: c}
	}
	windows := func(after time.Duration, c instance.Check) witness.Sight {
		return witness.Sight{At: noon.Add(after), Windows: true, Check: c}
	}
	crash := version + capture + dracut(copied+whole)
	boot := crash + restart + version + command
	for name, c := range map[string]struct {
		sights []witness.Sight
		back   bool
	}{
		"ok while it hangs":                 {[]witness.Sight{checked(time.Minute, "", ok), checked(9*time.Minute, "", ok)}, false},
		"ok while it dumps":                 {[]witness.Sight{checked(time.Minute, crash, ok), checked(9*time.Minute, crash, ok)}, false},
		"failed and ok while it dumps":      {[]witness.Sight{checked(time.Minute, crash, bad), checked(9*time.Minute, crash, ok)}, false},
		"ok just after a boot":              {[]witness.Sight{checked(time.Minute, boot, ok), checked(2*time.Minute, boot, ok)}, false},
		"ok long after a boot":              {[]witness.Sight{checked(time.Minute, boot, ok), checked(7*time.Minute, boot, ok)}, true},
		"failed, and ok after a boot":       {[]witness.Sight{checked(time.Minute, crash, bad), checked(2*time.Minute, boot, ok)}, true},
		"failed and ok, without a console":  {[]witness.Sight{blind(time.Minute, bad), blind(9*time.Minute, ok), blind(10*time.Minute, ok)}, true},
		"failed and ok of a Windows":        {[]witness.Sight{windows(time.Minute, bad), windows(9*time.Minute, ok), windows(10*time.Minute, ok)}, true},
		"failed and ok once":                {[]witness.Sight{windows(time.Minute, bad), windows(9*time.Minute, ok)}, false},
		"failed and ok too early":           {[]witness.Sight{windows(15*time.Second, bad), windows(time.Minute, ok), windows(4*time.Minute, ok)}, false},
		"failed and ok early, and later":    {[]witness.Sight{windows(15*time.Second, bad), windows(time.Minute, ok), windows(5*time.Minute, ok)}, true},
		"failed and ok by turns":            {[]witness.Sight{windows(time.Minute, bad), windows(6*time.Minute, ok), windows(7*time.Minute, bad), windows(8*time.Minute, ok)}, false},
		"failed, ok, and no answer between": {[]witness.Sight{windows(time.Minute, bad), windows(6*time.Minute, ok), windows(7*time.Minute, instance.Check{}), windows(8*time.Minute, ok)}, true},
		"failed and ok with a console":      {[]witness.Sight{checked(time.Minute, "", bad), checked(9*time.Minute, "", ok)}, false},
		"initializing, without a console":   {[]witness.Sight{{At: noon.Add(time.Minute), Check: instance.Check{Status: "initializing"}}, {At: noon.Add(9 * time.Minute), Check: ok}}, false},
		"failed and silent, with no answer": {[]witness.Sight{{At: noon.Add(time.Minute), Check: bad}, {At: noon.Add(9 * time.Minute)}}, false},
	} {
		a := follow(c.sights...)
		p, back := a.Reached(stBack)
		if back != c.back || back && (p.By != "status check" || p.Doubt == "") {
			t.Errorf("%s: %+v", name, a.Proofs)
		}
	}
}

func TestAnAgentIsBackOnlyAfterTheInterrupt(t *testing.T) {
	ping := func(after time.Duration, text string, at time.Duration) witness.Sight {
		s := sight(after, text)
		s.Ping = noon.Add(at)
		return s
	}
	crash := version + capture + dracut(copied+whole)
	blind := ping(9*time.Minute, "", 8*time.Minute)
	blind.Console, blind.Before = nil, nil
	for name, c := range map[string]struct {
		s     witness.Sight
		back  bool
		lives bool
	}{
		"an old ping":                    {ping(9*time.Minute, crash, -20*time.Minute), false, false},
		"a ping as it was sent":          {ping(9*time.Minute, crash, 10*time.Second), false, false},
		"a ping after the dump":          {ping(9*time.Minute, crash, 8*time.Minute), true, false},
		"a ping after the boot":          {ping(9*time.Minute, seen+panics+up, 8*time.Minute), true, false},
		"a ping while it dumps":          {ping(9*time.Minute, version+capture, 8*time.Minute), false, false},
		"one ping long after it dumped":  {ping(9*time.Minute, version+capture, 30*time.Minute), false, false},
		"a ping of a panicked host":      {ping(9*time.Minute, seen+panics, 8*time.Minute), false, false},
		"a ping in the same boot":        {ping(9*time.Minute, "", 8*time.Minute), false, true},
		"a ping that nothing else shows": {blind, true, false},
	} {
		a := follow(c.s)
		if _, back := a.Reached(stBack); back != c.back || (a.Lives != "") != c.lives {
			t.Errorf("%s: %+v", name, a)
		}
	}
	early := follow(sight(time.Minute, version+capture), ping(10*time.Minute, version+capture, 9*time.Minute))
	if got := proven(early); !slices.Equal(got, stages(stCapture)) {
		t.Errorf("an agent that a capture kernel may have started: %v", got)
	}
	c := witness.Conclude(follow(blind), noon.Add(9*time.Minute))
	if c.Finding != cases.FindingUnproven || c.Doubt == "" || c.Done {
		t.Errorf("%+v", c)
	}
}
