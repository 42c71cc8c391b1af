package observe_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"crashcart/lambda/aws/observe"
	"crashcart/lambda/domain/instance"
)

const (
	host  = "i-0a1b2c3d4e5f60718"
	other = "i-0a1b2c3d4e5f60719"
)

var (
	dawn      = time.Date(2026, time.March, 2, 4, 5, 6, 0, time.UTC)
	errOutage = errors.New("no answer")
)

// account answers for two instances. fail names the calls that do not answer.
type account struct {
	fail map[string]bool
	gone bool
}

// ask says how a call ends.
func (a account) ask(name string) error {
	if a.fail[name] {
		return errOutage
	}
	return nil
}

func (a account) DescribeInstances(_ context.Context, in *ec2.DescribeInstancesInput, _ ...func(*ec2.Options)) (*ec2.DescribeInstancesOutput, error) {
	if len(in.InstanceIds) > 0 || len(in.Filters) != 1 || !aws.ToBool(in.IncludeManagedResources) {
		return nil, errors.New("InvalidInstanceID.NotFound: asked by id")
	}
	if a.gone {
		return &ec2.DescribeInstancesOutput{}, a.ask("instance")
	}
	one := func(id string, state types.InstanceStateName) types.Instance {
		return types.Instance{
			InstanceId: &id, State: &types.InstanceState{Name: state}, LaunchTime: aws.Time(dawn), Platform: "windows", // as EC2 spells it
			StateReason: &types.StateReason{Code: aws.String("Client.UserInitiatedShutdown")}, StateTransitionReason: aws.String("User initiated"),
		}
	}
	return &ec2.DescribeInstancesOutput{Reservations: []types.Reservation{
		{Instances: []types.Instance{one(other, types.InstanceStateNameTerminated), one(host, types.InstanceStateNameStopped)}},
	}}, a.ask("instance")
}

func (a account) DescribeInstanceStatus(context.Context, *ec2.DescribeInstanceStatusInput, ...func(*ec2.Options)) (*ec2.DescribeInstanceStatusOutput, error) {
	since := func(d time.Duration) types.InstanceStatusDetails {
		return types.InstanceStatusDetails{ImpairedSince: aws.Time(dawn.Add(d))}
	}
	return &ec2.DescribeInstanceStatusOutput{InstanceStatuses: []types.InstanceStatus{
		{InstanceId: aws.String(other), InstanceStatus: &types.InstanceStatusSummary{Status: types.SummaryStatusOk}},
		{InstanceId: aws.String(host), InstanceStatus: &types.InstanceStatusSummary{
			Status: types.SummaryStatusImpaired, Details: []types.InstanceStatusDetails{since(2 * time.Minute), since(time.Minute)},
		}},
	}}, a.ask("check")
}

func (a account) DescribeInstanceInformation(context.Context, *ssm.DescribeInstanceInformationInput, ...func(*ssm.Options)) (*ssm.DescribeInstanceInformationOutput, error) {
	ping := func(id string, d time.Duration) ssmtypes.InstanceInformation {
		return ssmtypes.InstanceInformation{InstanceId: &id, LastPingDateTime: aws.Time(dawn.Add(d))}
	}
	return &ssm.DescribeInstanceInformationOutput{InstanceInformationList: []ssmtypes.InstanceInformation{
		ping(host, time.Hour), ping(host, time.Minute), ping(other, 5*time.Hour),
	}}, a.ask("ping")
}

func (a account) DescribeAutoScalingInstances(context.Context, *autoscaling.DescribeAutoScalingInstancesInput, ...func(*autoscaling.Options)) (*autoscaling.DescribeAutoScalingInstancesOutput, error) {
	return &autoscaling.DescribeAutoScalingInstancesOutput{AutoScalingInstances: []astypes.AutoScalingInstanceDetails{
		{InstanceId: aws.String(other), AutoScalingGroupName: aws.String("api"), LifecycleState: aws.String("InService")},
		{InstanceId: aws.String(host), AutoScalingGroupName: aws.String("web"), LifecycleState: aws.String("Standby")},
	}}, a.ask("group")
}

func look(t *testing.T, a account) (observe.Host, error) {
	t.Helper()
	return observe.Observer{EC2: a, SSM: a, Groups: a}.Look(t.Context(), host)
}

// whole is all that the account knows of the host, and nothing of the other.
var whole = observe.Host{
	Known: true, State: "stopped", Reason: "Client.UserInitiatedShutdown", Launched: dawn, Windows: true,
	Check: instance.Check{Status: "impaired", Since: dawn.Add(time.Minute)}, Ping: dawn.Add(time.Hour),
	Grouped: true, Group: "web", Lifecycle: "Standby",
}

func TestWhatIsKnownOfTheHostIsNeverAnothers(t *testing.T) {
	if got, err := look(t, account{}); err != nil || got != whole {
		t.Errorf("%+v, %v, want\n%+v", got, err, whole)
	}
}

func TestWhatDidNotAnswerIsLeftOutAndSaidAndTheRestIsKept(t *testing.T) {
	without := map[string]func(*observe.Host){
		"instance": func(h *observe.Host) {
			h.Known, h.State, h.Reason, h.Launched, h.Windows = false, "", "", time.Time{}, false
		},
		"check": func(h *observe.Host) { h.Check = instance.Check{} },
		"ping":  func(h *observe.Host) { h.Ping = time.Time{} },
		"group": func(h *observe.Host) { h.Grouped, h.Group, h.Lifecycle = false, "", "" },
	}
	for name, leave := range without {
		want := whole
		leave(&want)
		got, err := look(t, account{fail: map[string]bool{name: true}})
		if got != want || !errors.Is(err, errOutage) || strings.Count(err.Error(), "\n") != 0 {
			t.Errorf("%s: %+v, %v, want\n%+v", name, got, err, want)
		}
	}
}

func TestAnInstanceThatIsGoneIsKnownToBeGone(t *testing.T) {
	got, err := look(t, account{gone: true})
	if err != nil || !got.Known || got.State != "" || !got.Launched.IsZero() {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestACallThatNeverReturnsNeverKeepsTheOthersWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		defer close(hang)
		began := time.Now()
		got, err := observe.Observer{EC2: deaf{account{}, hang}, SSM: account{}, Groups: account{}}.Look(t.Context(), host)
		if took := time.Since(began); took != observe.Bound || err == nil || !got.Known || got.Check.Status != "" || got.Group != "web" {
			t.Errorf("after %s: %+v, %v", took, got, err)
		}
	})
}

// deaf never answers for the status check, and does not hear that it should end.
type deaf struct {
	account
	hang chan struct{}
}

func (d deaf) DescribeInstanceStatus(context.Context, *ec2.DescribeInstanceStatusInput, ...func(*ec2.Options)) (*ec2.DescribeInstanceStatusOutput, error) {
	<-d.hang
	return nil, errOutage
}
