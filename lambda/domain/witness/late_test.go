package witness_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/console"
	"crashcart/lambda/domain/dump"
	"crashcart/lambda/domain/witness"
)

// chatter is a ring full of what a service prints, a line every few seconds. The newest line
// has this time of the kernel, in seconds.
func chatter(newest int) string {
	const size = 60 // of a line, at least
	var all strings.Builder
	for n := console.MaxBytes / size; n >= 0; n-- {
		fmt.Fprintf(&all, "[%5d.100000] audit: type=1400 something that a service prints %d\r\n", newest-2*n, n)
	}
	return all.String()[all.Len()-console.MaxBytes:]
}

// late is what is seen hours after noon of a host whose agent has just spoken.
func late(after time.Duration, text string) witness.Sight {
	s := sight(after, "")
	s.Console, s.Ping = []byte(text), noon.Add(after-time.Minute)
	return s
}

// beginLate follows a case from some hours after its interrupt on, until it ends.
func beginLate(t *testing.T, from time.Duration, see func(after time.Duration) witness.Sight) (cases.Account, witness.Conclusion) {
	t.Helper()
	a := cases.Account{SentAt: noon}
	for after := from; after <= from+time.Hour; after += 5 * time.Minute {
		a = witness.Add(a, see(after))
		if c := witness.Conclude(a, noon.Add(after)); c.Done {
			return a, c
		}
	}
	t.Fatalf("it does not end: %+v", a)
	return a, witness.Conclusion{}
}

// A host that has dumped and come back may have overwritten its console by the time that
// anybody looks.
func TestALateFollowUpNeverTakesARingThatHasRolledForAHostThatIgnored(t *testing.T) {
	const ten = 10 * time.Hour
	bootedAt := 20 * time.Minute // after the interrupt
	for name, c := range map[string]struct {
		see      func(after time.Duration) witness.Sight
		rebooted bool
	}{
		"a console that stands still": {func(after time.Duration) witness.Sight { return late(after, chatter(33314)) }, false},
		"one that goes on": {func(after time.Duration) witness.Sight {
			return late(after, chatter(int((after - bootedAt).Seconds())))
		}, true},
		"a kernel that is younger than before": {func(after time.Duration) witness.Sight { return late(after, chatter(3000)) }, true},
		"no console from before": {func(after time.Duration) witness.Sight {
			s := late(after, chatter(33314))
			s.Before = nil
			return s
		}, false},
		"one without the kernel's time": {func(after time.Duration) witness.Sight {
			return late(after, strings.Repeat("a service prints this\r\n", console.MaxBytes/10)[:console.MaxBytes])
		}, false},
	} {
		a, got := beginLate(t, ten, c.see)
		if got.Finding != cases.FindingUnproven || got.Doubt == "" || a.Lives != "" || a.Lively {
			t.Errorf("%s: %+v of %+v", name, got, a)
		}
		if alone := strings.Contains(got.Doubt, "no console from before"); alone != (name == "no console from before") {
			t.Errorf("%s: doubted because %q", name, got.Doubt)
		}
		p, rebooted := a.Reached(stRebooted)
		if rebooted != c.rebooted || rebooted && (p.By != "console" || !strings.HasPrefix(p.Line, "[") || !strings.Contains(p.Line, "audit") || p.Doubt == "") {
			t.Errorf("%s: %+v", name, a.Proofs)
		}
		if rebooted && !strings.HasPrefix(got.Why, "It has rebooted") {
			t.Errorf("%s: %+v", name, got)
		}
		// The host is asked for a dump, and what is on its disk needs no console.
		end := noon.Add(ten + 2*time.Hour)
		found := dump.Survey{Files: []dump.File{{Path: "/var/crash/1/vmcore", Size: 9, Modified: noon.Add(5 * time.Minute).Unix()}}}
		if got := witness.Conclude(witness.AddSurvey(a, found, end), end); got.Finding != cases.FindingDumped || got.Doubt != "" || !got.Done {
			t.Errorf("%s, and a dump on its disk: %+v", name, got)
		}
	}
}

// What shows that a kernel has run since before the interrupt still does so hours later.
func TestALateFollowUpStillSeesAHostThatIgnored(t *testing.T) {
	const ten = 10 * time.Hour
	for name, see := range map[string]func(after time.Duration) witness.Sight{
		"it prints nothing":                      func(after time.Duration) witness.Sight { return late(after, hung) },
		"it has printed little":                  func(after time.Duration) witness.Sight { return late(after, hung+"[ 4500.100000] x\r\n") },
		"its kernel is older than the interrupt": func(after time.Duration) witness.Sight { return late(after, chatter(4000+int(after.Seconds()))) },
		"the same, without a console from before": func(after time.Duration) witness.Sight {
			s := late(after, chatter(4000+int(after.Seconds())))
			s.Before = nil
			return s
		},
	} {
		if a, got := beginLate(t, ten, see); got.Finding != cases.FindingIgnored || a.Booted != "" || a.Rolled {
			t.Errorf("%s: %+v of %+v", name, got, a)
		}
	}
}

// Clocks differ, and a line may come late.
func TestAKernelsTimeNeverProvesABootByMinutes(t *testing.T) {
	for name, c := range map[string]struct {
		first, second int // the newest time at each sight, in seconds
		booted        bool
	}{
		"four minutes too young": {36000 - 250, 36000 - 240, false},
		"six minutes too young":  {36000 - 370, 36000 - 360, true},
		"it stands still":        {20000, 20000, false},
		"it has gone back":       {20000, 19990, false},
		"younger by a minute":    {3850, 3850, false},
		"younger by ten minutes": {3300, 3300, true},
	} {
		a := follow(late(10*time.Hour, chatter(c.first)), late(10*time.Hour+time.Minute, chatter(c.second)))
		if (a.Booted != "") != c.booted {
			t.Errorf("%s: %+v", name, a)
		}
		if got := witness.Conclude(a, noon.Add(11*time.Hour)); got.Finding == cases.FindingIgnored {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// A boot of which only the kernel's time is seen is waited with for the agent.
func TestABootIsNeverProvenByAPingFromBeforeIt(t *testing.T) {
	first := late(10*time.Hour, chatter(3000))
	first.Ping = noon.Add(9 * time.Hour)
	a := follow(first)
	if c := witness.Conclude(a, first.At); c.Done || c.Finding != cases.FindingUnproven || !strings.Contains(c.Doubt, "shows a boot") || len(proven(a)) != 0 {
		t.Errorf("%+v of %+v", c, a)
	}
	if c := witness.Conclude(a, first.At.Add(10*time.Minute)); !c.Done {
		t.Errorf("%+v", c)
	}
	a = witness.Add(a, late(10*time.Hour+5*time.Minute, chatter(3300)))
	if _, rebooted := a.Reached(stRebooted); !rebooted {
		t.Errorf("%+v", a.Proofs)
	}
}

// One line may be from just before the interrupt. What came later is forgotten.
func TestALineFromTheBeginningNeverShowsThatAHostLivesBehindARingThatHasRolled(t *testing.T) {
	a := follow(sight(15*time.Second, lively))
	if a.Lives == "" || a.Lively {
		t.Fatalf("%+v", a)
	}
	a, c := func() (cases.Account, witness.Conclusion) {
		for after := 10 * time.Hour; ; after += 5 * time.Minute {
			a = witness.Add(a, late(after, chatter(33314)))
			if c := witness.Conclude(a, noon.Add(after)); c.Done || after > 11*time.Hour {
				return a, c
			}
		}
	}()
	if c.Finding != cases.FindingUnproven || c.Doubt == "" || !c.Done {
		t.Errorf("%+v of %+v", c, a)
	}
}

// Every boot of a host may end with the same lines, without a time.
func TestTheLinesThatEveryBootEndsWithNeverHideACrash(t *testing.T) {
	end := "[  OK  ] Reached target multi-user.target - Multi-User System.\r\n" + strings.Repeat("Welcome to the machine, which says this at every boot.\r\n", 6) + prompt
	after := version + capture + dracut(copied+whole) + restart + version + command + end + "\r\n[  700.100000] x\r\n"
	s := late(10*time.Hour, strings.Repeat("[   20.100000] x\r\n", 2*console.MaxBytes/18)+after)
	s.Before = []byte(hung + version + command + "[ 3000.100000] x\r\n" + end)
	s.Console = s.Console[len(s.Console)-console.MaxBytes:]
	a := follow(s)
	if c := witness.Conclude(a, s.At); c.Finding != cases.FindingDumped || !c.Done {
		t.Errorf("%+v by %v", c, proven(a))
	}
}

// A host may boot without a word. Its kernel's time shows it all the same.
func TestAHostWhoseKernelIsTooYoungNeverRunsOn(t *testing.T) {
	a := follow(sight(15*time.Second, lively), sight(10*time.Hour, lively+"[ 4100.100000] x\r\n"))
	if c := witness.Conclude(a, noon.Add(10*time.Hour)); c.Finding != cases.FindingIgnored {
		t.Fatalf("%+v of %+v", c, a)
	}
	next := 10*time.Hour + time.Minute
	a = witness.Add(a, sight(next, lively+"[ 4100.100000] x\r\n[ 4200.100000] x\r\n"))
	if c := witness.Conclude(a, noon.Add(next)); c.Finding != cases.FindingUnproven || !strings.Contains(c.Doubt, "[ 4200.100000] x") {
		t.Errorf("%+v of %+v", c, a)
	}
}
