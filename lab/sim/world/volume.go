package world

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// sharedVolumes is the share of second volumes that are Multi-Attach ones: other instances
// write to them, too. movedVolumes is the share of those that another instance had before,
// and that come to the host in the world's days. Both are guesses.
const (
	sharedVolumes = 0.05
	movedVolumes  = 0.05
)

// settleSecond chooses what a host's second volume is.
func (t *traits) settleSecond(w *World) {
	switch draw := part(mix(t.seed, 17)); {
	case draw < sharedVolumes:
		t.shared = true
	case draw < sharedVolumes+movedVolumes:
		t.moved = w.start.Unix() + below(mix(t.seed, 18), int64(w.days)*day)
	}
}

// foreign says whether another host writes to a volume at a moment. Then nothing that
// befalls this host changes what is written there.
func (t *traits) foreign(volume int, at int64) bool {
	return volume > 0 && (t.shared || at < t.moved)
}

// mappings are the volumes that are attached at a moment to an instance that was launched at
// another.
func (t *traits) mappings(launched, now int64) []types.InstanceBlockDeviceMapping {
	var out []types.InstanceBlockDeviceMapping
	for n, id := range t.volumes {
		attached := launched
		if n > 0 {
			attached = max(launched, t.moved)
		}
		if attached > now {
			break
		}
		out = append(out, types.InstanceBlockDeviceMapping{
			DeviceName: aws.String("/dev/xvd" + string(rune('a'+n))),
			Ebs:        &types.EbsInstanceBlockDevice{VolumeId: aws.String(id), Status: types.AttachmentStatusAttached, AttachTime: aws.Time(at(attached))},
		})
	}
	return out
}

// volume is a volume of a host as DescribeVolumes has it.
func (v *View) volume(h *host, id string) types.Volume {
	out := types.Volume{VolumeId: aws.String(id), MultiAttachEnabled: aws.Bool(false), State: types.VolumeStateInUse}
	second := id != h.volumes[0]
	if second && v.now < h.moved {
		out.Attachments = []types.VolumeAttachment{attachment(id, otherInstance)}
		return out
	}
	out.Attachments = []types.VolumeAttachment{attachment(id, h.id)}
	if second && h.shared {
		out.MultiAttachEnabled = aws.Bool(true)
		out.Attachments = append(out.Attachments, attachment(id, otherInstance))
	}
	return out
}

// otherInstance is an instance of which the world has nothing but its volumes.
const otherInstance = "i-0ffffffffffffffff"

func attachment(volume, instance string) types.VolumeAttachment {
	return types.VolumeAttachment{InstanceId: aws.String(instance), VolumeId: aws.String(volume), State: types.VolumeAttachmentStateAttached}
}
