package vitals_test

import (
	"testing"
	"time"

	"crashcart/lambda/domain/vitals"
)

// A host at rest writes when its agent logs a ping, and for some seconds after. When its
// agent is stopped it says nothing and writes nothing, and lives.
func TestADiskThatOnlyTheAgentWritesNeverSaysAnything(t *testing.T) {
	const stopped = 16 * time.Minute
	last := noon.Add(-stopped)
	echo := func(minutes int) rhythm { // of a ping every five minutes; minute 0 is that of the last
		return func(m int) float64 { return btof(((minutes-1-m)%5+5)%5 < minutes) }
	}
	none := time.Time{}
	for minutes := 1; minutes <= 3; minutes++ {
		// The echo of the last ping ends so many minutes after it began.
		still := stopped - time.Duration(minutes)*time.Minute
		check(t, vitals.DiskWrites, []row{
			{"an echo", host(pinged(last), writes(still, echo(minutes))), vitals.Nothing, none, 0},
		})
	}
	// The same minutes, and pings at another time: then something else has written them.
	check(t, vitals.DiskWrites, []row{
		{"not its echo", host(pinged(last.Add(-2*time.Minute)), writes(stopped-3*time.Minute, echo(3))), vitals.Dead, ago(stopped - 5*time.Minute), 0},
		{"no agent", host(writes(stopped-3*time.Minute, echo(3))), vitals.Dead, ago(stopped - 5*time.Minute), 0},
		{"written all the time", host(pinged(last), writes(stopped, always)), vitals.Dead, last, 0},
		{"an agent that pings every 10 minutes", host(pinged(last), neighbours(every(10*time.Minute, 20)...), writes(stopped, always)), vitals.Dead, last, 0},
	})
}
