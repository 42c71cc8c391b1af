package world_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"crashcart/lab/sim/world"
)

// troubled is a world in which much happens at once.
func troubled(t *testing.T, seed uint64) *world.World {
	t.Helper()
	c := world.Config{Seed: seed, Days: 20, HangsPerHostYear: 40, Times: 30}
	for _, f := range world.Fleets() {
		c.Hosts = append(c.Hosts, world.Hosts{Fleet: f, Count: 6})
	}
	w, err := world.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// TestAWorldNeverTakesBackWhatItSaid looks at hosts again a few minutes later. A ping that
// was heard stays, unless Systems Manager is late by then, and a point that was published
// keeps its value.
func TestAWorldNeverTakesBackWhatItSaid(t *testing.T) {
	w := troubled(t, 11)
	a := asker{t, w.View(world.Unknowns{})}
	fresh := func() asker { return asker{t, w.View(world.Unknowns{})} }
	chance := rand.New(rand.NewPCG(5, 6))
	looked := 0
	for range 600 {
		n := chance.IntN(len(w.Hosts()))
		at := w.Start().Add(6*time.Hour + time.Duration(chance.IntN(19*86400))*time.Second)
		later := at.Add(time.Duration(chance.IntN(1800)) * time.Second)
		a.v.At(at)
		refused := map[string]bool{}
		if try(a, n, refused) == nil || calmed(w, n, at, later) {
			continue
		}
		looked++
		heard := at.Add(-a.silent(id(n)))
		i := a.instance(id(n))
		b := fresh()
		b.v.At(later)
		if try(b, n, refused) == nil {
			continue
		}
		if s := b.silent(id(n)); s >= 0 && a.silent(id(n)) >= 0 && later.Add(-s).Before(heard) {
			t.Fatalf("host %d was heard at %s by %s, and at %s by %s", n, heard, at, later.Add(-s), later)
		}
		for _, d := range i.BlockDeviceMappings {
			times, values := a.writes(*d.Ebs.VolumeId)
			again, now := b.writes(*d.Ebs.VolumeId)
			have := map[time.Time]float64{}
			for k := range again {
				have[again[k]] = now[k]
			}
			for k := range times {
				if got, ok := have[times[k]]; !times[k].Before(later.Add(-4*time.Hour)) && (!ok || got != values[k]) {
					t.Fatalf("host %d wrote %g at %s, and %g (%v) by %s", n, values[k], times[k], got, ok, later)
				}
			}
		}
	}
	if looked < 100 {
		t.Errorf("only %d hosts were looked at", looked)
	}
}

// calmed says whether AWS itself has trouble around two moments.
func calmed(w *world.World, n int, at, later time.Time) bool {
	for _, c := range w.Causes(n, at.Add(-time.Hour), later) {
		if c == world.SSMLate || c == world.CloudWatchLate {
			return true
		}
	}
	return false
}

// TestTheRegionNeverDiffersFromItsHosts compares the list of all that fail with the status of
// each.
func TestTheRegionNeverDiffersFromItsHosts(t *testing.T) {
	w := troubled(t, 12)
	v := w.View(world.Unknowns{})
	failing := 0
	for n := range 200 {
		v.At(w.Start().Add(time.Duration(n) * 8111 * time.Second))
		list, err := v.DescribeInstanceStatus(context.Background(), &ec2.DescribeInstanceStatusInput{Filters: filterImpaired()})
		if err != nil {
			t.Fatal(err)
		}
		listed := map[string]bool{}
		for _, s := range list.InstanceStatuses {
			listed[*s.InstanceId] = true
		}
		failing += len(listed)
		for _, h := range w.Hosts() {
			s := asker{t, v}.status(h.ID)
			if fails := s.InstanceStatus != nil && s.InstanceStatus.Status == "impaired"; fails != listed[h.ID] {
				t.Fatalf("at %s host %d fails: %v, and is in the list: %v", v.Now(), h.N, fails, listed[h.ID])
			}
			if s.InstanceStatus != nil && s.InstanceStatus.Status == "impaired" {
				since := s.InstanceStatus.Details[0].ImpairedSince
				if since == nil || since.After(v.Now()) {
					t.Fatalf("at %s host %d is impaired since %v", v.Now(), h.N, since)
				}
			}
		}
	}
	if failing == 0 {
		t.Error("no host ever failed")
	}
}

// TestEveryHostNeverLacksEveryCause looks for causes that nothing can draw.
func TestEveryHostNeverLacksEveryCause(t *testing.T) {
	w := troubled(t, 13)
	drawn := map[world.Cause]int{}
	for _, e := range w.Episodes() {
		drawn[e.Cause]++
		if !e.To.After(e.From) || e.From.Before(w.Start()) || !e.From.Before(w.End()) {
			t.Fatalf("an episode is %+v", e)
		}
	}
	for _, c := range world.Causes() {
		if drawn[c] == 0 && c != world.PingPeriod {
			t.Errorf("%s is never drawn: %v", c, drawn)
		}
	}
	odd := 0
	for _, h := range w.Hosts() {
		if h.Period != 5*time.Minute {
			odd++
		}
	}
	if odd == 0 {
		t.Error("every agent pings every five minutes")
	}
}

// TestRatesAreNeverMissed counts what is drawn in many host-days.
func TestRatesAreNeverMissed(t *testing.T) {
	w, err := world.New(world.Config{Seed: 4, Days: 100, Hosts: []world.Hosts{{Fleet: world.Batch, Count: 1200}}})
	if err != nil {
		t.Fatal(err)
	}
	drawn := map[world.Cause]float64{}
	for _, e := range w.Episodes() {
		drawn[e.Cause]++
	}
	for _, c := range world.HostCauses() {
		rate := drawn[c] / float64(w.HostDays()) * 1000
		if c == world.PanicWithDump { // more on hosts with an empty console
			continue
		}
		if least, most := c.Rate()*0.6, c.Rate()*1.4; rate < least || rate > most {
			t.Errorf("%s comes %.2f times in a thousand host-days, not %.2f", c, rate, c.Rate())
		}
	}
}
