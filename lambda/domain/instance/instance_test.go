package instance_test

import (
	"testing"
	"time"

	"crashcart/lambda/domain/instance"
)

func TestWhatIsDeadForDaysIsNeverPartOfAnOutage(t *testing.T) {
	now := time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
	u := instance.Unreachable{Region: map[string]time.Time{
		"i-00000001": now,
		"i-00000002": now.Add(-instance.RegionWindow),
		"i-00000003": now.Add(-instance.RegionWindow - time.Second),
		"i-00000004": now.Add(-72 * time.Hour),
		"i-00000005": {}, // AWS does not say since when
		"i-00000006": now.Add(time.Second),
	}}
	if n := u.Lately(now); n != 4 {
		t.Errorf("%d became unreachable lately, want 4", n)
	}
	if n := (instance.Unreachable{}).Lately(now); n != 0 {
		t.Errorf("%d of no instance", n)
	}
}
