package vitals_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/instance"
	"crashcart/lambda/domain/vitals"
)

// rhythm is how many writes a disk has in a minute. The minutes are counted backwards from
// the last one with a write, which is 0.
type rhythm func(minute int) float64

// always writes 40 in every minute.
func always(int) float64 { return 40 }

// with pauses of so many minutes, and four times as many of writes between two of them.
func with(pause int) rhythm {
	return func(minute int) float64 { return btof(minute%(5*pause+1) <= 4*pause) }
}

// writes makes the host write its one volume in that rhythm until so long before the facts,
// and not after. The last minute that has ended is the newest that is published, and there
// are four hours of them. Its kernel says that it is stuck, so that it can be no storm.
func writes(stopped time.Duration, r rhythm) func(*vitals.Host) {
	return func(h *vitals.Host) {
		h.Stuck = true
		end := h.At.Truncate(time.Minute).Add(-stopped)
		metrics(func(m *instance.Metrics) {
			m.Disks, m.Writes = 1, nil
			for at := h.At.Truncate(time.Minute).Add(-4 * time.Hour); at.Before(h.At.Add(-time.Minute)); at = at.Add(time.Minute) {
				p := instance.Point{At: at}
				if at.Before(end) {
					p.Value = r(int(end.Sub(at)/time.Minute) - 1)
				}
				m.Writes = append(m.Writes, p)
			}
		})(h)
	}
}

// published leaves out the minutes that are not, and changes the others.
func published(keep func(p *instance.Point) bool) func(*vitals.Host) {
	return metrics(func(m *instance.Metrics) {
		all := m.Writes
		m.Writes = nil
		for _, p := range all {
			if keep(&p) {
				m.Writes = append(m.Writes, p)
			}
		}
	})
}

// from leaves out the minutes before that time.
func from(at time.Time) func(*vitals.Host) {
	return published(func(p *instance.Point) bool { return !p.At.Before(at) })
}

func TestADiskIsNeverDeadBeforeItIsStillForLongerThanEver(t *testing.T) {
	disk := func(stopped time.Duration, r rhythm, change ...func(*vitals.Host)) vitals.Host {
		return host(append([]func(*vitals.Host){writes(stopped, r)}, change...)...)
	}
	minutes := func(n int) time.Duration { return time.Duration(n) * time.Minute }
	// The newest published minute ended a minute ago, so a disk that stopped n+1 minutes ago
	// is still for n.
	still := func(n int) time.Duration { return minutes(n + 1) }
	none := time.Time{}
	check(t, vitals.DiskWrites, []row{
		{"no volume of its own", host(), vitals.Nothing, none, 0},
		{"its own volumes belong to others, too", disk(still(9), always, metrics(func(m *instance.Metrics) { m.Disks = 0 })), vitals.Nothing, none, 0},
		{"4 minutes", disk(still(4), always), vitals.Waiting, none, time.Minute},
		{"5 minutes", disk(still(5), always), vitals.Dead, ago(still(5)), 0},
		{"an hour", disk(still(60), always), vitals.Dead, ago(still(60)), 0},
		{"it is written", disk(minutes(1), always), vitals.Waiting, none, minutes(5)},
		{"pauses of 2 minutes, 4 minutes", disk(still(4), with(2)), vitals.Waiting, none, time.Minute},
		{"pauses of 2 minutes, 5 minutes", disk(still(5), with(2)), vitals.Dead, ago(still(5) - minutes(2)), 0},
		{"pauses of 3 minutes, 6 minutes", disk(still(6), with(3)), vitals.Waiting, none, time.Minute},
		{"pauses of 3 minutes, 7 minutes", disk(still(7), with(3)), vitals.Dead, ago(still(7) - minutes(3)), 0},
		{"pauses of 7 minutes, 14 minutes", disk(still(14), with(7)), vitals.Waiting, none, time.Minute},
		{"pauses of 7 minutes, 15 minutes", disk(still(15), with(7)), vitals.Dead, ago(still(15) - minutes(7)), 0},
		{"pauses of 8 minutes, an hour", disk(still(60), with(8)), vitals.Nothing, none, 0},
		{"one long pause among short ones", disk(still(8), func(m int) float64 {
			if m >= 20 && m < 24 {
				return 0
			}
			return 40
		}), vitals.Waiting, none, time.Minute},
		{"a long pause more than three hours before", disk(still(5), func(m int) float64 {
			if m >= 180 && m < 200 {
				return 0
			}
			return 40
		}), vitals.Dead, ago(still(5)), 0},
		{"never written", disk(still(9), func(int) float64 { return 0 }), vitals.Nothing, none, 0},
		{"30 published minutes before", disk(still(5), always, from(ago(still(5)+minutes(30)))), vitals.Dead, ago(still(5)), 0},
		{"29 published minutes before", disk(still(5), always, from(ago(still(5)+minutes(29)))), vitals.Nothing, none, 0},
		{"four of five minutes", disk(still(5), func(m int) float64 { return btof(m%5 != 4) }), vitals.Dead, ago(still(5) - minutes(1)), 0},
		{"a minute less than that", disk(still(5), func(m int) float64 { return btof(m%5 != 4 && m != 100) }), vitals.Nothing, none, 0},
		{"a boot ended 30 minutes before", disk(still(5), always, launched(ago(still(5)+minutes(40)))), vitals.Dead, ago(still(5)), 0},
		{"a boot ended 29 minutes before", disk(still(5), always, launched(ago(still(5)+minutes(39)))), vitals.Nothing, none, 0},
		{"a boot that a setting calls short", disk(still(5), always, launched(ago(still(5)+minutes(39))), func(h *vitals.Host) { h.Rules.Booted = time.Minute }), vitals.Nothing, none, 0},
		{"a boot that a setting calls long", disk(still(5), always, launched(ago(still(5)+minutes(49))), func(h *vitals.Host) { h.Rules.Booted = minutes(20) }), vitals.Nothing, none, 0},
		{"the newest minute ended 5 minutes ago", disk(still(9), always, upTo(ago(minutes(5)))), vitals.Dead, ago(still(9)), 0},
		{"the newest minute ended a second more than that ago", disk(still(9), always, upTo(ago(minutes(5))), func(h *vitals.Host) { h.At = h.At.Add(second) }), vitals.Waiting, none, 0},
	})
}

// A storm that ends by itself lasts a quarter of an hour at most.
func TestAStormIsNeverTakenForAHang(t *testing.T) {
	minutes := func(n int) time.Duration { return time.Duration(n) * time.Minute }
	disk := func(n int, r rhythm, change ...func(*vitals.Host)) vitals.Host {
		quiet := func(h *vitals.Host) { h.Stuck = false }
		return host(append([]func(*vitals.Host){writes(minutes(n+1), r), quiet}, change...)...)
	}
	none := time.Time{}
	check(t, vitals.DiskWrites, []row{
		{"5 minutes", disk(5, always), vitals.Waiting, none, minutes(11)},
		{"15 minutes", disk(15, always), vitals.Waiting, none, minutes(1)},
		{"16 minutes", disk(16, always), vitals.Dead, ago(minutes(17)), 0},
		{"15 minutes, after pauses of 7", disk(15, with(7)), vitals.Waiting, none, minutes(1)},
		{"16 minutes, after pauses of 7", disk(16, with(7)), vitals.Dead, ago(minutes(10)), 0},
		{"5 minutes, and a person asks", disk(5, always, func(h *vitals.Host) { h.Person = true }), vitals.Dead, ago(minutes(6)), 0},
		{"5 minutes, and its kernel has been stuck for minutes", disk(5, always, func(h *vitals.Host) { h.Stuck = true }), vitals.Dead, ago(minutes(6)), 0},
		{"5 minutes, and EC2 gets no answer for 5", disk(5, always, failing(ago(minutes(5)))), vitals.Dead, ago(minutes(6)), 0},
		{"5 minutes, and EC2 gets no answer for a second less", disk(5, always, failing(ago(minutes(5)-second))), vitals.Waiting, none, minutes(11)},
	})
	if v := vitals.Read(disk(5, always)).Named(vitals.DiskWrites); v.Saw != "0 for 5 min, 40 a minute before, 16 min required where its kernel may be alive" {
		t.Errorf("it says %q", v.Saw)
	}
}

// A host that worked on after its agent had died is not alive for having done so before it
// hung.
func TestWorkBeforeALongStillnessIsNeverTakenForLife(t *testing.T) {
	h := host(writes(9*time.Minute, always), func(h *vitals.Host) {
		h.Stuck = false
		h.Instance.Ping = fact.Known(instance.Ping{At: h.At.Add(-40 * time.Minute)})
	})
	if v := vitals.Read(h).Named(vitals.DiskWrites); v.Says != vitals.Waiting {
		t.Errorf("it says %s (%s)", v.Says, v.Saw)
	}
}

func btof(b bool) float64 {
	if b {
		return 40
	}
	return 0
}

// upTo leaves out the minutes that ended after that time.
func upTo(at time.Time) func(*vitals.Host) {
	return published(func(p *instance.Point) bool { return !p.At.Add(time.Minute).After(at) })
}

// A minute that is not published ends nothing and counts for nothing.
func TestAMinuteThatIsNotPublishedIsNeverStill(t *testing.T) {
	hole := func(fromMinute, toMinute int) func(*vitals.Host) { // both counted back from noon
		return published(func(p *instance.Point) bool {
			m := int(noon.Sub(p.At) / time.Minute)
			return m > fromMinute || m < toMinute
		})
	}
	none := time.Time{}
	check(t, vitals.DiskWrites, []row{
		{"two of six still minutes", host(writes(7*time.Minute, always), hole(4, 3)), vitals.Waiting, none, time.Minute},
		{"one of six still minutes", host(writes(7*time.Minute, always), hole(3, 3)), vitals.Dead, ago(7 * time.Minute), 0},
		{"half of the baseline", host(writes(6*time.Minute, always), hole(100, 20)), vitals.Dead, ago(6 * time.Minute), 0},
		{"so much of the baseline that 29 are left", host(writes(6*time.Minute, always), hole(240, 36)), vitals.Nothing, none, 0},
		{"a pause of 8 minutes of which 6 are published", host(writes(14*time.Minute, with(8)), published(func(p *instance.Point) bool {
			return (int(noon.Sub(p.At)/time.Minute)-15)%41 != 34 && (int(noon.Sub(p.At)/time.Minute)-15)%41 != 35
		})), vitals.Dead, ago(8 * time.Minute), 0},
	})
}

// The minute that goes on may still be written.
func TestAMinuteThatHasNotEndedIsNeverStill(t *testing.T) {
	for value, want := range map[float64]vitals.Says{0: vitals.Waiting, 1: vitals.Waiting} {
		h := host(writes(5*time.Minute, always), metrics(func(m *instance.Metrics) {
			m.Writes = append(m.Writes, instance.Point{At: noon.Add(-time.Minute)}, instance.Point{At: noon, Value: value})
		}))
		h.At = noon.Add(30 * second)
		v := vitals.Read(h).Named(vitals.DiskWrites)
		if wrote := strings.HasPrefix(v.Saw, "it wrote"); value > 0 && (v.Says != want || !wrote) || value == 0 && v.Says != vitals.Dead {
			t.Errorf("a write of %v in the minute that goes on: %s (%s)", value, v.Says, v.Saw)
		}
	}
	// Four still minutes and the one that goes on are no five.
	h := host(writes(4*time.Minute, always), metrics(func(m *instance.Metrics) {
		m.Writes = append(m.Writes, instance.Point{At: noon.Add(-time.Minute)}, instance.Point{At: noon})
	}))
	h.At = noon.Add(30 * second)
	if v := vitals.Read(h).Named(vitals.DiskWrites); v.Says != vitals.Waiting {
		t.Errorf("%s (%s)", v.Says, v.Saw)
	}
}

// Only a disk that works as before is a sign of life. The host seems to have died at 11:40.
func TestWritesThatAreNotAsBeforeAreNeverASignOfLife(t *testing.T) {
	const died = 20 * time.Minute
	// after is a disk that is written so often in each minute that began a while after the
	// death. Up to then there is a write in every minute, and none after that.
	after := func(begin, end time.Duration, n float64) vitals.Host {
		return host(failing(ago(died)), writes(died, always), published(func(p *instance.Point) bool {
			switch at := p.At.Sub(ago(died)); {
			case at >= 0 && at < begin:
				p.Value = 1
			case at >= begin && at < end:
				p.Value = n
			}
			return true
		}))
	}
	for name, c := range map[string]struct {
		host vitals.Host
		want vitals.Says
	}{
		"as before for five minutes":               {after(12*time.Minute, 17*time.Minute, 40), vitals.Alive},
		"as before for four minutes":               {after(13*time.Minute, 17*time.Minute, 40), vitals.Waiting},
		"half of before":                           {after(12*time.Minute, 17*time.Minute, 20), vitals.Alive},
		"less than half of before":                 {after(12*time.Minute, 17*time.Minute, 19), vitals.Waiting},
		"three times as much":                      {after(12*time.Minute, 17*time.Minute, 120), vitals.Alive},
		"more than three times as much":            {after(12*time.Minute, 17*time.Minute, 121), vitals.Waiting},
		"ten times as much, as in swap thrash":     {after(0, time.Hour, 400), vitals.Waiting},
		"as before, and still for long enough":     {after(2*time.Minute, 7*time.Minute, 40), vitals.Dead},
		"as before, in the first two minutes, too": {after(0, 6*time.Minute, 40), vitals.Dead},
	} {
		if v := vitals.Read(c.host).Named(vitals.DiskWrites); v.Says != c.want {
			t.Errorf("%s: %s (%s), want %s", name, v.Says, v.Saw, c.want)
		}
	}
	// Five minutes, of which the first begins within two minutes of the death.
	early := host(failing(ago(7*time.Minute)), writes(7*time.Minute, always), published(func(p *instance.Point) bool {
		if at := p.At.Sub(ago(7 * time.Minute)); at >= time.Minute && at < 6*time.Minute {
			p.Value = 40
		}
		return true
	}))
	if v := vitals.Read(early).Named(vitals.DiskWrites); v.Says != vitals.Waiting {
		t.Errorf("within two minutes of the death: %s (%s)", v.Says, v.Saw)
	}
	// A minute among them that is not published.
	gap := after(11*time.Minute, 17*time.Minute, 40)
	published(func(p *instance.Point) bool { return p.At.Sub(ago(died)) != 14*time.Minute })(&gap)
	if v := vitals.Read(gap).Named(vitals.DiskWrites); v.Says != vitals.Waiting {
		t.Errorf("with a minute that is not published: %s (%s)", v.Says, v.Saw)
	}
	// A machine that swaps itself to death for two hours never becomes its own measure.
	thrash := host(failing(ago(2*time.Hour)), writes(time.Minute, func(minute int) float64 {
		if minute < 120 {
			return 400
		}
		return 40
	}))
	if v := vitals.Read(thrash).Named(vitals.DiskWrites); v.Says != vitals.Waiting {
		t.Errorf("ten times as much for two hours: %s (%s)", v.Says, v.Saw)
	}
	// What a person sees of a host that died yesterday.
	old := host(person, pinged(ago(24*time.Hour)), writes(31*time.Minute, always))
	if v := vitals.Read(old).Named(vitals.DiskWrites); v.Says != vitals.Dead {
		t.Errorf("writes of an hour ago: %s (%s)", v.Says, v.Saw)
	}
}

// Never says that the vital cannot speak of this host, however long one waits.
func TestADiskThatMayYetSpeakIsNeverGivenUp(t *testing.T) {
	for name, c := range map[string]struct {
		host vitals.Host
		want bool
	}{
		"no volume of its own":        {host(), true},
		"too long pauses":             {host(writes(9*time.Minute, with(8))), true},
		"idle":                        {host(writes(9*time.Minute, func(m int) float64 { return btof(m%5 == 0) })), true},
		"never written in four hours": {host(writes(9*time.Minute, func(int) float64 { return 0 })), true},
		"29 minutes in all":           {host(writes(9*time.Minute, always), from(ago(30*time.Minute))), false},
		"dead":                        {host(writes(9*time.Minute, always)), false},
		"waiting":                     {host(writes(time.Minute, always)), false},
	} {
		if v := vitals.Read(c.host).Named(vitals.DiskWrites); v.Never != c.want {
			t.Errorf("%s: never is %v (%s)", name, v.Never, v.Saw)
		}
	}
}

// What is read is what others go on using.
func TestReadingTheVitalsChangesNothing(t *testing.T) {
	h := host(writes(9*time.Minute, with(2)), beats(ago(11*time.Minute)))
	before, _ := h.Instance.Metrics.Get()
	writes, beating := slices.Clone(before.Writes), slices.Clone(before.Heartbeat)
	vitals.Read(h)
	after, _ := h.Instance.Metrics.Get()
	if !slices.Equal(after.Writes, writes) || !slices.Equal(after.Heartbeat, beating) {
		t.Error("the metrics are changed")
	}
}
