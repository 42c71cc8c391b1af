package intake_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"crashcart/lambda/domain/config"
)

// pictures has the n-th screenshot from the first on show what a function gives for it.
func (w *world) pictures(nth func(n int) string) {
	n := 0
	alter("GetConsoleScreenshot", func(out *ec2.GetConsoleScreenshotOutput) {
		out.ImageData = aws.String(base64.StdEncoding.EncodeToString([]byte(nth(n))))
		n++
	})(w)
}

// takingTurns gives n pictures, one after the other and then from the first on again.
func takingTurns(n int) func(int) string {
	return func(nth int) string { return fmt.Sprint("picture ", nth%n) }
}

// mutes are machines whose consoles show no restart, and no dump either.
func mutes() map[string]machine {
	const eventLog = "2026/03/04 09:12:44Z: Windows is Ready to use"
	return map[string]machine{
		"an empty console":            {console: " "},
		"a console without a kernel":  {console: "app: request 4711 served in 12 ms\r\napp: request 4712 served in 9 ms\r\n"},
		"a firmware alone":            {console: "BdsDxe: loading Boot0001 \"UEFI nvme\" from PciRoot(0x0)/Pci(0x4,0x0)\r\nBdsDxe: starting Boot0001 \"UEFI nvme\" from PciRoot(0x0)/Pci(0x4,0x0)\r\n"},
		"a Windows":                   {console: eventLog, windows: true},
		"a Windows with a login line": {console: consoleUp, windows: true},
	}
}

// silentMute is a world with one of these machines, which falls silent at noon.
func silentMute(t *testing.T, m machine) (*world, *machine) {
	w := newWorld(t, config.ModeAuto)
	m.tag, m.silentSince = "auto", at(12, 0, 30)
	return w, w.add(webA, m)
}

// warned lets an alarm go off minutes later, and gives the decision that ends it.
func (w *world) warned() decision {
	w.t.Helper()
	w.now = at(12, 3, 15)
	w.deliver(alarm("crashcart-web", "heartbeat", at(12, 3, 10), webA))
	w.advance(2 * time.Hour)
	ds := w.decisions()
	if len(w.queue) != 0 {
		w.t.Errorf("%d messages in the queue", len(w.queue))
	}
	return ds[len(ds)-1]
}

// A shutdown that waits, a boot and a clock change the screen. The machine behind it lives,
// and nothing else shows that.
func TestAScreenThatChangesNeverPermits(t *testing.T) {
	for name, m := range mutes() {
		for screen, nth := range map[string]func(int) string{
			"a job that is waited for":          func(n int) string { return fmt.Sprintf("A stop job is running (%ds / no limit)", n) },
			"three pictures that take turns":    takingTurns(3),
			"a new picture at each second pass": func(n int) string { return fmt.Sprint("a clock: ", n/2) },
		} {
			t.Run(name+", "+screen, func(t *testing.T) {
				w, m := silentMute(t, m)
				w.pictures(nth)
				last := w.warned()
				if len(m.interruptedAt) != 0 {
					t.Fatalf("interrupted at %s", m.interruptedAt[0].Format(time.TimeOnly))
				}
				if last.Outcome != "held" || last.Rule != "quiet" || !strings.Contains(last.Why, "its screen must show the same for some minutes") || !strings.Contains(last.Command, webA) {
					t.Errorf("the last decision is %+v", last)
				}
				if _, err := w.invoke(please); err != nil { // with the command
					t.Fatal(err)
				}
				w.expect(step{outcome: "interrupted", rule: "unresponsive"})
			})
		}
	}
}

// A cursor that blinks is no life.
func TestACursorThatBlinksNeverLosesAHang(t *testing.T) {
	for name, m := range mutes() {
		for screen, nth := range map[string]func(int) string{
			"a screen that stands still": takingTurns(1),
			"a cursor that blinks":       takingTurns(2),
			"a cursor that is seen late": func(n int) string { return fmt.Sprint("cursor ", n > 3) },
		} {
			t.Run(name+", "+screen, func(t *testing.T) {
				w, m := silentMute(t, m)
				w.pictures(nth)
				if last := w.warned(); last.Outcome != "interrupted" || len(m.interruptedAt) != 1 {
					t.Errorf("%d interrupts, the last decision is %+v", len(m.interruptedAt), last)
				}
			})
		}
	}
}

// One picture may be from before the restart, and the same picture from after it.
func TestAScreenThatWasSeenOnceNeverPermits(t *testing.T) {
	for name, m := range mutes() {
		w, m := silentMute(t, m)
		m.silentSince = at(11, 32, 0) // long enough for every other rule
		w.deliver(heartbeat)
		w.expect(step{outcome: "later", rule: "quiet", why: "its screen must show the same for some minutes"})
		if w.called("GetConsoleScreenshot") == 0 || len(m.interruptedAt) != 0 {
			t.Errorf("%s: %d screenshots, %d interrupts", name, w.called("GetConsoleScreenshot"), len(m.interruptedAt))
		}
	}
}

func TestAScreenThatCannotBeSeenNeverPermits(t *testing.T) {
	for name, m := range mutes() {
		w, m := silentMute(t, m)
		w.fail["GetConsoleScreenshot"] = apiError{"UnsupportedOperation"}
		last := w.warned()
		if len(m.interruptedAt) != 0 || last.Outcome != "held" || last.Rule != "quiet" ||
			!strings.Contains(last.Why, "its screen") || !strings.Contains(last.Why, "UnsupportedOperation") || !strings.Contains(last.Command, webA) {
			t.Errorf("%s: %d interrupts, the last decision is %+v", name, len(m.interruptedAt), last)
		}
		if _, err := w.invoke(please); err != nil { // with the command
			t.Fatal(err)
		}
		w.expect(step{outcome: "interrupted", rule: "unresponsive"})
	}
}

// EC2 throttles these calls. Whichever of them it is, the hang waits a few passes more.
func TestOneThrottledScreenshotNeverLosesAHang(t *testing.T) {
	for _, name := range []string{"an empty console", "a Windows"} {
		m, calls := mutes()[name], 1
		for throttled := 0; throttled < calls; throttled++ {
			w, m := silentMute(t, m)
			screens := &throttling{API: w, refused: throttled}
			w.handler.Taker.API = screens
			last := w.warned()
			if last.Outcome != "interrupted" || len(m.interruptedAt) != 1 {
				t.Errorf("%s, screenshot %d is throttled: %d interrupts, the last decision is %+v", name, throttled, len(m.interruptedAt), last)
			}
			calls = max(calls, screens.asked)
		}
		if calls < 4 {
			t.Errorf("%s: %d screenshots, so hardly any pass was tried", name, calls)
		}
	}
}
