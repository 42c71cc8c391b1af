package intake_test

import (
	"encoding/base64"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"crashcart/lambda/domain/config"
)

// bootTakes is how long a restarted machine of these tests shows a boot on its console.
const bootTakes = 20 * time.Second

// restarts has webA restart at a time. Its console shows that at once. Its agent and its disk
// speak again from the end of the boot on, and that is published later.
func (w *world) restarts(at time.Time) {
	w.machines[webA].backAt = at.Add(bootTakes)
	alter("GetConsoleOutput, latest", func(out *ec2.GetConsoleOutputOutput) {
		text := consoleUp
		switch now := w.clock(); {
		case !now.Before(at.Add(bootTakes)):
			text += "\r\n" + consoleBooted
		case !now.Before(at):
			text = consoleBooting
		}
		out.Output = aws.String(base64.StdEncoding.EncodeToString([]byte(text)))
	})(w)
}

// tick is how fine the phases are in which these machines restart.
const tick = 10 * time.Second

// A host that has restarted is alive. Its pings and its writes are not published yet, and all
// that is published says that it hangs.
func TestAHostThatHasJustComeBackIsNeverInterrupted(t *testing.T) {
	for _, late := range []time.Duration{time.Minute, 4 * time.Minute} {
		begin, end := at(12, 2, 0), at(12, 8, 0) // around the time at which a hang is interrupted
		before := 0
		for restart := begin; restart.Before(end); restart = restart.Add(tick) {
			w := newWorld(t, config.ModeAuto)
			m := w.add(webA, machine{tag: "auto", silentSince: at(11, 45, 0), console: consoleUp})
			w.late, w.now = late, at(11, 59, 5)
			w.restarts(restart)
			w.deliver(heartbeat)
			w.advance(time.Hour)
			switch {
			case len(m.interruptedAt) == 0:
			case m.interruptedAt[0].Before(restart):
				before++ // it did hang, and nobody can know that it would come back
			default:
				t.Errorf("metrics are %s late, it restarts at %s: interrupted at %s: %v", late, restart.Format(time.TimeOnly), m.interruptedAt[0].Format(time.TimeOnly), summary(w.decisions()))
			}
		}
		if all := int(end.Sub(begin) / tick); before == 0 || before == all {
			t.Errorf("metrics are %s late: %d of %d were interrupted before they restarted, so the others show nothing", late, before, all)
		}
	}
}

// The first pass has nothing to compare with. A boot at the end of the console may have been
// finished in the second before.
func TestAHostThatCameBackBeforeItsFirstPassIsNeverInterrupted(t *testing.T) {
	for _, late := range []time.Duration{time.Minute, 4 * time.Minute} {
		for ago := time.Duration(0); ago < 3*time.Minute; ago += tick {
			w := newWorld(t, config.ModeAuto)
			restart := noon.Add(-bootTakes - ago)
			w.add(webA, machine{tag: "auto", launched: noon.Add(time.Minute - 48*time.Hour), silentSince: at(11, 37, 0)}) // it pings next at 12:01
			w.late = late
			w.restarts(restart)
			w.deliver(heartbeat)
			if d := w.decisions()[0]; d.Outcome != "later" {
				t.Errorf("metrics are %s late, its boot was finished %s ago: %s by %s: %s", late, ago, d.Outcome, d.Rule, d.Why)
			}
			w.advance(time.Hour)
			if w.sent() != 0 {
				t.Errorf("metrics are %s late, its boot was finished %s ago: %v", late, ago, summary(w.decisions()))
			}
		}
	}
}

// A console that ends with a boot is that of many a healthy host: nothing has been written
// there since. When it hangs, it waits for minutes and no longer.
func TestABootOfLongAgoNeverLosesAHang(t *testing.T) {
	for late, want := range map[time.Duration]time.Time{time.Minute: at(12, 2, 0), 4 * time.Minute: at(12, 5, 0)} {
		w := newWorld(t, config.ModeAuto)
		m := w.add(webA, machine{tag: "auto", silentSince: at(11, 37, 0), console: consoleBooted})
		w.late = late
		w.deliver(heartbeat)
		w.expect(step{outcome: "later", rule: "quiet", why: "it may have come back a moment ago"})
		w.advance(time.Hour)
		if len(m.interruptedAt) != 1 || !m.interruptedAt[0].Equal(want) {
			t.Errorf("metrics are %s late: interrupted at %v, want %s: %v", late, m.interruptedAt, want, summary(w.decisions()))
		}
	}
}
