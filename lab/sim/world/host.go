package world

import (
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"crashcart/lambda/domain/config"
)

// traits are what never changes of a host.
type traits struct {
	n    int32 // its number
	id   string
	kind *kind
	seed uint64

	zone    int
	address string
	volumes []string
	shared  bool  // its second volume is a Multi-Attach one
	moved   int64 // when its second volume came from another host; 0 for one that it always had

	vpc     *vpc
	subnet  *subnet
	profile *profile
	group   *group
	targets *targetGroup

	period   int64 // of its agent's pings
	phase    int64 // of its agent's pings, within the period
	beats    bool  // it has a CloudWatch agent
	agent    bool  // it has an SSM agent
	detailed bool
	launched int64 // before the world began
	sends    int64 // bytes in a minute
	mutters  bool  // its kernel and its programs write on the console
	rhythms  []rhythm
	more     []rhythm // of its second volume

	described types.Instance // as it is while it runs
}

// host is a host and what befalls it.
type host struct {
	*traits
	life life

	starts   []int64 // when its SSM agent starts anew
	launches []spell // of the times in which it is off
	unheard  []spell // without an answer to ARP
	stalls   []spell // of its EBS volumes
}

// vpc, subnet, profile, group and targetGroup are what hosts share.
type vpc struct {
	id    string
	n     int
	hosts []int32
}

type subnet struct {
	id    string
	n     int
	zone  int
	hosts []int32
}

type profile struct {
	arn   string
	n     int
	hosts []int32
}

// group is a unit of hosts with one application: an Auto Scaling group, or else the hosts
// behind one target group.
type group struct {
	name    string // of the Auto Scaling group; empty for none
	n       int
	hosts   []int32
	targets *targetGroup
}

type targetGroup struct {
	arn, name string
	n         int
	vpc       *vpc
	hosts     []int32
	kind      *kind
	interval  int64
	failures  int64 // so many checks in a row must fail
	passes    int64 // so many must pass before it is healthy again
	timeout   int64
	port      int32

	described elbtypes.TargetGroup
}

const (
	region  = "eu-central-1"
	account = "111122223333"
	// vpcHosts is how many hosts share a network.
	vpcHosts = 60
)

// zoneName is the name of an Availability Zone.
func zoneName(zone int) string { return region + "abcdefghijklmnopqrstuvwxyz"[zone:zone+1] }

// oddPeriods is the share of networks whose agents ping less often than every 5 min, and
// mixedPeriods that of these in which they do so differently (issue "The simulation").
const (
	oddPeriods   = 0.1
	mixedPeriods = 1.0 / 3
)

// newHost adds a host.
func (w *World) newHost(k *kind, c Hosts, v *vpc, s *subnet, p *profile, g *group) *host {
	n := len(w.hosts)
	seed := mix(w.seed, uint64(n)+5<<20)
	t := &traits{
		n: int32(n), id: fmt.Sprintf("i-%017x", n+1), kind: k, seed: seed, //nolint:gosec // few
		zone: s.zone, address: fmt.Sprintf("10.%d.%d.%d", v.n%200, s.n%250, len(s.hosts)+4),
		vpc: v, subnet: s, profile: p, group: g,
		beats: !k.mute && !c.Mute, agent: !k.mute, detailed: c.Detailed,
		launched: w.start.Unix() - between(mix(seed, 6), day, 90*day),
		sends:    spread(mix(seed, 7), k.least, k.most),
		mutters:  !k.windows && part(mix(seed, 8)) >= silentConsoles,
	}
	if g != nil {
		t.targets = g.targets
		g.hosts = append(g.hosts, t.n)
		if g.targets != nil {
			g.targets.hosts = append(g.targets.hosts, t.n)
		}
	}
	t.give(w)
	t.describe()
	v.hosts, s.hosts, p.hosts = append(v.hosts, t.n), append(s.hosts, t.n), append(p.hosts, t.n)
	h := &host{traits: t}
	w.hosts = append(w.hosts, h)
	w.byID[t.id], w.az[s.zone] = t.n, append(w.az[s.zone], t.n)
	w.addresses[v.id+"/"+t.address] = t.n
	return h
}

// silentConsoles is the share of Linux hosts whose console shows nothing: no console= on
// the kernel's command line. It is a guess.
const silentConsoles = 0.1

// give gives a host its volumes, and the rhythms in which it writes to them.
func (t *traits) give(w *World) {
	if t.kind.disk == diskInstance {
		return
	}
	count := 1
	if t.kind.disk != diskIdle && part(mix(t.seed, 9)) < 0.5 {
		count = 2
	}
	for i := range count {
		id := fmt.Sprintf("vol-%016x%d", int(t.n)+1, i)
		t.volumes = append(t.volumes, id)
		w.byVolume[id] = t.n
	}
	if count > 1 {
		t.settleSecond(w)
	}
	t.rhythms, t.more = rhythmsOf(t)
}

func (t *traits) describe() {
	family := t.kind.family
	if family == "" {
		family = "m6i.large"
	}
	monitoring := types.MonitoringStateDisabled
	if t.detailed {
		monitoring = types.MonitoringStateEnabled
	}
	i := types.Instance{
		InstanceId: aws.String(t.id), InstanceType: types.InstanceType(family), Architecture: types.ArchitectureValuesX8664,
		Hypervisor: types.HypervisorTypeXen, State: &types.InstanceState{Name: types.InstanceStateNameRunning, Code: aws.Int32(16)},
		LaunchTime: aws.Time(time.Unix(t.launched, 0).UTC()), Monitoring: &types.Monitoring{State: monitoring},
		VpcId: aws.String(t.vpc.id), SubnetId: aws.String(t.subnet.id), PrivateIpAddress: aws.String(t.address),
		IamInstanceProfile: &types.IamInstanceProfile{Arn: aws.String(t.profile.arn)},
		SourceDestCheck:    aws.Bool(!t.kind.router), RootDeviceType: types.DeviceTypeEbs, RootDeviceName: aws.String("/dev/xvda"),
		Placement: &types.Placement{AvailabilityZone: aws.String(zoneName(t.zone))},
		Tags:      []types.Tag{{Key: aws.String(config.TagKey), Value: aws.String("auto")}},
		NetworkInterfaces: []types.InstanceNetworkInterface{{
			PrivateIpAddress: aws.String(t.address), SourceDestCheck: aws.Bool(!t.kind.router), VpcId: aws.String(t.vpc.id), SubnetId: aws.String(t.subnet.id),
			Attachment:         &types.InstanceNetworkInterfaceAttachment{DeviceIndex: aws.Int32(0), Status: types.AttachmentStatusAttached},
			PrivateIpAddresses: []types.InstancePrivateIpAddress{{PrivateIpAddress: aws.String(t.address), Primary: aws.Bool(true)}},
		}},
	}
	if t.kind.windows {
		i.Platform = "windows"
	}
	if t.group != nil && t.group.name != "" {
		i.Tags = append(i.Tags, types.Tag{Key: aws.String("aws:autoscaling:groupName"), Value: aws.String(t.group.name)})
	}
	if t.kind.check == checkNodePort {
		i.Tags = append(i.Tags, types.Tag{Key: aws.String("kubernetes.io/cluster/main"), Value: aws.String("owned")})
	}
	i.BlockDeviceMappings = t.mappings(t.launched, max(t.launched, t.moved))
	t.described = i
}
