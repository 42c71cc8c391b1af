package world_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"crashcart/lab/sim/world"
)

// shared says whether a volume is a Multi-Attach one, and how many instances have it.
func (a asker) shared(volume string) (multi bool, instances int) {
	a.Helper()
	out, err := a.v.DescribeVolumes(a.Context(), &ec2.DescribeVolumesInput{VolumeIds: []string{volume}})
	a.must(err)
	return aws.ToBool(out.Volumes[0].MultiAttachEnabled), len(out.Volumes[0].Attachments)
}

// TestASharedVolumeNeverRestsWithOneOfItsHosts freezes hosts with two volumes.
func TestASharedVolumeNeverRestsWithOneOfItsHosts(t *testing.T) {
	w := make1(t, world.Hosts{Fleet: world.Single, Count: 200})
	a := asker{t, w.View(world.Unknowns{}).At(w.Start().Add(7 * time.Hour))}
	own, shared := 0, 0
	for n := range w.Hosts() {
		disks := a.instance(id(n)).BlockDeviceMappings
		if multi, instances := a.shared(*disks[0].Ebs.VolumeId); multi || instances != 1 {
			t.Fatalf("the root volume of host %d is shared", n)
		}
		if len(disks) < 2 {
			continue
		}
		now := with(t, w, world.Fault{Cause: world.NoInterrupts, Scope: world.OneHost, Of: n, At: 6 * time.Hour, For: 5 * time.Hour})
		b := asker{t, now.View(world.Unknowns{}).At(w.Start().Add(7 * time.Hour))}
		_, values := b.writes(*disks[1].Ebs.VolumeId)
		rests, _ := lull(values[len(values)-30:])
		multi, instances := a.shared(*disks[1].Ebs.VolumeId)
		switch {
		case !multi && instances == 1 && rests == 30:
			own++
		case multi && instances == 2 && rests == 0:
			shared++
		default:
			t.Errorf("a volume of %d instances, shared: %v, rests for %d minutes", instances, multi, rests)
		}
	}
	if own < 50 || shared < 2 || shared > 15 {
		t.Errorf("%d volumes are shared, and %d are not", shared, own)
	}
}

// TestAMovedVolumeNeverHasTheWritesOfItsNextHost freezes a host to which a volume comes.
func TestAMovedVolumeNeverHasTheWritesOfItsNextHost(t *testing.T) {
	w := make1(t, world.Hosts{Fleet: world.Single, Count: 200})
	a := asker{t, w.View(world.Unknowns{}).At(w.End())}
	moved := 0
	for n := range w.Hosts() {
		i := a.at(w, w.End().Sub(w.Start())).instance(id(n))
		root := i.BlockDeviceMappings[0].Ebs
		if !root.AttachTime.Equal(*i.LaunchTime) {
			t.Fatalf("the root volume of host %d was attached at %s", n, root.AttachTime)
		}
		if len(i.BlockDeviceMappings) < 2 || i.BlockDeviceMappings[1].Ebs.AttachTime.Equal(*i.LaunchTime) {
			continue
		}
		moved++
		second := i.BlockDeviceMappings[1].Ebs
		came := second.AttachTime.Sub(w.Start())
		if got := len(a.at(w, came-time.Second).instance(id(n)).BlockDeviceMappings); got != 1 {
			t.Errorf("before it came host %d has %d volumes", n, got)
		}
		if came < 4*time.Hour {
			continue
		}
		now := with(t, w, world.Fault{Cause: world.NoInterrupts, Scope: world.OneHost, Of: n, At: came - 2*time.Hour, For: 5 * time.Hour})
		times, values := asker{t, now.View(world.Unknowns{}).At(second.AttachTime.Add(time.Hour))}.writes(*second.VolumeId)
		for k := range times {
			if theirs := times[k].Before(*second.AttachTime); theirs != (values[k] > 0) {
				t.Fatalf("host %d: %g writes at %s, and the volume came at %s", n, values[k], times[k], second.AttachTime)
			}
		}
	}
	if moved < 2 || moved > 15 {
		t.Errorf("%d volumes have moved", moved)
	}
}
