package vitals_test

import (
	"testing"
	"time"

	"crashcart/lambda/domain/vitals"
)

// A host at rest writes when its agent logs a ping, and for some time after: at most in
// three of five minutes. When its agent is stopped it says nothing and writes nothing, and
// lives.
func TestADiskThatOnlyTheAgentWritesNeverSaysAnything(t *testing.T) {
	for echo := 1; echo <= 3; echo++ {
		for phase := range 5 {
			h := host(pinged(ago(16*time.Minute)), writes(11*time.Minute, func(m int) float64 { return btof((m+phase)%5 < echo) }))
			if v := vitals.Read(h).Named(vitals.DiskWrites); v.Says != vitals.Nothing {
				t.Errorf("written in %d of 5 minutes, phase %d: %s (%s)", echo, phase, v.Says, v.Saw)
			}
		}
	}
}
