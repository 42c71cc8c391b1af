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

// hangsAt is when the machine of these walks hangs. What its kernel says has the time since.
var hangsAt = at(12, 0, 30)

// line is a line of the kernel's, so long after the hang.
func line(after time.Duration, format string, values ...any) string {
	return fmt.Sprintf("[%5d.204810] ", 5000+int(after.Seconds())) + fmt.Sprintf(format, values...) + "\r\n"
}

// softLockup is the watchdog's complaint of a CPU that has been stuck for so many seconds.
func softLockup(after time.Duration, seconds int) string {
	return line(after, "watchdog: BUG: soft lockup - CPU#0 stuck for %ds! [kworker/0:1:17]", seconds)
}

// hungTask is the complaint of a task that has been blocked for so many seconds. It comes
// every two minutes.
func hungTask(after time.Duration, seconds int) string {
	return line(after, "INFO: task jbd2/nvme0n1p1-8:251 blocked for more than %d seconds.", seconds)
}

// complains has webA say something on its console at some times after its hang.
func (w *world) complains(every time.Duration, say func(after time.Duration) string) {
	alter("GetConsoleOutput, latest", func(out *ec2.GetConsoleOutputOutput) {
		text := consoleUp
		for after := every; !hangsAt.Add(after).After(w.clock()); after += every {
			text += say(after)
		}
		out.Output = aws.String(base64.StdEncoding.EncodeToString([]byte(text)))
	})(w)
}

// A storm ends by itself, and a kernel that has been stuck for minutes is in none. What the
// kernel does not say itself, or not for long enough, is no proof of that.
func TestAKernelThatIsStuckNeverWaitsForAStormToEnd(t *testing.T) {
	soon, late := at(12, 11, 15), at(12, 18, 15) // the ping is old enough; the disk has been still for 16 minutes
	for name, c := range map[string]struct {
		every time.Duration
		say   func(after time.Duration) string
		want  time.Time
	}{
		"a CPU is stuck since the hang":                           {28 * time.Second, func(after time.Duration) string { return softLockup(after, int(after.Seconds())) }, soon},
		"a task is stuck since the hang":                          {123 * time.Second, func(after time.Duration) string { return hungTask(after, int(after.Seconds())) }, soon},
		"its kernel says so once, at the end of the ninth minute": {9 * time.Minute, func(after time.Duration) string { return hungTask(after, 245) }, soon},
		"its kernel says nothing":                                 {time.Minute, func(time.Duration) string { return "" }, late},
		"its CPUs are stuck for a moment, one after the other":    {28 * time.Second, func(after time.Duration) string { return softLockup(after, 22) }, late},
		"its tasks wait, and none for four minutes":               {123 * time.Second, func(after time.Duration) string { return hungTask(after, 239) }, late},
		"its kernel said so before the hang, and somebody prints it again": {28 * time.Second, func(time.Duration) string {
			return softLockup(-time.Minute, 263)
		}, late},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, config.ModeAuto)
			m := w.add(webA, machine{tag: "auto", silentSince: hangsAt})
			w.complains(c.every, c.say)
			w.now = at(12, 3, 15)
			w.deliver(alarm("crashcart-web", "heartbeat", at(12, 3, 10), webA))
			w.advance(time.Hour)
			ds := w.decisions()
			if len(m.interruptedAt) != 1 || !m.interruptedAt[0].Equal(c.want) {
				t.Errorf("interrupted at %v, want %s: %+v", m.interruptedAt, c.want.Format(time.TimeOnly), ds[len(ds)-1])
			}
		})
	}
}

// A kernel complains every two minutes. One that has stopped may have come free again.
func TestAComplaintNeverShortensTheWaitTenMinutesLater(t *testing.T) {
	for said, want := range map[time.Duration]time.Time{
		6*time.Minute + 20*time.Second: at(12, 18, 15), // seen at 12:07:15, so said after 12:06:15
		7*time.Minute + 20*time.Second: at(12, 16, 15),
	} {
		w := newWorld(t, config.ModeAuto)
		m := w.add(webA, machine{tag: "auto", silentSince: hangsAt})
		w.complains(said, func(after time.Duration) string {
			if after > said {
				return ""
			}
			return hungTask(after, 245)
		})
		w.fail["GetMetricData"] = errOutage // until ten minutes after the first of the two
		w.now = at(12, 3, 15)
		w.deliver(alarm("crashcart-web", "heartbeat", at(12, 3, 10), webA))
		w.advance(at(12, 15, 30).Sub(w.now))
		delete(w.fail, "GetMetricData")
		w.advance(time.Hour)
		if len(m.interruptedAt) != 1 || !m.interruptedAt[0].Equal(want) {
			t.Errorf("said after %s: interrupted at %v, want %s: %v", said, m.interruptedAt, want.Format(time.TimeOnly), summary(w.decisions()))
		}
	}
}

// What stands on a console at the first pass may be from a storm that is over.
func TestAComplaintThatNobodySawComeNeverShortensTheWait(t *testing.T) {
	w, m := hung(t, config.ModeAuto)
	m.silentSince = at(11, 48, 0) // eleven minutes without a write are published
	m.console = consoleUp + softLockup(0, 263)
	w.deliver(heartbeat)
	d := w.expect(step{outcome: "later", rule: "unresponsive", why: "16 min required where its kernel may be alive"})
	if len(m.interruptedAt) != 0 {
		t.Errorf("interrupted: %s", d.Why)
	}
	m.console += softLockup(time.Minute, 291)
	w.advance(time.Minute)
	if d := w.expect(step{outcome: "interrupted", rule: "unresponsive"}); !strings.Contains(d.Why, "it writes nothing (0 for 12 min") {
		t.Errorf("interrupted, since %s", d.Why)
	}
}
