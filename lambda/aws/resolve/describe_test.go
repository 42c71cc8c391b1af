package resolve_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"crashcart/lambda/domain/instance"
)

func TestUnknownInstanceNeverFailsTheOthers(t *testing.T) {
	a := newAccount(2)
	a.shutdown[id(1)] = "terminate"
	const gone = "i-0ffffffffffffffff"
	got := a.resolve(t, id(0), gone, id(1), gone)
	if len(got) != 4 || got[1].ID != gone || got[1].From != "metric 1" || got[3].From != "metric 3" {
		t.Fatalf("the instances are not the refs in their order: %+v", got)
	}
	for _, i := range []int{1, 3} {
		if d := known(t, got[i].Description); !reflect.DeepEqual(d, instance.Description{}) {
			t.Errorf("the unknown instance is %+v", d)
		}
		unknown(t, "its status", got[i].Status)
		unknown(t, "its type", got[i].Type)
		unknown(t, "its shutdown behaviour", got[i].Shutdown)
	}
	healthy := instance.Status{Instance: instance.Check{Status: "ok"}, System: instance.Check{Status: "ok"}}
	for i, want := range map[int]string{0: "stop", 2: "terminate"} {
		if d := known(t, got[i].Description); d.State != "running" {
			t.Errorf("instance %d is %+v", i, d)
		}
		if s := known(t, got[i].Status); !reflect.DeepEqual(s, healthy) {
			t.Errorf("the status of instance %d is %+v", i, s)
		}
		if s := known(t, got[i].Shutdown); s != want {
			t.Errorf("the shutdown behaviour of instance %d is %q, want %q", i, s, want)
		}
	}
}

func TestManyInstancesAreAskedForInChunks(t *testing.T) {
	a := newAccount(450)
	a.pageSize = 30
	got := a.resolve(t, numbered(450)...)
	for i, in := range got {
		if d := known(t, in.Description); in.ID != id(i) || !d.Exists {
			t.Fatalf("instance %d is %s: %+v", i, in.ID, d)
		}
		if p := known(t, in.Ping); !p.At.Equal(noon.Add(-time.Minute)) {
			t.Fatalf("the ping of instance %d is %v", i, p)
		}
		if s := known(t, in.Status); s.Instance.Status != "ok" {
			t.Fatalf("the status of instance %d is %+v", i, s)
		}
	}
	for call, want := range map[string]int{
		"DescribeInstances": 3, "DescribeInstanceInformation": 9, "DescribeInstanceStatus by id": 5,
		"DescribeInstanceStatus": 1, "DescribeInstanceTypes": 1, "DescribeInstanceAttribute": 450,
	} {
		if n := a.count(call); n != want {
			t.Errorf("%s was called %d times, want %d", call, n, want)
		}
	}
}

// One chunk of each call fails, on its second page where it has one: so do the
// facts of the instances in it, and no others.
func TestFailedChunkFailsItsOwnFactsOnly(t *testing.T) {
	facts := map[string]string{
		"DescribeInstances": "Description", "DescribeInstanceInformation": "Ping",
		"DescribeInstanceStatus by id": "Status", "DescribeInstanceAttribute": "Shutdown",
	}
	spoilt := map[string]int{"DescribeInstanceAttribute": 0, "DescribeInstances": 1, "DescribeInstanceInformation": 1, "DescribeInstanceStatus by id": 1}
	for call := range facts {
		t.Run(call, func(t *testing.T) {
			a := newAccount(450)
			a.pageSize = 20
			var hit []string
			a.fail = func(c string, about []string, page int) error {
				if c == call && slices.Contains(about, id(222)) && page == spoilt[call] {
					hit = about
					return errThrottled
				}
				return nil
			}
			got := a.resolve(t, numbered(450)...)
			if len(hit) == 0 || len(hit) > 200 {
				t.Fatalf("the failing call was about %d instances", len(hit))
			}
			for _, in := range got {
				errs := errorsOf(in)
				for other, fact := range facts {
					want := other == call && slices.Contains(hit, in.ID)
					if failed := errs[fact] != nil; failed != want {
						t.Fatalf("%s fails; the %s of %s has the error %v, want one: %v", call, fact, in.ID, errs[fact], want)
					}
				}
			}
		})
	}
}

func TestDescriptionSaysWhatTheGuardAsks(t *testing.T) {
	managed := func(principal *string) func(*types.Instance) {
		return func(i *types.Instance) {
			i.Operator = &types.OperatorResponse{Managed: aws.Bool(true), HiddenByDefault: aws.Bool(true), Principal: principal}
		}
	}
	plain := instance.Description{Exists: true, State: "running", Type: "m7i.large", Architecture: "x86_64", LaunchedAt: noon.Add(-24 * time.Hour), VPC: "vpc-1"}
	for name, tt := range map[string]struct {
		tags   []string
		change func(*types.Instance)
		want   func(*instance.Description)
	}{
		"plain":                                  {},
		"tags":                                   {tags: []string{"crashcart", "auto", "crashcart-group", "db", "aws:autoscaling:groupName", "web", "Name", "auto"}, want: func(d *instance.Description) { d.Tag, d.GroupTag, d.AutoScaling = "auto", "db", "web" }},
		"another case of the tag is another tag": {tags: []string{"CrashCart", "auto"}, want: func(d *instance.Description) { d.TagMisspelt = "CrashCart" }},
		"the tag in both spellings":              {tags: []string{"Crashcart", "auto", "crashcart", "manual"}, want: func(d *instance.Description) { d.Tag, d.TagMisspelt = "manual", "Crashcart" }},
		"a node of a cluster":                    {tags: []string{"kubernetes.io/cluster/prod", "owned"}, want: func(d *instance.Description) { d.Kubernetes = true }},
		"a tag that only looks like a cluster's": {tags: []string{"x/kubernetes.io/cluster/prod", "owned"}},
		"its place": {change: func(i *types.Instance) {
			i.SubnetId, i.IamInstanceProfile = aws.String("subnet-1"), &types.IamInstanceProfile{Arn: aws.String("arn:aws:iam::111122223333:instance-profile/web")}
		}, want: func(d *instance.Description) {
			d.Subnet, d.Profile = "subnet-1", "arn:aws:iam::111122223333:instance-profile/web"
		}},
		"its volumes": {change: func(i *types.Instance) {
			i.BlockDeviceMappings = []types.InstanceBlockDeviceMapping{{}, {Ebs: &types.EbsInstanceBlockDevice{}}, {Ebs: &types.EbsInstanceBlockDevice{VolumeId: aws.String("vol-1"), AttachTime: aws.Time(noon)}}, {Ebs: &types.EbsInstanceBlockDevice{VolumeId: aws.String("vol-2")}}}
		}, want: func(d *instance.Description) {
			d.Volumes = []instance.Volume{{ID: "vol-1", AttachedAt: noon}, {ID: "vol-2"}}
		}},
		"its addresses, and not those of its containers": {change: func(i *types.Instance) {
			i.NetworkInterfaces = []types.InstanceNetworkInterface{{}, {
				PrivateIpAddress: aws.String("10.0.0.4"), SourceDestCheck: aws.Bool(true),
				PrivateIpAddresses: []types.InstancePrivateIpAddress{{PrivateIpAddress: aws.String("10.0.0.4")}, {PrivateIpAddress: aws.String("10.0.0.99")}},
				Ipv6Addresses:      []types.InstanceIpv6Address{{Ipv6Address: aws.String("fd00::4")}, {}},
			}}
		}, want: func(d *instance.Description) { d.Addresses = []string{"10.0.0.4", "fd00::4"} }},
		"a router": {change: func(i *types.Instance) { i.SourceDestCheck = aws.Bool(false) }, want: func(d *instance.Description) { d.Router = true }},
		"a router by one interface": {change: func(i *types.Instance) {
			i.SourceDestCheck = aws.Bool(true)
			i.NetworkInterfaces = []types.InstanceNetworkInterface{{SourceDestCheck: aws.Bool(false)}, {SourceDestCheck: aws.Bool(true)}}
		}, want: func(d *instance.Description) { d.Router = true }},
		"detailed monitoring":           {change: func(i *types.Instance) { i.Monitoring = &types.Monitoring{State: types.MonitoringStateEnabled} }, want: func(d *instance.Description) { d.Detailed = true }},
		"monitoring that is not on":     {change: func(i *types.Instance) { i.Monitoring = &types.Monitoring{State: types.MonitoringStatePending} }},
		"windows, as EC2 spells it":     {change: func(i *types.Instance) { i.Platform = "windows" }, want: func(d *instance.Description) { d.Windows = true }},
		"Windows, as the SDK spells it": {change: func(i *types.Instance) { i.Platform = types.PlatformValuesWindows }, want: func(d *instance.Description) { d.Windows = true }},
		"managed by EKS":                {change: managed(aws.String("eks.amazonaws.com")), want: func(d *instance.Description) { d.Operator = "eks.amazonaws.com" }},
		"managed by nobody knows whom":  {change: managed(nil), want: func(d *instance.Description) { d.Operator = "another service" }},
		"not managed":                   {change: func(i *types.Instance) { i.Operator = &types.OperatorResponse{Managed: aws.Bool(false)} }},
		"stopped":                       {change: func(i *types.Instance) { i.State.Name = types.InstanceStateNameStopped }, want: func(d *instance.Description) { d.State = "stopped" }},
		"a Mac":                         {change: func(i *types.Instance) { i.Architecture = types.ArchitectureValuesX8664Mac }, want: func(d *instance.Description) { d.Architecture = "x86_64_mac" }},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount(0)
			a.launch(id(0), tt.tags...)
			if tt.change != nil {
				a.change(id(0), tt.change)
			}
			want := plain
			if tt.want != nil {
				tt.want(&want)
			}
			if got := known(t, a.resolver().First(t.Context(), refs(id(0)))[0].Description); !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

func TestStatusSaysWhatTheGuardAsks(t *testing.T) {
	a := newAccount(1)
	a.impair(id(0), noon.Add(-3*time.Minute), noon.Add(-9*time.Minute), noon.Add(-6*time.Minute))
	s := a.statuses[id(0)]
	s.SystemStatus = &types.InstanceStatusSummary{Status: types.SummaryStatusImpaired, Details: []types.InstanceStatusDetails{{ImpairedSince: aws.Time(noon.Add(-time.Hour))}}}
	s.AttachedEbsStatus = &types.EbsStatusSummary{Status: types.SummaryStatusInsufficientData}
	s.ApplicationStatus = &types.ApplicationStatusSummary{Status: types.SummaryStatusImpaired, ImpairedSince: aws.Time(noon.Add(-time.Minute))}
	s.Events = []types.InstanceStatusEvent{{Code: types.EventCodeSystemReboot, Description: aws.String("scheduled"), NotBefore: aws.Time(noon), NotAfter: aws.Time(noon.Add(time.Hour))}, {}}
	a.statuses[id(0)] = s
	want := instance.Status{
		Instance: instance.Check{Status: "impaired", Since: noon.Add(-9 * time.Minute)}, System: instance.Check{Status: "impaired", Since: noon.Add(-time.Hour)},
		EBS: instance.Check{Status: "insufficient-data"}, Application: instance.Check{Status: "impaired", Since: noon.Add(-time.Minute)},
		Events: []instance.Event{{Code: "system-reboot", Description: "scheduled", NotBefore: noon, NotAfter: noon.Add(time.Hour)}, {}},
	}
	if got := known(t, a.resolve(t, id(0))[0].Status); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	delete(a.statuses, id(0)) // as of an instance that has just stopped
	unknown(t, "the status of an instance that has none", a.resolve(t, id(0))[0].Status)
}
