package intake_test

import (
	"encoding/base64"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"crashcart/lambda/domain/config"
)

// says has EC2 give this text for one of the two consoles.
func (w *world) says(which, text string) {
	encoded := base64.StdEncoding.EncodeToString([]byte(text))
	alter("GetConsoleOutput, "+which, func(out *ec2.GetConsoleOutputOutput) { out.Output = &encoded })(w)
}

// The evidence is no condition: a hang must not be lost because EC2 has no console.
func TestAConsoleThatCannotBeReadNeverKeepsAHangFromItsInterrupt(t *testing.T) {
	for name, prepare := range map[string]func(*world){
		"neither can be read": func(w *world) { w.fail["GetConsoleOutput"] = errOutage },
		"the latest cannot be read, and the buffered one shows a dump": func(w *world) {
			w.fail["GetConsoleOutput, latest"] = apiError{"UnsupportedOperation"}
			w.says("buffered", consoleDumping)
		},
		"both are empty": func(w *world) {
			w.says("latest", "")
			w.says("buffered", "")
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, m := hung(t, config.ModeAuto)
			prepare(w)
			w.deliver(heartbeat)
			w.expect(step{outcome: "interrupted", rule: "unresponsive"})
			if len(m.interruptedAt) != 1 {
				t.Errorf("%d interrupts", len(m.interruptedAt))
			}
		})
	}
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
