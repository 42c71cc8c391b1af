package intake_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"

	"crashcart/lambda/domain/config"
)

// A host that only a person may interrupt is answered as that person would be. Without the
// metrics of before it died, nobody could say that it has ever worked.
func TestAnAlarmThatAPersonMustDecideNeverSeesLessThanThePerson(t *testing.T) {
	for name, tt := range map[string]struct {
		mode config.Mode
		tag  string
		from time.Time // of the metrics
	}{
		"an alarm that decides": {config.ModeAuto, "auto", at(8, 0, 0)},
		"a manual host":         {config.ModeAuto, "manual", at(1, 45, 0)},
		"a manual stack":        {config.ModeManual, "auto", at(1, 45, 0)},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, tt.mode)
			m := w.add(webA, machine{tag: tt.tag, pingAt: at(5, 48, 0), console: consoleUp})
			m.launched = w.now.Add(-72 * time.Hour)
			var first time.Time
			alter("GetMetricData", func(out *cloudwatch.GetMetricDataOutput) {
				for _, r := range out.MetricDataResults {
					if *r.Label == "VolumeWriteOps" {
						first = r.Timestamps[0]
					}
				}
			})(w)
			w.deliver(alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA))
			if !first.Equal(tt.from) {
				t.Errorf("the writes are known from %s on, want %s", first, tt.from)
			}
		})
	}
}
