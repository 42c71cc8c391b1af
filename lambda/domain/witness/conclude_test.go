package witness_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/witness"
)

// Each account has a moment at which nothing more is to be expected, and not before it.
func TestNoCaseEndsBeforeItsDeadlineOrLater(t *testing.T) {
	const first = time.Minute // the sight that all of them rest on
	crash := version + capture
	for _, c := range []struct {
		name, text string
		finding    cases.Finding
		done       time.Duration // after the sight; 0 for at once
	}{
		{"nothing", "", cases.FindingUnproven, 59 * time.Minute},
		{"an interrupt that was seen", seen, cases.FindingUnproven, 10 * time.Minute},
		{"an interrupt that was ignored", seen + dazed, cases.FindingIgnored, 10 * time.Minute},
		{"a host that lives", seen + dazed + "[ 4001.1] x\r\n[  OK  ] Started a.\r\n", cases.FindingIgnored, 4 * time.Minute},
		{"a host that lives without a word of it", "[ 4001.1] x\r\n[  OK  ] Started a.\r\n", cases.FindingIgnored, 9 * time.Minute},
		{"a panic", seen + panics, cases.FindingNoDump, 10 * time.Minute},
		{"a panic, and a boot", seen + panics + version + command, cases.FindingNoDump, 10 * time.Minute},
		{"a panic, and a boot that is done", seen + panics + up, cases.FindingNoDump, 0},
		{"a capture kernel", crash, cases.FindingHungInDump, 2 * time.Hour},
		{"a capture kernel that panics", crash + "[    1.1] Kernel panic - not syncing: System is deadlocked on memory\r\n", cases.FindingHungInDump, 10 * time.Minute},
		{"a dump that has failed", crash + dracut("kdump: saving vmcore failed\r\n"), cases.FindingDumpFailed, 2 * time.Hour},
		{"a dump that has failed, and a boot", crash + dracut("") + restart + version + command, cases.FindingDumpFailed, 10 * time.Minute},
		{"a dump that has failed, and a boot that is done", crash + dracut("") + restart + up, cases.FindingDumpFailed, 0},
		{"a dump", crash + dracut(copied+whole), cases.FindingDumped, 30 * time.Minute},
		{"a dump, and a boot", crash + dracut(copied+whole) + restart + version + command, cases.FindingDumped, 30 * time.Minute},
		{"a dump, and a boot that is done", crash + dracut(copied+whole) + restart + up, cases.FindingDumped, 0},
		{"a boot", version + command, cases.FindingUnproven, 10 * time.Minute},
		{"a boot that is done", up, cases.FindingUnproven, 0},
		{"a shutdown", "[ 4100.1] reboot: Restarting system\r\n", cases.FindingRaced, 4 * time.Minute},
	} {
		a := follow(sight(first, c.text))
		for after, done := range map[time.Duration]bool{c.done - time.Second: false, c.done: true, 48 * time.Hour: true} {
			if after < 0 {
				continue
			}
			got := witness.Conclude(a, noon.Add(first+after))
			if got.Finding != c.finding || got.Done != done {
				t.Errorf("%s, after %s: %+v, want %s, done %v", c.name, after, got, c.finding, done)
			}
			if got.Why == "" || strings.ContainsAny(got.Why, "\r\n\x1b") || strings.ToUpper(got.Why[:1]) != got.Why[:1] {
				t.Errorf("%s: %q is no sentence", c.name, got.Why)
			}
			if got.Done && (got.Dumping || got.Stalled) {
				t.Errorf("%s, after %s: it is over, and %+v", c.name, after, got)
			}
		}
	}
	if c := witness.Conclude(follow(sight(first, seen+dazed+"[ 4001.1] x\r\n[  OK  ] Started a.\r\n")), noon.Add(first)); !strings.Contains(c.Why, "Dazed and confused") {
		t.Errorf("a host that lives: %+v", c)
	}
	gone := witness.Sight{At: noon.Add(first), Known: true, State: "terminated", Reason: "User initiated"}
	if c := witness.Conclude(follow(gone), noon.Add(first)); c.Finding != cases.FindingRaced || !c.Done {
		t.Errorf("an instance that is gone: %+v", c)
	}
	if c := witness.Conclude(follow(witness.Sight{At: noon.Add(first), Windows: true}), noon.Add(2*time.Hour)); c.Done {
		t.Errorf("a Windows: %+v", c)
	}
	if c := witness.Conclude(follow(witness.Sight{At: noon.Add(first), Windows: true}), noon.Add(3*time.Hour)); !c.Done || c.Finding != cases.FindingUnproven {
		t.Errorf("a Windows: %+v", c)
	}
}

// A dump that prints on is not stalled, and one that is silent is, before it counts as hung.
func TestADumpThatMovesIsNeverStalled(t *testing.T) {
	text := version + capture + "[    6.4] kdump[480]: saving vmcore\r\n"
	a := follow(sight(time.Minute, text))
	at := time.Minute
	for _, line := range []string{"41.0 %] \\           eta: 9m10s", "52.0 %] \\           eta: 8m1s", "63.0 %] \\           eta: 7m1s"} {
		at += 9 * time.Minute
		text += "\rCopying data                                      : [ " + line
		a = witness.Add(a, sight(at, text))
		if c := witness.Conclude(a, noon.Add(at+9*time.Minute)); !c.Dumping || c.Stalled || c.Done {
			t.Errorf("%+v", c)
		}
	}
	if a.Percent != "63 %" || a.Left != "7m1s" || !a.MovedAt.Equal(noon.Add(at)) {
		t.Errorf("%+v", a)
	}
	a = witness.Add(a, sight(at+10*time.Minute, text))
	if c := witness.Conclude(a, noon.Add(at+10*time.Minute)); !c.Dumping || !c.Stalled || c.Done || !strings.Contains(c.Why, "63 %") || !strings.Contains(c.Why, "10m") {
		t.Errorf("%+v", c)
	}
	if c := witness.Conclude(a, noon.Add(at+2*time.Hour)); c.Finding != cases.FindingHungInDump || !c.Done || c.Dumping {
		t.Errorf("%+v", c)
	}
}

// A capture kernel without memory prints for ever, and its dump does not come.
func TestACaptureKernelThatPrintsForEverEnds(t *testing.T) {
	text := version + capture
	a := follow(sight(time.Minute, text))
	for at := 5 * time.Minute; at < 13*time.Hour; at += 5 * time.Minute {
		text += fmt.Sprintf("[%5d.1] Out of memory: Killed process 99 (systemd-udevd)\r\n", int(at.Seconds()))
		a = witness.Add(a, sight(at, text))
		if c := witness.Conclude(a, noon.Add(at)); c.Done != (at > 12*time.Hour) || c.Stalled {
			t.Fatalf("after %s: %+v", at, c)
		}
	}
	if c := witness.Conclude(a, noon.Add(13*time.Hour)); !c.Done || c.Finding != cases.FindingHungInDump {
		t.Errorf("%+v", c)
	}
	a.Percent, a.PercentAt = "41 %", noon.Add(12*time.Hour)
	if c := witness.Conclude(a, noon.Add(13*time.Hour)); c.Done {
		t.Errorf("a dump that says how far it is: %+v", c)
	}
}

// A dump that writes nothing for two hours is hung, and its host may print what it likes.
func TestADumpThatStandsStillNeverGoesOnForEver(t *testing.T) {
	text := version + capture + copying
	a, at := follow(sight(time.Minute, text)), 2*time.Minute
	for ; at < 121*time.Minute; at += time.Minute {
		text += "\r\n" + fmt.Sprintf("[%5d.1] Out of memory: Killed process 99 (systemd-udevd)", int(at.Seconds())) + copying
		if a = witness.Add(a, sight(at, text)); witness.Conclude(a, noon.Add(at)).Done {
			t.Fatalf("after %s: %+v", at, witness.Conclude(a, noon.Add(at)))
		}
	}
	if c := witness.Conclude(a, noon.Add(at)); !c.Done || c.Finding != cases.FindingHungInDump || !a.MovedAt.Equal(noon.Add(at-time.Minute)) || !strings.Contains(c.Why, "no more for 2h") {
		t.Errorf("%+v of %+v", c, a)
	}
	a = witness.Add(a, sight(at, text+strings.Replace(copying, "41.0", "42.0", 1)))
	if c := witness.Conclude(a, noon.Add(at+119*time.Minute)); c.Done {
		t.Errorf("a dump that went on: %+v", c)
	}
}

// Whatever goes on, a case ends.
func TestNoCaseOutlivesItsStateMachine(t *testing.T) {
	a := follow(sight(time.Minute, version+capture+copying))
	a.MovedAt, a.PercentAt = noon.Add(47*time.Hour-time.Minute), noon.Add(46*time.Hour)
	if c := witness.Conclude(a, noon.Add(47*time.Hour-time.Second)); c.Done || !c.Dumping {
		t.Errorf("%+v", c)
	}
	if c := witness.Conclude(a, noon.Add(47*time.Hour)); !c.Done || c.Dumping || c.Finding != cases.FindingHungInDump {
		t.Errorf("%+v", c)
	}
	end := witness.Sight{At: noon.Add(2 * time.Minute), Known: true, State: "stopped"}
	if c := witness.Conclude(follow(sight(time.Minute, ""), end), end.At); !c.Done || c.Finding != cases.FindingUnproven || !strings.Contains(c.Why, "stopped by itself") {
		t.Errorf("%+v", c)
	}
}

// People are told why they may doubt it.
func TestADoubtIsNeverLost(t *testing.T) {
	weak := version + capture + dracut("[   31.0] kdump[486]: saving vmcore complete\r\n")
	for name, c := range map[string]struct {
		a    cases.Account
		want string
	}{
		"a script's word":        {follow(sight(time.Minute, weak)), "only the script"},
		"a dump and no return":   {follow(sight(time.Minute, version+capture+dracut(copied+whole))), "did not come back within 30m"},
		"a dump, and it is gone": {follow(sight(time.Minute, version+capture+dracut(copied+whole)), witness.Sight{At: noon.Add(2 * time.Minute), Known: true}, witness.Sight{At: noon.Add(7 * time.Minute), Known: true}), "did not come back: the instance does not exist"},
		"a dump that is deleted": {follow(sight(time.Minute, version+capture+suse("Saved vmcore\r\n")), sight(2*time.Minute, version+capture+suse("Saved vmcore\r\nDeleting vmcore\r\n"))), "its script said later: Deleting vmcore"},
		"words of a dump alone":  {follow(sight(time.Minute, "[    6.4] kdump[480]: saving vmcore\r\n")), "words of a dump"},
	} {
		if got := witness.Conclude(c.a, noon.Add(5*time.Hour)); !strings.Contains(got.Doubt, c.want) || !got.Done {
			t.Errorf("%s: %+v, want a doubt with %q", name, got, c.want)
		}
	}
	if got := witness.Conclude(follow(sight(time.Minute, version+capture+dracut(copied+whole)+restart+up)), noon.Add(time.Hour)); got.Doubt != "" {
		t.Errorf("what is proven is doubted: %+v", got)
	}
}
