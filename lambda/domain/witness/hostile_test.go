package witness_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/console"
	"crashcart/lambda/domain/witness"
)

const lively = "[ 3999.100000] x\r\n[  OK  ] Started a.\r\n"

func TestOneAnswerOfEC2NeverEndsACase(t *testing.T) {
	absent := witness.Sight{At: noon.Add(2 * time.Minute), Known: true}
	a := follow(sight(time.Minute, version+capture+copying), absent)
	if c := witness.Conclude(a, absent.At); c.Done || a.Gone || a.Raced != "" {
		t.Errorf("%+v of %+v", c, a)
	}
	later := witness.Sight{At: noon.Add(7 * time.Minute), Known: true}
	if b := witness.Add(a, later); !b.Gone || b.Raced == "" {
		t.Errorf("two that agree: %+v", b)
	}
	if b := witness.Add(witness.Add(a, sight(3*time.Minute, version+capture+copying)), later); b.Gone || b.Raced != "" {
		t.Errorf("one that was wrong, and a new one: %+v", b)
	}
	a.Gone = true
	if b := witness.Add(a, sight(3*time.Minute, "")); b.Gone {
		t.Errorf("it runs, and is gone: %+v", b)
	}
}

func TestAKernelThatSaysNothingMoreIsNeverOneThatGoesOn(t *testing.T) {
	if c := witness.Conclude(follow(sight(time.Minute, seen)), noon.Add(time.Hour)); c.Finding != cases.FindingUnproven || !c.Done {
		t.Errorf("%+v", c)
	}
}

func TestAPanicAndSilenceIsNeverWithoutADoubt(t *testing.T) {
	for text, doubt := range map[string]bool{
		seen + panics: true,
		seen + panics + "[ 4000.300000] ---[ end Kernel panic - not syncing: NMI: Not continuing ]---\r\n": false,
		seen + panics + "[ 4000.300000] Rebooting in 10 seconds..\r\n":                                     false,
		seen + panics + version + command:                                                                  false,
	} {
		c := witness.Conclude(follow(sight(time.Minute, text)), noon.Add(20*time.Minute))
		if c.Finding != cases.FindingNoDump || strings.Contains(c.Doubt, "nothing since") != doubt {
			t.Errorf("%q: %+v", text, c)
		}
	}
}

func TestAHostThatHasBootedNeverRunsOn(t *testing.T) {
	for _, text := range []string{lively, seen + lively} {
		a := follow(sight(15*time.Second, text), sight(4*time.Minute, text+up))
		if c := witness.Conclude(a, noon.Add(10*time.Minute)); a.Lives == "" || c.Finding != cases.FindingUnproven {
			t.Errorf("%q: %+v of %+v", text, c, a)
		}
	}
}

func TestOneLineNeverEndsACaseEarly(t *testing.T) {
	a := follow(sight(15*time.Second, lively), sight(4*time.Minute, lively))
	for at, done := range map[time.Duration]bool{5 * time.Minute: false, 10 * time.Minute: true} {
		if c := witness.Conclude(a, noon.Add(at)); c.Done != done || c.Finding != cases.FindingIgnored {
			t.Errorf("after %s: %+v", at, c)
		}
	}
	a = witness.Add(a, sight(5*time.Minute, lively+"[ 4200.1] y\r\n[  OK  ] Started b.\r\n"))
	if c := witness.Conclude(a, noon.Add(5*time.Minute)); !c.Done || c.Finding != cases.FindingIgnored {
		t.Errorf("a new line: %+v", c)
	}
}

func TestAPingBehindAConsoleWithoutAKernelIsNeverTheSameBoot(t *testing.T) {
	for _, text := range []string{prompt, "SeaBIOS (version 1.0)\r\nBooting from Hard Disk 0...\r\n"} {
		s := sight(9*time.Minute, "")
		s.Before, s.Console, s.Ping = []byte(text), []byte(text+text), noon.Add(8*time.Minute)
		a := follow(s)
		if c := witness.Conclude(a, noon.Add(20*time.Minute)); c.Finding != cases.FindingUnproven || a.Lives != "" || c.Doubt == "" {
			t.Errorf("%q: %+v of %+v", text, c, a)
		}
	}
}

func TestAConsoleThatShowsNoKernelIsWaitedForLonger(t *testing.T) {
	a := follow(witness.Sight{At: noon.Add(time.Minute), Known: true, State: "running"})
	for at, done := range map[time.Duration]bool{2 * time.Hour: false, 3 * time.Hour: true} {
		if c := witness.Conclude(a, noon.Add(at)); c.Done != done {
			t.Errorf("after %s: %+v", at, c)
		}
	}
}

func TestOfTwoDoubtsNoneIsLost(t *testing.T) {
	s := sight(time.Minute, version+capture+dracut("[   31.0] kdump[486]: saving vmcore complete\r\n"))
	s.Before = nil
	p, _ := follow(s).Reached(stDumped)
	if !strings.Contains(p.Doubt, "only the script") || !strings.Contains(p.Doubt, "older crash") {
		t.Errorf("%+v", p)
	}
}

func TestTheProgressOfAnotherProgramIsNeverACaptureKernelWithoutADoubt(t *testing.T) {
	for _, line := range []string{"Downloading image  [ 41.0 %]  eta: 9m10s\r\n", "Copied 12 MB / 300 MB\r\n"} {
		a := follow(sight(time.Minute, seen+dazed+line))
		if c := witness.Conclude(a, noon.Add(3*time.Hour)); c.Doubt == "" {
			t.Errorf("%q: %+v", line, c)
		}
		if got := follow(sight(time.Minute, seen+dazed+"[ 4001.1] app[1]: "+line)); len(got.Proofs) != 2 {
			t.Errorf("%q, at the time of the interrupted kernel: %+v", line, got.Proofs)
		}
	}
	a := follow(sight(time.Minute, copying+"\r\n"+whole))
	if c := witness.Conclude(a, noon.Add(time.Hour)); c.Finding != cases.FindingDumped || !strings.Contains(c.Doubt, "words of a dump") {
		t.Errorf("a dump by words alone: %+v", c)
	}
}

func TestAnOldDumpNeverEndsACaseAtItsFirstStep(t *testing.T) {
	s := sight(15*time.Second, "")
	s.Before, s.Console = nil, []byte(version+capture+dracut(copied+whole)+restart+up)
	a := follow(s)
	for at, done := range map[time.Duration]bool{15 * time.Second: false, 39 * time.Minute: false, 40 * time.Minute: true} {
		if c := witness.Conclude(a, noon.Add(at)); c.Done != done {
			t.Errorf("after %s: %+v", at, c)
		}
	}
	s.At, s.Check.Status = noon.Add(20*time.Minute), "ok"
	if a = witness.Add(a, s); witness.Conclude(a, s.At).Done {
		t.Errorf("by the check alone: %+v", a)
	}
	s.At, s.Ping = noon.Add(21*time.Minute), noon.Add(20*time.Minute)
	if c := witness.Conclude(witness.Add(a, s), s.At); !c.Done || c.Finding != cases.FindingDumped || !strings.Contains(c.Doubt, "older crash") {
		t.Errorf("its agent has answered: %+v", c)
	}
	s.At, s.Ping = noon.Add(3*time.Minute), noon.Add(2*time.Minute)
	if c := witness.Conclude(follow(s), s.At); c.Done {
		t.Errorf("its agent has answered early: %+v", c)
	}
	s.State, s.Known = "terminated", true
	if c := witness.Conclude(follow(s), s.At); !c.Done {
		t.Errorf("it is gone, and nothing new may come: %+v", c)
	}
}

// Last week's dump is still in the ring, and no console from before the interrupt was kept.
func TestAnOldDumpNeverHidesTheNewCrash(t *testing.T) {
	old := version + capture + dracut(copied+whole) + restart + up + "\r\n"
	dead := version + capture + copying
	for name, c := range map[string]struct {
		news []string // the looks after the first one
		want cases.Finding
		has  []cases.Stage
	}{
		"a capture kernel":                   {[]string{dead}, cases.FindingHungInDump, stages(stCapture)},
		"a capture kernel behind its panic":  {[]string{seen + panics, seen + panics + dead}, cases.FindingHungInDump, stages(stSeen, stPanicked, stCapture)},
		"its dump":                           {[]string{dead, version + capture + dracut(copied+whole)}, cases.FindingDumped, stages(stCapture, stDmesg, stDumped)},
		"its dump, and a boot":               {[]string{dead, version + capture + dracut(copied+whole) + restart + up}, cases.FindingDumped, stages(stCapture, stDmesg, stDumped, stRebooted, stBack)},
		"a kernel that runs since last week": {[]string{"[ 7000.1] INFO: task systemd:1 blocked for more than 120 seconds.\r\n"}, cases.FindingUnproven, nil},
		"one that takes no notice":           {[]string{strings.ReplaceAll(seen+dazed, "[ 4000", "[ 7000")}, cases.FindingIgnored, stages(stSeen)},
	} {
		s := sight(15*time.Second, "")
		s.Before, s.Console = nil, []byte(old)
		a := follow(s)
		if c := witness.Conclude(a, s.At); c.Finding != cases.FindingDumped || c.Done {
			t.Fatalf("%s: the old dump alone: %+v", name, c)
		}
		for n, news := range c.news {
			s.At, s.Console = noon.Add(time.Duration(n+1)*time.Minute), []byte(old+news)
			a = witness.Add(a, s)
		}
		got := witness.Conclude(a, s.At)
		if got.Finding != c.want || !slices.Equal(proven(a), c.has) || got.Done || got.Finding != cases.FindingUnproven && !strings.Contains(got.Doubt, "older crash") {
			t.Errorf("%s: %+v by %v", name, got, proven(a))
		}
		if again := witness.Add(a, s); !reflect.DeepEqual(a, again) {
			t.Errorf("%s: the same again is %+v, and was %+v", name, again, a)
		}
	}
}

// A panic in a log that somebody prints is no crash of the host that has dumped.
func TestAPrintedLogNeverHidesADump(t *testing.T) {
	s := sight(time.Minute, "")
	s.Before, s.Console = nil, []byte(version+capture+dracut(copied+whole)+restart+up)
	a := follow(s)
	s.At = noon.Add(2 * time.Minute)
	s.Console = []byte("[  OK  ] Reached target multi-user.target - Multi-User System.\r\n" + strings.ReplaceAll(seen+panics, "[ 4000", "[   60"))
	if b := witness.Add(a, s); !slices.Contains(proven(b), stDumped) {
		t.Errorf("%v", proven(b))
	}
}

func TestAnOldPingIsNeverAReturn(t *testing.T) {
	for _, text := range []string{seen + version + command, version + capture + dracut(copied+whole)} {
		s := sight(30*time.Minute, text)
		s.Ping = noon.Add(2 * time.Minute)
		if _, back := follow(s).Reached(stBack); back {
			t.Errorf("%q: it is back", text)
		}
	}
}

func TestAReturnInDoubtIsToldInDoubt(t *testing.T) {
	text := version + capture + dracut(copied+whole) + restart + version + command
	first, second := sight(time.Minute, text), sight(7*time.Minute, text)
	second.Check.Status = "ok"
	if c := witness.Conclude(follow(first, second), second.At); !c.Done || !strings.Contains(c.Doubt, "reachability check") {
		t.Errorf("%+v", c)
	}
}

func TestAResetAmidADumpIsNeverAFailureWithoutADoubt(t *testing.T) {
	dump := version + capture + "[    6.4] kdump[480]: saving vmcore\r\n"
	for text, doubt := range map[string]bool{
		dump + copying + "\r\nSeaBIOS (version 1.0)\r\n" + up: true,
		dump + copying + "\r\n" + restart + up:                false,
		dump + "kdump: saving vmcore failed\r\n" + up:         false,
	} {
		c := witness.Conclude(follow(sight(time.Minute, text)), noon.Add(time.Hour))
		if c.Finding != cases.FindingDumpFailed || strings.Contains(c.Doubt, "reset from outside") != doubt {
			t.Errorf("%q: %+v", text, c)
		}
	}
}

// EC2 shows the newest lines of a Windows's log. One of them may be weeks old, and new to us.
func TestAnOldLineOfAWindowsIsNeverACrash(t *testing.T) {
	const crash = ": The computer has rebooted from a bugcheck.  The bugcheck was: 0x00000080 (0x4f4454). A dump was saved in: C:\\Windows\\MEMORY.DMP.\r\n"
	const ready = ": Windows is Ready to use\r\n"
	for date, want := range map[string]struct {
		finding cases.Finding
		doubt   string // "-" for none that is about the date
	}{
		"2026/11/02 03:04:05Z":          {cases.FindingUnproven, "-"},
		"2026-11-28T11:58:59Z":          {cases.FindingUnproven, "-"},
		"2026-11-28T11:58:59.123456Z":   {cases.FindingUnproven, "-"},
		"2026/11/28 11:59:30Z":          {cases.FindingDumped, "-"}, // its clock may be behind
		"2026/11/28 12:03:05Z":          {cases.FindingDumped, "-"},
		"2026/11/28 12:03:05.678Z":      {cases.FindingDumped, "-"},
		"2026/11/28 12:03:05":           {cases.FindingDumped, "no date"}, // in whose time zone?
		"11/02/2026 3:04:05 AM":         {cases.FindingDumped, "no date"},
		"2026/13/48 12:03:05Z":          {cases.FindingDumped, "no date"},
		"Zone 2026/11/02 03:04:05Z":     {cases.FindingDumped, "no date"},
		"":                              {cases.FindingDumped, "no date"},
		strings.Repeat("2026/11/02", 9): {cases.FindingDumped, "no date"},
	} {
		const before = "2026/11/27 00:00:00Z: Windows is Ready to use\r\n"
		s := witness.Sight{At: noon.Add(10 * time.Minute), Windows: true, Before: []byte(before), Console: []byte(date + crash + date + ready)}
		a := follow(s)
		c := witness.Conclude(a, noon.Add(20*time.Minute))
		if c.Finding != want.finding || strings.Contains(c.Doubt, "no date") != (want.doubt != "-") {
			t.Errorf("%q: %+v by %v", date, c, proven(a))
		}
		if want.finding == cases.FindingUnproven && len(a.Proofs) > 1 {
			t.Errorf("%q proves %v", date, proven(a))
		}
	}
}

// chat is a console that is full of what a host prints that is up. Its boot is forgotten.
func chat(after time.Duration) witness.Sight {
	s := sight(after, "")
	line := fmt.Sprintf("[%5d.100000] app: request %d\r\n", 200+int(after.Seconds()), int(after.Seconds()))
	s.Console = []byte(strings.Repeat(line, console.MaxBytes/len(line)+1))
	return s
}

// Between two looks the ring may forget the dump's end and the boot behind it.
func TestAReturnThatTheRingHasForgottenIsNeverWaitedForForDays(t *testing.T) {
	a, at := follow(sight(time.Minute, version+capture+copying)), 6*time.Minute
	for ; at < 47*time.Hour && !witness.Conclude(a, noon.Add(at)).Done; at += time.Minute {
		s := chat(at)
		s.Ping = noon.Add(at.Truncate(5 * time.Minute)) // the agent's rhythm
		a = witness.Add(a, s)
	}
	p, _ := a.Reached(stRebooted)
	if c := witness.Conclude(a, noon.Add(at)); c.Finding != cases.FindingUnproven || p.By != "agent" || p.Doubt == "" || !p.SeenAt.Equal(noon.Add(15*time.Minute)) || at > 20*time.Minute {
		t.Errorf("after %s: %+v of %+v", at, c, a)
	}
	// Nobody has installed the agent there. The dump's percentage ends it.
	a = follow(sight(time.Minute, version+capture+copying))
	for at = 6 * time.Minute; at < 47*time.Hour && !witness.Conclude(a, noon.Add(at)).Done; at += time.Minute {
		a = witness.Add(a, chat(at))
	}
	if c := witness.Conclude(a, noon.Add(at)); c.Finding != cases.FindingHungInDump || at > 122*time.Minute || !a.MovedAt.Equal(noon.Add(time.Minute)) {
		t.Errorf("after %s: %+v of %+v", at, c, a)
	}
}

// A capture kernel may start an agent. Its dump still goes on.
func TestAnAgentAloneIsNeverAReturnWhileTheDumpMoves(t *testing.T) {
	text := version + capture
	a := follow(sight(time.Minute, text))
	for percent := range 100 {
		at := time.Duration(percent+2) * 9 * time.Minute
		text += fmt.Sprintf("\rCopying data                                      : [ %d.0 %%] |           eta: %dm1s", percent, 100-percent)
		for beat := range 9 * time.Minute / time.Minute {
			s := sight(at+beat*time.Minute, text)
			s.Ping = s.At
			if a = witness.Add(a, s); len(a.Proofs) != 2 {
				t.Fatalf("after %s: %+v", s.At.Sub(noon), a.Proofs)
			}
		}
	}
}

// What the ring loses of a crash is not a reason to take it for another one.
func TestAForgottenLineIsNeverAnotherCrash(t *testing.T) {
	dump := version + capture + dracut(copied+whole)
	tail := dump[strings.Index(dump, "[   31.1"):]
	const bug = "2026/11/28 12:03:00Z: The computer has rebooted from a bugcheck.  The bugcheck was: 0x00000080 (0x4f4454).\r\n"
	const ready = "2026/11/28 12:04:00Z: Windows is Ready to use\r\n"
	for name, c := range map[string]struct {
		first, second string
		windows       bool
		keeps         cases.Stage
	}{
		"the end of a dump":   {dump, tail, false, stDumped},
		"one that fails":      {version + capture + suse("Saved vmcore\r\n"), version + capture + suse("Saved vmcore\r\nDeleting vmcore\r\n"), false, stDumped},
		"a line of a Windows": {bug + ready, bug, true, stBack},
	} {
		first := witness.Sight{At: noon.Add(5 * time.Minute), Windows: c.windows, Console: []byte(c.first)}
		second := witness.Sight{At: noon.Add(6 * time.Minute), Windows: c.windows, Console: []byte(c.second)}
		a := follow(first)
		if _, ok := a.Reached(c.keeps); !ok {
			t.Fatalf("%s: %v", name, proven(a))
		}
		if b := witness.Add(a, second); !slices.Equal(proven(b), proven(a)) {
			t.Errorf("%s: %v, was %v", name, proven(b), proven(a))
		}
	}
	// The old kernel's boot was not on the console. The new capture kernel's is.
	first := witness.Sight{At: noon.Add(time.Minute), Console: []byte(dump + restart)}
	second := witness.Sight{At: noon.Add(2 * time.Minute), Console: []byte(dump + restart + version + capture + copying)}
	if got := proven(follow(first, second)); !slices.Equal(got, stages(stCapture)) {
		t.Errorf("a new capture kernel behind an old dump: %v", got)
	}
}

// The console from before may be away for a moment. What was compared with it stays proven.
func TestASecondCrashNeverHidesTheFirst(t *testing.T) {
	text := version + capture + dracut(copied+whole) + restart + up + "\r\n"
	again := sight(2*time.Minute, text+version+capture+copying)
	again.Before = nil
	a := follow(sight(time.Minute, text))
	if b := witness.Add(a, again); !reflect.DeepEqual(b.Proofs, a.Proofs) {
		t.Errorf("%v, was %v", proven(b), proven(a))
	}
}

// A check of the network card, and a line that may be weeks old, are no return.
func TestACaseInDoubtOfItsCrashNeverEndsByTheCheckOrByItsOldLines(t *testing.T) {
	old := witness.Sight{Console: []byte(version + capture + dracut(copied+whole) + restart + version + command)}
	undated := witness.Sight{Windows: true, Before: []byte("x\r\n"), Console: []byte("Windows is Ready to use\r\n")}
	for name, s := range map[string]witness.Sight{"an old dump": old, "a Windows without a date": undated} {
		a := cases.Account{SentAt: noon}
		for at := time.Minute; at < 40*time.Minute; at += time.Minute {
			s.At, s.Check.Status = noon.Add(at), "ok"
			if a = witness.Add(a, s); witness.Conclude(a, s.At).Done {
				t.Fatalf("%s, after %s: %+v of %+v", name, at, witness.Conclude(a, s.At), a)
			}
		}
		if !slices.Contains(proven(a), stBack) || !witness.Conclude(a, noon.Add(40*time.Minute)).Done {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

// A case that forgot at every look what it has proven would not end.
func TestNoCaseBeginsAnewAtEveryLook(t *testing.T) {
	text := up + "\r\n" + strings.ReplaceAll(seen+dazed, "[ 4000", "[ 7000") + "Copied 12 MB / 300 MB\r\n"
	a := cases.Account{SentAt: noon}
	for at := time.Minute; at < 10*time.Minute; at += time.Minute {
		a = witness.Add(a, witness.Sight{At: noon.Add(at), Console: []byte(text)})
	}
	if p, ok := a.Reached(stCapture); !ok || !p.SeenAt.Equal(noon.Add(time.Minute)) || p.Doubt == "" {
		t.Errorf("%+v", a.Proofs)
	}
}
