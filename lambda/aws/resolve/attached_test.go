package resolve_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"crashcart/lambda/domain/instance"
)

// attachedAt says when a volume of an instance was attached to it.
func (a *account) attachedAt(id, volume string, at time.Time) {
	a.change(id, func(i *types.Instance) {
		for _, m := range i.BlockDeviceMappings {
			if *m.Ebs.VolumeId == volume {
				m.Ebs.AttachTime = aws.Time(at)
			}
		}
	})
}

// CloudWatch's history goes with the volume. What another host wrote on it would make this
// host look busier than it ever was, and a quiet minute like a hang.
func TestTheWritesOfAnotherHostNeverCountAsThisOnes(t *testing.T) {
	a := newAccount(1)
	a.disk(id(0), "vol-1", "vol-2")
	a.attachedAt(id(0), "vol-1", noon.Add(-24*time.Hour))
	a.attachedAt(id(0), "vol-2", noon.Add(-3*time.Minute).Add(20*time.Second))
	a.publish(writes("vol-1"), -6, 3, 0, 0, 1, 0, 0)
	a.publish(idle("vol-1"), -6, 60, 60, 60, 60, 60, 60)
	a.publish(writes("vol-2"), -6, 800, 800, 0, 900, 7, 0)
	a.publish(idle("vol-2"), -6, 60, 60, 60, 60, 60, 60)
	want := []instance.Point{point(-6, 3), point(-5, 0), point(-4, 0), point(-3, 1), point(-2, 7), point(-1, 0)}
	if got := known(t, a.measured(t, id(0))[0].Metrics).Writes; !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// A host that has just got a fresh volume was written before, too.
func TestAFreshVolumeNeverHidesWhatTheOthersWrote(t *testing.T) {
	for _, fresh := range []string{"vol-1", "vol-2"} {
		other := map[string]string{"vol-1": "vol-2", "vol-2": "vol-1"}[fresh]
		a := newAccount(1)
		a.disk(id(0), "vol-1", "vol-2")
		a.attachedAt(id(0), fresh, noon.Add(-2*time.Minute))
		a.publish(writes(other), -4, 5, 6, 7, 8)
		a.publish(idle(other), -4, 60, 60, 60, 60)
		a.publish(idle(fresh), -1, 60) // and nothing of its first minute
		want := []instance.Point{point(-4, 5), point(-3, 6), point(-1, 8)}
		if got := known(t, a.measured(t, id(0))[0].Metrics).Writes; !reflect.DeepEqual(got, want) {
			t.Errorf("%s is fresh: %v, want %v", fresh, got, want)
		}
	}
}

// Nobody can say what a host wrote while it had none of its volumes.
func TestAMinuteBeforeAllVolumesIsNeverAStillOne(t *testing.T) {
	a := newAccount(1)
	a.disk(id(0), "vol-1", "vol-2")
	for _, v := range []string{"vol-1", "vol-2"} {
		a.attachedAt(id(0), v, noon.Add(-2*time.Minute))
		a.publish(writes(v), -4, 9, 9, 0, 1)
		a.publish(idle(v), -4, 60, 60, 60, 60)
	}
	want := []instance.Point{point(-2, 0), point(-1, 2)}
	if got := known(t, a.measured(t, id(0))[0].Metrics).Writes; !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
