package sim

import (
	"testing"
	"time"

	"crashcart/lab/sim/world"
)

// TestAVolumeThatGoesOnNeverMakesItsHostLookHung plays hosts whose agents stop when their
// volume stalls. The attached-EBS check is ok again some time after the end. What is written
// from then on is published later than that.
func TestAVolumeThatGoesOnNeverMakesItsHostLookHung(t *testing.T) {
	quiet, err := quietWorld(world.Single, 1, fleet(world.Single))
	if err != nil {
		t.Fatal(err)
	}
	exposed := 0
	for _, lag := range []time.Duration{2 * time.Minute, 3 * time.Minute, 4 * time.Minute} {
		for _, lasts := range []time.Duration{fiveMinutes, 6 * time.Minute, 16 * time.Minute, 19 * time.Minute} {
			for host := range examined {
				for _, ebs := range []time.Duration{2 * time.Minute, 156 * time.Second} {
					r := stalls(t, quiet, host, lasts+time.Duration(7*host)*time.Second, world.Unknowns{MetricLag: lag, EBSLate: ebs})
					exposed += r.Total.Exposed
					for _, w := range r.Wrongs {
						t.Errorf("metrics %s late, the check %s, a stall of %s: %s", lag, ebs, lasts, w.Verdict.Why)
					}
				}
			}
		}
	}
	if exposed < 1000 {
		t.Errorf("only %d exposures", exposed)
	}
}

// stalls plays one stall, with alarms soon after its beginning, at its end, and when the
// attached-EBS check is ok again.
func stalls(t *testing.T, quiet *world.World, host int, lasts time.Duration, u world.Unknowns) *Result {
	t.Helper()
	w, err := quiet.Phased(host, time.Duration(host)*step).With(both(world.EBSStall, world.OneHost, lasts)(host)...)
	if err != nil {
		t.Fatal(err)
	}
	rec := newRecorder("stall", newPlayer(settings(t), w, u), nil)
	for n, at := range []time.Duration{time.Minute, lasts, lasts + u.EBSLate} {
		at += time.Duration(n*17+host*7) * time.Second
		rec.play([]world.Alarm{{At: w.Start().Add(begins + at), Kind: world.CPUAlarm, Cause: world.EBSStall, Host: host, Instance: quiet.Hosts()[host].ID}})
	}
	r, err := rec.finish()
	if err != nil {
		t.Fatal(err)
	}
	return r
}
