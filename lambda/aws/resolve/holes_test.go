package resolve_test

import (
	"errors"
	"reflect"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/instance"
)

// withHoles is an account of which AWS says little: the SDK has pointers
// everywhere, and AWS leaves out what it does not know.
func withHoles() *account {
	a := newAccount(1)
	a.pageSize = 100
	a.scale("web", id(0))
	a.scale("holes")
	a.instances["no id"] = types.Instance{Tags: []types.Tag{{Key: aws.String("crashcart-group"), Value: aws.String("db")}}, State: &types.InstanceState{Name: "running"}}
	a.instances[id(1)] = types.Instance{InstanceId: aws.String(id(1)), Tags: []types.Tag{{}, {Key: aws.String("crashcart")}}}
	a.launch(id(2), "crashcart-group", "db")
	a.instances[id(3)] = types.Instance{
		InstanceId: aws.String(id(3)), InstanceType: "bare", State: &types.InstanceState{}, Operator: &types.OperatorResponse{},
		Tags: []types.Tag{{Key: aws.String("aws:autoscaling:groupName"), Value: aws.String("holes")}},
	}
	a.types["bare"] = types.InstanceTypeInfo{InstanceType: "bare"}
	a.types["no name"] = types.InstanceTypeInfo{}
	a.statuses[id(1)] = types.InstanceStatus{InstanceId: aws.String(id(1)), Events: []types.InstanceStatusEvent{{}}, InstanceStatus: &types.InstanceStatusSummary{Status: "impaired", Details: []types.InstanceStatusDetails{{}}}}
	a.statuses["no id"] = types.InstanceStatus{InstanceStatus: &types.InstanceStatusSummary{}}
	a.agents = append(a.agents, ssmtypes.InstanceInformation{ResourceType: "EC2Instance"}, ssmtypes.InstanceInformation{InstanceId: aws.String(id(1)), ResourceType: "EC2Instance"})
	holes := a.groups["holes"]
	holes.Instances = []asgtypes.Instance{{}, {InstanceId: aws.String(id(3))}}
	a.groups["holes"], a.groups["no name"] = holes, asgtypes.AutoScalingGroup{}
	return a
}

func TestAnswersWithHolesNeverPanic(t *testing.T) {
	got := withHoles().resolve(t, id(0), id(1), id(2), id(3), "")
	if d := known(t, got[1].Description); !reflect.DeepEqual(d, instance.Description{Exists: true}) {
		t.Errorf("an instance of which only the id is known is %+v", d)
	}
	if p := known(t, got[1].Ping); !p.At.IsZero() {
		t.Errorf("an agent that never reported pinged at %s", p.At)
	}
	if u := known(t, got[1].Unreachable); !u.Failing || !u.Since.IsZero() {
		t.Errorf("a failed check without a time is %+v", u)
	}
	unknown(t, "the type that EC2 did not say", got[1].Type)
	if g := known(t, got[2].Group); len(g.Members) != 1 {
		t.Errorf("the tag group has %+v", g.Members)
	}
	if v := known(t, got[3].Type); !reflect.DeepEqual(v, instance.Type{}) {
		t.Errorf("a type of which only the name is known is %+v", v)
	}
	if err := unknown(t, "a group with a member that has no id", got[3].Group); errors.Is(err, fact.ErrNotAsked) {
		t.Error("that group looks as if nobody had asked for it")
	}
}

func TestRefWithoutAnInstanceKnowsNothing(t *testing.T) {
	for name, err := range errorsOf(withHoles().resolve(t, "")[0]) {
		if err == nil && name != "Unreachable" { // which is the Region's
			t.Errorf("%s of a ref without an instance reads as known", name)
		}
	}
}
