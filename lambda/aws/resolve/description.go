package resolve

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/instance"
)

const (
	// autoScalingTag is the tag that EC2 Auto Scaling puts on its instances ("Tag Auto
	// Scaling groups and instances", Amazon EC2 Auto Scaling User Guide).
	autoScalingTag = "aws:autoscaling:groupName"
	// clusterTag begins the key of the tag that a node of a Kubernetes cluster has; the
	// cluster's name ends it ("VPC and subnet requirements", Amazon EKS User Guide).
	clusterTag = "kubernetes.io/cluster/"
)

// description is what DescribeInstances says of one instance.
func description(i types.Instance) instance.Description {
	d := instance.Description{
		Exists:       true,
		Type:         string(i.InstanceType),
		Architecture: string(i.Architecture),
		// EC2 answers "windows" ("Instance", Amazon EC2 API Reference); the SDK's constant
		// is "Windows".
		Windows:    strings.EqualFold(string(i.Platform), string(types.PlatformValuesWindows)),
		LaunchedAt: aws.ToTime(i.LaunchTime),
		VPC:        aws.ToString(i.VpcId),
		Subnet:     aws.ToString(i.SubnetId),
		Detailed:   i.Monitoring != nil && i.Monitoring.State == types.MonitoringStateEnabled,
	}
	if i.State != nil {
		d.State = string(i.State.Name)
	}
	if i.Operator != nil && aws.ToBool(i.Operator.Managed) {
		d.Operator = aws.ToString(i.Operator.Principal)
		if d.Operator == "" {
			d.Operator = "another service"
		}
	}
	if i.IamInstanceProfile != nil {
		d.Profile = aws.ToString(i.IamInstanceProfile.Arn)
	}
	for _, m := range i.BlockDeviceMappings {
		if m.Ebs != nil && m.Ebs.VolumeId != nil {
			d.Volumes = append(d.Volumes, instance.Volume{ID: *m.Ebs.VolumeId, AttachedAt: aws.ToTime(m.Ebs.AttachTime)})
		}
	}
	describeNetwork(&d, i)
	for _, t := range i.Tags {
		describeTag(&d, aws.ToString(t.Key), aws.ToString(t.Value))
	}
	return d
}

// describeNetwork adds the addresses. Only the primary address of an interface is the
// host's own. A secondary one may be a container's.
func describeNetwork(d *instance.Description, i types.Instance) {
	d.Router = forwards(i.SourceDestCheck)
	for _, n := range i.NetworkInterfaces {
		d.Router = d.Router || forwards(n.SourceDestCheck)
		if n.PrivateIpAddress != nil {
			d.Addresses = append(d.Addresses, *n.PrivateIpAddress)
		}
		for _, a := range n.Ipv6Addresses {
			if a.Ipv6Address != nil {
				d.Addresses = append(d.Addresses, *a.Ipv6Address)
			}
		}
	}
}

// forwards says whether a source/destination check is known to be off.
func forwards(check *bool) bool { return check != nil && !*check }

func describeTag(d *instance.Description, key, value string) {
	switch {
	case key == config.TagKey:
		d.Tag = value
	case key == config.GroupTagKey:
		d.GroupTag = value
	case key == autoScalingTag:
		d.AutoScaling = value
	case strings.HasPrefix(key, clusterTag):
		d.Kubernetes = true
	case strings.EqualFold(key, config.TagKey):
		d.TagMisspelt = key
	}
}
