package intake_test

import (
	"context"
	"encoding/base64"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"crashcart/lambda/domain/config"
)

// says has EC2 give this text for one of the two consoles.
func (w *world) says(which, text string) {
	encoded := base64.StdEncoding.EncodeToString([]byte(text))
	alter("GetConsoleOutput, "+which, func(out *ec2.GetConsoleOutputOutput) { out.Output = &encoded })(w)
}

// A dump could be under way that nobody has seen.
func TestAConsoleThatCannotBeReadNeverPermits(t *testing.T) {
	for name, prepare := range map[string]func(*world){
		"neither can be read": func(w *world) { w.fail["GetConsoleOutput"] = errOutage },
		"the latest cannot be read, and the buffered one shows a login": func(w *world) {
			w.fail["GetConsoleOutput, latest"] = apiError{"UnsupportedOperation"}
			w.says("buffered", consoleUp)
		},
		"the latest comes too late": func(w *world) {
			w.handler.Taker.Bound = time.Millisecond
			w.handler.Taker.API = slowConsole{w}
		},
		"what EC2 sends is no base64": func(w *world) {
			alter("GetConsoleOutput, latest", func(out *ec2.GetConsoleOutputOutput) { out.Output = aws.String("a console") })(w)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, m := hung(t, config.ModeAuto)
			m.heartbeat = true // an agent's silence alone counts for half an hour
			prepare(w)
			w.deliver(heartbeat)
			w.expect(step{outcome: "later", rule: "quiet", why: "its console cannot be read (reading the latest console: "})
			w.advance(time.Hour)
			ds := w.decisions()
			for i, d := range ds {
				if last := i == len(ds)-1; (d.Outcome == "refused") != last || !last && d.Rule != "quiet" {
					t.Errorf("pass %d: %s by %s: %s", d.Pass, d.Outcome, d.Rule, d.Why)
				}
			}
			if len(ds) < 10 || len(m.interruptedAt) != 0 || len(w.queue) != 0 {
				t.Errorf("%d passes, %d interrupts, %d messages in the queue", len(ds), len(m.interruptedAt), len(w.queue))
			}
		})
	}
}

func TestNobodyEverForcesAnInterruptPastAConsoleThatCannotBeRead(t *testing.T) {
	w, m := hung(t, config.ModeAuto)
	w.fail["GetConsoleOutput, latest"] = apiError{"RequestLimitExceeded"}
	if _, err := w.invoke(`{"instanceIds":["` + webA + `"],"reason":"checkout hangs","force":["unresponsive","cooldown"]}`); err != nil {
		t.Fatal(err)
	}
	w.expect(step{outcome: "later", rule: "quiet", why: "its console cannot be read (reading the latest console: api error RequestLimitExceeded)"})
	if len(m.interruptedAt) != 0 {
		t.Errorf("%d interrupts", len(m.interruptedAt))
	}
}

func TestOneThrottledConsoleNeverLosesAHang(t *testing.T) {
	w, m := hung(t, config.ModeAuto)
	w.fail["GetConsoleOutput, latest"] = apiError{"RequestLimitExceeded"}
	w.deliver(heartbeat)
	w.expect(step{outcome: "later", rule: "quiet"})
	delete(w.fail, "GetConsoleOutput, latest")
	w.advance(time.Minute)
	w.expect(step{outcome: "interrupted", rule: "unresponsive"})
	if len(m.interruptedAt) != 1 {
		t.Errorf("%d interrupts", len(m.interruptedAt))
	}
}

// The latest console alone is a condition. The rest of the evidence is none.
func TestOtherEvidenceThatIsMissingNeverKeepsAHangFromItsInterrupt(t *testing.T) {
	for _, op := range []string{"GetConsoleOutput, buffered", "GetConsoleScreenshot"} {
		w, m := hung(t, config.ModeAuto)
		w.fail[op] = apiError{"UnsupportedOperation"}
		w.deliver(heartbeat)
		w.expect(step{outcome: "interrupted", rule: "unresponsive"})
		if len(m.interruptedAt) != 1 {
			t.Errorf("without %s: %d interrupts", op, len(m.interruptedAt))
		}
	}
}

// slowConsole is an EC2 whose latest console never comes while anybody waits. An answer
// at the very end of the wait would count, so it has none.
type slowConsole struct{ *world }

func (s slowConsole) GetConsoleOutput(ctx context.Context, in *ec2.GetConsoleOutputInput, o ...func(*ec2.Options)) (*ec2.GetConsoleOutputOutput, error) {
	if aws.ToBool(in.Latest) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return s.world.GetConsoleOutput(ctx, in, o...)
}

// An interrupt would kill the dump that the latest console shows.
func TestABufferedConsoleThatCannotBeReadNeverHidesTheLatest(t *testing.T) {
	w, m := hung(t, config.ModeAuto)
	w.fail["GetConsoleOutput, buffered"] = errOutage
	w.says("latest", consoleDumping)
	w.deliver(heartbeat)
	w.expect(step{outcome: "refused", rule: "quiet", why: "elfcorehdr=507252K"})
	if len(m.interruptedAt) != 0 {
		t.Errorf("%d interrupts", len(m.interruptedAt))
	}
}

// EC2 may have kept the buffered console days ago: what it shows is over.
func TestADumpThatOnlyTheBufferedConsoleShowsNeverRefuses(t *testing.T) {
	w, m := hung(t, config.ModeAuto)
	w.says("buffered", consoleDumping)
	w.deliver(heartbeat)
	w.expect(step{outcome: "interrupted", rule: "unresponsive"})
	if len(m.interruptedAt) != 1 {
		t.Errorf("%d interrupts", len(m.interruptedAt))
	}
}
