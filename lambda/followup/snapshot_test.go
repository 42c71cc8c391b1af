package followup_test

import (
	"slices"
	"strings"
	"testing"

	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/dump"
)

// Somebody has to pay for it. So it is taken only where the dump may be nowhere else.
func TestASnapshotIsTakenOnlyWhereTheDumpIsNotHome(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(*testing.T, *world)
		want    int
	}{
		"the dump is home":              {func(*testing.T, *world) {}, 0},
		"it is over the limit":          {func(_ *testing.T, w *world) { w.disk.files = dumpFiles(65 << 30) }, 1},
		"one of two is home":            {func(_ *testing.T, w *world) { w.disk.files = dumpFiles(partSize, 65<<30) }, 1},
		"the agent never comes back":    {func(_ *testing.T, w *world) { w.disk.absent = code("InvalidInstanceId") }, 1},
		"dumps do not come home":        {func(_ *testing.T, w *world) { w.handler.Collect.Dumps = config.Off }, 1},
		"the disk of a dump shows none": {func(_ *testing.T, w *world) { w.disk.files = nil }, 1},
		"it was terminated": {func(_ *testing.T, w *world) {
			w.host.state, w.host.reason, w.host.ping = ec2types.InstanceStateNameTerminated, "Client.UserInitiatedShutdown", dawn
		}, 0},
		"it hangs in its dump": {func(t *testing.T, w *world) { w.host.console, w.host.ping = stuck(t).console, dawn }, 1},
		"its dump has failed, and left a part": {func(t *testing.T, w *world) {
			w.host.console, w.disk.files = named(t, "disk-full").console, nil
			w.disk.skipped = []dump.Skipped{{Path: "/var/crash/1/dump-incomplete", Why: dump.WhyIncomplete, Size: 9}}
		}, 1},
		"its dump has failed, and left nothing": {func(t *testing.T, w *world) { w.host.console, w.disk.files = named(t, "disk-full").console, nil }, 0},
		"there was never one":                   {func(t *testing.T, w *world) { w.host.console, w.disk.files = named(t, "no-kdump").console, nil }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w, id := crashed(t)
			w.handler.Collect.Snapshot = config.On
			c.prepare(t, w)
			got := w.follow(id, nil).Followup
			if len(w.cloud.snapshots) != c.want || len(got.Collect.Snapshots) != c.want {
				t.Errorf("%s: EC2 has %+v, the case %q", got.Finding, w.cloud.snapshots, got.Collect.Snapshots)
			}
			if c.want == 1 && (w.cloud.snapshots[0].excluded != "vol-data" || w.cloud.snapshots[0].caseID != id) {
				t.Errorf("%+v", w.cloud.snapshots)
			}
		})
	}
}

func TestAsShippedNoSnapshotIsEverTaken(t *testing.T) {
	w, id := crashed(t)
	w.disk.absent = code("InvalidInstanceId")
	if r := w.follow(id, nil); r.State != cases.StateClosed || len(w.cloud.snapshots) > 0 || missing(r.Followup.Collect, cases.MissingSnapshot) != "" {
		t.Errorf("%s, %+v", r.State, w.cloud.snapshots)
	}
}

func TestASnapshotThatFailsIsNamedAndNeverKeepsACaseOpen(t *testing.T) {
	w, id := crashed(t)
	w.handler.Collect.Snapshot, w.handler.Collect.Dumps = config.On, config.Off
	w.noSnapshot = code("UnauthorizedOperation")
	c := w.follow(id, nil).Followup.Collect
	w.wantEnded(id, cases.FindingDumped)
	if why := missing(c, cases.MissingSnapshot); !strings.Contains(why, "UnauthorizedOperation") || c.Snapshotted.Tries != 3 || len(c.Snapshots) > 0 {
		t.Errorf("missing because %q: %+v", why, c)
	}
}

func TestTheEndNamesTheSnapshot(t *testing.T) {
	w, id := crashed(t)
	w.handler.Collect.Snapshot, w.handler.Collect.Dumps = config.On, config.Off
	w.follow(id, nil)
	if u := w.told[len(w.told)-1]; !slices.Equal(u.Collect.Snapshots, []string{"snap-00000000000000001"}) {
		t.Errorf("%+v", u.Collect)
	}
}
