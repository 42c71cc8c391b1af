package sim

import (
	"testing"
	"time"

	"crashcart/lab/sim/world"
)

func TestProbe(t *testing.T) {
	c, err := rules()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range world.Fleets() {
		w, err := world.New(world.Config{Seed: 3, Days: 130, HangsPerHostYear: 4, Hosts: []world.Hosts{{Fleet: f, Count: 60}}})
		if err != nil {
			t.Fatal(err)
		}
		p := newPlayer(c, w, world.Unknowns{})
		begin := time.Now()
		alarms := w.Alarms(world.Unknowns{}, world.AlarmKinds()...)
		t1 := time.Since(begin)
		n, exposed, permits := 0, 0, map[world.Life]int{}
		for _, a := range alarms {
			p.play(a, func(d *Decision) bool {
				n++
				if _, dead := d.dead(); dead && d.Life == world.Alive {
					exposed++
				}
				if d.Verdict.Kind == "permitted" {
					permits[d.Life]++
					if d.Life == world.Alive {
						t.Log(d.At, d.Host, d.Alarm.Kind, d.Alarm.Cause, w.Causes(d.Host, d.At.Add(-time.Hour), d.At), d.Verdict.Why)
					}
				}
				return true
			})
		}
		t.Log(f, len(alarms), "alarms", t1, "passes", n, "exposed", exposed, permits, time.Since(begin), time.Since(begin)/time.Duration(n+1))
	}
}
