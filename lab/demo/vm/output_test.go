package vm

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"crashcart/lab/trial"
)

var update = flag.Bool("update", false, "write the golden files anew")

// story is what a trial tells when all goes well, shortened.
func story() []trial.Event {
	at := func(s float64, kind trial.EventKind, name, text string) trial.Event {
		return trial.Event{At: time.Duration(s * float64(time.Second)), Kind: kind, Name: name, Text: text}
	}
	return []trial.Event{
		at(0, trial.EventStep, "boot", "the guest boots"),
		at(1.1, trial.EventConsole, "", "[    0.000000] Linux version 6.1.0-56-cloud-amd64 (debian-kernel@lists.debian.org)"),
		at(1.1, trial.EventConsole, "", "[    0.000000] Command line: root=/dev/nvme0n1 ro crashkernel=128M"),
		at(2, trial.EventConsole, "", "[    0.1] x86/fpu: x87 FPU will use FXSAVE"),
		at(3, trial.EventConsole, "", ""),
		at(3, trial.EventConsole, "", "[    0.2] pci 0000:00:00.0"),
		at(12.5, trial.EventConsole, "", "CRASHCART-GUEST-READY kexec_crash_loaded=1 unknown_nmi_panic=1 panic=5 dumps=0"),
		at(14, trial.EventProbe, "", "ARP answers, the agent answers, the serial console answers"),
		at(14, trial.EventStep, "hang", "it hangs: the root file system is frozen, as under a storage driver that never answers"),
		at(30, trial.EventDecision, "later", "unresponsive: its SSM agent pinged 5m40s ago, 6m of silence required"),
		at(32, trial.EventStage, trial.StageSent, ""),
		at(32.2, trial.EventDecision, "interrupted", "unresponsive: its SSM agent is silent for 6m40s (6m required)"),
		at(33, trial.EventConsole, "", "[    0.000000] Command line: root=/dev/nvme0n1 ro elfcorehdr=507252K"),
		at(33, trial.EventStage, trial.StageCaptureKernel, ""),
		at(46, trial.EventStage, trial.StageDumpComplete, ""),
		at(60, trial.EventHome, "home", "its dump is in the bucket: dump/1-dump.202611230301"),
		{At: 61 * time.Second, Kind: trial.EventFinding, Name: "dumped", Text: "Its dump was complete 2m20s after the interrupt.", Proof: "[   13.9] kdump-tools[391]: The dumpfile is saved to /var/crash/202611230301/dump-incomplete."},
	}
}

func ended() *trial.Record {
	return &trial.Record{
		Stages: []trial.Stage{{Name: trial.StageSent}, {Name: trial.StageCaptureKernel, Line: "[    0.000000] Command line: root=/dev/nvme0n1 ro elfcorehdr=507252K"}},
		Files: []trial.File{
			{Name: "/var/crash/202611230301/dmesg.202611230301", Size: 21_714, SHA256: strings.Repeat("ab", 32)},
			{Name: "/var/crash/202611230301/dump.202611230301", Size: 17_412_096, SHA256: strings.Repeat("cd", 32)},
		},
		Home: &trial.Home{
			Files: []trial.File{
				{Name: "dump/0-dmesg.202611230301", Size: 21_714, SHA256: strings.Repeat("ab", 32)},
				{Name: "dump/1-dump.202611230301", Size: 17_412_096, SHA256: strings.Repeat("cd", 32)},
			},
			After: 28 * time.Second,
			Panic: "[   31.208] Kernel panic - not syncing: NMI: Not continuing",
			Cost:  &trial.Cost{Scripts: 1, Took: 3200 * time.Millisecond, CPU: 2100 * time.Millisecond, Memory: 41_000_000},
		},
	}
}

func play(o *Output, wrong []string) {
	o.head("6.1.0-56-cloud-amd64", trial.Hangs()[0])
	for _, e := range story() {
		o.event(e)
	}
	o.end(ended(), wrong, "evidence")
}

func TestWhatAReaderSees(t *testing.T) {
	for name, c := range map[string]struct {
		style Style
		wrong []string
	}{
		"plain":    {Style{Width: 100}, nil},
		"console":  {Style{Width: 100, Console: true}, nil},
		"terminal": {Style{Width: 80, Live: true, Colour: true}, nil},
		"wrong":    {Style{Width: 80}, []string{"the stages were sent, not sent, capture-kernel"}},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			play(Text(&b, c.style), c.wrong)
			file := "testdata/" + name + ".txt"
			if *update {
				if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(b.Bytes(), want) {
				t.Errorf("got\n%s\nwant\n%s", b.Bytes(), want)
			}
		})
	}
}

// What a guest or the function's log says is a stranger's text: whatever it holds,
// the terminal only sees what can be printed.
func TestNothingOfAStrangerReachesTheTerminalRaw(t *testing.T) {
	for _, hostile := range []string{"\x1b]0;owned\x07 login:", "Linux version \x1b[2J\r\n", "reboot: \u202eevil\xff\xfe", "reboot: \u009b31m"} {
		var b bytes.Buffer
		o := Text(&b, Style{Width: 80, Console: true})
		for _, kind := range []trial.EventKind{trial.EventConsole, trial.EventDecision, trial.EventProbe, trial.EventStep, trial.EventHome, trial.EventFinding} {
			o.event(trial.Event{Kind: kind, Text: hostile, Proof: hostile})
		}
		o.end(&trial.Record{
			Stages: []trial.Stage{{Name: trial.StageCaptureKernel, Line: hostile}},
			Files:  []trial.File{{Name: hostile, SHA256: hostile}},
			Home:   &trial.Home{Files: []trial.File{{Name: hostile, SHA256: hostile}}, Panic: hostile},
		}, []string{hostile}, "")
		for _, bad := range []string{"\x1b", "\x07", "\r", "\u202e", "\u009b", "\xff"} {
			if strings.Contains(b.String(), bad) {
				t.Errorf("%q came through as %q", hostile, b.String())
			}
		}
	}
}

// A line that is written over must not have an error message in its place.
func TestWhatBreaksOffLeavesTheCursorOnALineOfItsOwn(t *testing.T) {
	for _, live := range []bool{true, false} {
		var b bytes.Buffer
		o := Text(&b, Style{Width: 80, Live: live})
		o.event(trial.Event{Kind: trial.EventConsole, Text: "nothing that matters"})
		o.broken()
		if !strings.HasSuffix(b.String(), "\n") || !strings.Contains(b.String(), "1 more line\n") {
			t.Errorf("live %t: %q", live, b.String())
		}
	}
}

func TestAGuestThatLivesIsNotSaidToHaveCrashed(t *testing.T) {
	var b bytes.Buffer
	o := Text(&b, Style{Width: 100})
	o.end(&trial.Record{Decisions: []trial.Decision{{Outcome: "refused", Rule: "unresponsive"}}}, nil, "")
	for _, want := range []string{"nothing below /var/crash", "✓ no interrupt: this guest still lives"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing in\n%s", want, b.String())
		}
	}
}

// Nothing is built or booted for a call that cannot end well.
func TestARunThatCannotEndWellIsNotBegun(t *testing.T) {
	taken := t.TempDir()
	if err := os.WriteFile(taken+"/console.log", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for says, o := range map[string]Options{
		`there is no hang "sleepy"; there are frozen-root,`: {Hang: "sleepy"},
		"directory of its own":                              {Hang: Hangs()[0], Keep: taken},
	} {
		o.Note = func(text string) { t.Errorf("it was begun: %s", text) }
		if err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space") }

func TestNothingIsSaidToBeWrittenThatWasNot(t *testing.T) {
	o := Text(full{}, Style{})
	play(o, nil)
	if o.Err() == nil {
		t.Error("no error")
	}
}

func TestNoLineIsWiderThanTheTerminal(t *testing.T) {
	var b bytes.Buffer
	play(Text(&b, Style{Width: 72, Console: true}), nil)
	for line := range strings.Lines(b.String()) {
		if n := len([]rune(strings.TrimRight(line, "\n"))); n > 72 && !strings.Contains(line, "SHA-256") {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

// What is stopped before it begins builds nothing, and leaves nothing behind.
func TestARunThatIsStoppedLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var b bytes.Buffer
	if err := Run(ctx, Options{Out: Text(&b, Style{Width: 80}), Hang: Hangs()[0]}); err == nil {
		t.Error("it ended well")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 || b.Len() > 0 {
		t.Errorf("left %v, %v, and wrote %q", left, err, b.String())
	}
}

func TestACrashWithoutAWholeDumpIsNotSaidToHaveOne(t *testing.T) {
	if got := outcome(&trial.Record{}); got != "it ended as it must." {
		t.Errorf("%q", got)
	}
}
