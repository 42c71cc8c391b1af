// Package observe looks at one instance from outside, after its interrupt.
//
// It asks EC2, Systems Manager and Auto Scaling what they say of the instance, side by
// side and under one bound. What could not be had is left zero and named among the
// problems: a follow-up goes on with what it has.
//
// It changes nothing and decides nothing. What an answer means is for the witness.
package observe

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"crashcart/lambda/aws/awserr"
	"crashcart/lambda/aws/call"
	"crashcart/lambda/domain/instance"
)

// Bound is how long one observation may last, in all. Nobody waits for it but the next
// one, a quarter of a minute later.
const Bound = 10 * time.Second

// Compute is the subset of the EC2 API used here.
type Compute interface {
	DescribeInstances(context.Context, *ec2.DescribeInstancesInput, ...func(*ec2.Options)) (*ec2.DescribeInstancesOutput, error)
	DescribeInstanceStatus(context.Context, *ec2.DescribeInstanceStatusInput, ...func(*ec2.Options)) (*ec2.DescribeInstanceStatusOutput, error)
}

// Agents is the subset of the Systems Manager API used here.
type Agents interface {
	DescribeInstanceInformation(context.Context, *ssm.DescribeInstanceInformationInput, ...func(*ssm.Options)) (*ssm.DescribeInstanceInformationOutput, error)
}

// Groups is the subset of the Auto Scaling API used here.
type Groups interface {
	DescribeAutoScalingInstances(context.Context, *autoscaling.DescribeAutoScalingInstancesInput, ...func(*autoscaling.Options)) (*autoscaling.DescribeAutoScalingInstancesOutput, error)
}

// Observer looks at instances. All its fields are required, and set once.
type Observer struct {
	EC2    Compute
	SSM    Agents
	Groups Groups
}

// Host is what AWS says of one instance. What it did not answer is zero.
type Host struct {
	Known    bool      // EC2 answered; State is empty when it has no such instance
	State    string    // pending, running, shutting-down, terminated, stopping or stopped
	Reason   string    // EC2's reason for the state
	Launched time.Time // of the last start, not of a reboot
	Windows  bool

	Check instance.Check // AWS's reachability check
	Ping  time.Time      // of the agent, the last; zero for none

	Grouped   bool   // Auto Scaling answered
	Group     string // its Auto Scaling group; empty for none
	Lifecycle string // its state there
}

// Look asks all services about the instance, and returns within Bound. The error joins
// what could not be had.
func (o Observer) Look(ctx context.Context, instanceID string) (Host, error) {
	ctx, cancel := context.WithTimeout(ctx, Bound)
	defer cancel()
	var (
		wg        sync.WaitGroup
		described *types.Instance
		check     instance.Check
		ping      time.Time
		member    membership
		problems  [4]error
	)
	wg.Go(func() {
		described, problems[0] = within(ctx, "describing the instance", func() (*types.Instance, error) { return o.describe(ctx, instanceID) })
	})
	wg.Go(func() {
		check, problems[1] = within(ctx, "asking for the status check", func() (instance.Check, error) { return o.check(ctx, instanceID) })
	})
	wg.Go(func() {
		ping, problems[2] = within(ctx, "asking for the agent's ping", func() (time.Time, error) { return o.ping(ctx, instanceID) })
	})
	wg.Go(func() {
		member, problems[3] = within(ctx, "asking for the state in its group", func() (membership, error) { return o.membership(ctx, instanceID) })
	})
	wg.Wait()
	h := Host{Known: problems[0] == nil, Check: check, Ping: ping, Grouped: problems[3] == nil, Group: member.group, Lifecycle: member.lifecycle}
	if described != nil {
		h.State, h.Launched = stateOf(described), aws.ToTime(described.LaunchTime)
		// EC2 answers "windows" ("Instance", Amazon EC2 API Reference); the SDK's constant is
		// "Windows".
		h.Reason, h.Windows = reasonOf(described), strings.EqualFold(string(described.Platform), string(types.PlatformValuesWindows))
	}
	return h, errors.Join(problems[:]...)
}

// within makes one of the calls. It returns when ctx ends, even if the call does not.
func within[T any](ctx context.Context, doing string, do func() (T, error)) (T, error) {
	v, err := call.Within(ctx, do)
	if err != nil {
		return v, fmt.Errorf("%s: %w", doing, err)
	}
	return v, nil
}

// describe asks by filter: asked by id, an instance that is gone would be an error. It
// is nil for one that is gone.
func (o Observer) describe(ctx context.Context, instanceID string) (*types.Instance, error) {
	out, err := o.EC2.DescribeInstances(ctx, &ec2.DescribeInstancesInput{
		Filters:                 []types.Filter{{Name: aws.String("instance-id"), Values: []string{instanceID}}},
		IncludeManagedResources: aws.Bool(true),
	})
	if err != nil {
		return nil, err
	}
	for _, reservation := range out.Reservations {
		for _, i := range reservation.Instances {
			if aws.ToString(i.InstanceId) == instanceID {
				return &i, nil
			}
		}
	}
	return nil, nil
}

func stateOf(i *types.Instance) string {
	if i.State == nil {
		return ""
	}
	return string(i.State.Name)
}

// reasonOf is why the instance is in its state. EC2 says it in two fields, and the one
// with a code is for programs ("StateReason", Amazon EC2 API Reference).
func reasonOf(i *types.Instance) string {
	if i.StateReason != nil && aws.ToString(i.StateReason.Code) != "" {
		return aws.ToString(i.StateReason.Code)
	}
	return aws.ToString(i.StateTransitionReason)
}

// check gives the zero value for an instance that does not run, or is not there: it has no
// status.
func (o Observer) check(ctx context.Context, instanceID string) (instance.Check, error) {
	out, err := o.EC2.DescribeInstanceStatus(ctx, &ec2.DescribeInstanceStatusInput{
		InstanceIds: []string{instanceID}, IncludeManagedResources: aws.Bool(true),
	})
	if awserr.Code(err) == "InvalidInstanceID.NotFound" {
		return instance.Check{}, nil
	}
	if err != nil {
		return instance.Check{}, err
	}
	for _, s := range out.InstanceStatuses {
		if aws.ToString(s.InstanceId) != instanceID || s.InstanceStatus == nil {
			continue
		}
		c := instance.Check{Status: string(s.InstanceStatus.Status)}
		for _, d := range s.InstanceStatus.Details {
			if since := aws.ToTime(d.ImpairedSince); c.Since.IsZero() || !since.IsZero() && since.Before(c.Since) {
				c.Since = since
			}
		}
		return c, nil
	}
	return instance.Check{}, nil
}

// ping is when the agent was last heard of. Of two registrations of one instance the
// newer ping counts.
func (o Observer) ping(ctx context.Context, instanceID string) (time.Time, error) {
	out, err := o.SSM.DescribeInstanceInformation(ctx, &ssm.DescribeInstanceInformationInput{
		Filters: []ssmtypes.InstanceInformationStringFilter{
			{Key: aws.String("InstanceIds"), Values: []string{instanceID}},
			{Key: aws.String("ResourceType"), Values: []string{string(ssmtypes.ResourceTypeEc2Instance)}},
		},
	})
	if err != nil {
		return time.Time{}, err
	}
	var last time.Time
	for _, i := range out.InstanceInformationList {
		if at := aws.ToTime(i.LastPingDateTime); aws.ToString(i.InstanceId) == instanceID && at.After(last) {
			last = at
		}
	}
	return last, nil
}

type membership struct{ group, lifecycle string }

func (o Observer) membership(ctx context.Context, instanceID string) (membership, error) {
	out, err := o.Groups.DescribeAutoScalingInstances(ctx, &autoscaling.DescribeAutoScalingInstancesInput{InstanceIds: []string{instanceID}})
	if err != nil {
		return membership{}, err
	}
	for _, i := range out.AutoScalingInstances {
		if aws.ToString(i.InstanceId) == instanceID {
			return membership{group: aws.ToString(i.AutoScalingGroupName), lifecycle: aws.ToString(i.LifecycleState)}, nil
		}
	}
	return membership{}, nil
}
