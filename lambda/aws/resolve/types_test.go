package resolve_test

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"crashcart/lambda/aws/resolve"
	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/instance"
)

func TestTypesAreAskedForOnceUnlessThatFailed(t *testing.T) {
	a := newAccount(2)
	a.change(id(1), func(i *types.Instance) { i.InstanceType = "x9.unheard-of" })
	broken := true
	a.fail = func(call string, _ []string, _ int) error {
		if broken && call == "DescribeInstanceTypes" {
			return errThrottled
		}
		return nil
	}
	r := a.resolver()
	typeOf := func(id string, asks int) fact.Of[instance.Type] {
		t.Helper()
		before := a.count("DescribeInstanceTypes")
		instances := r.First(t.Context(), refs(id))
		finish(t.Context(), r, instances)
		if n := a.count("DescribeInstanceTypes") - before; n != asks {
			t.Errorf("types were asked for %d times, want %d", n, asks)
		}
		return instances[0].Type
	}
	unknown(t, "a type whose call failed", typeOf(id(0), 1))
	broken = false
	want := instance.Type{Hypervisor: "nitro", Architectures: []string{"x86_64"}}
	for _, asks := range []int{1, 0, 0} {
		if got := known(t, typeOf(id(0), asks)); !reflect.DeepEqual(got, want) {
			t.Errorf("the type is %+v, want %+v", got, want)
		}
	}
	for range 2 {
		unknown(t, "a type that EC2 does not know", typeOf(id(1), 1))
	}
}

func TestBareMetalHasNoHypervisor(t *testing.T) {
	a := newAccount(1)
	a.types["m7i.metal-24xl"] = types.InstanceTypeInfo{InstanceType: "m7i.metal-24xl", BareMetal: aws.Bool(true)}
	a.change(id(0), func(i *types.Instance) { i.InstanceType = "m7i.metal-24xl" })
	if got := known(t, a.resolve(t, id(0))[0].Type); !reflect.DeepEqual(got, instance.Type{BareMetal: true}) {
		t.Errorf("the type is %+v", got)
	}
}

// A Resolver may be made without New, as long as it has its clients.
func TestResolverNeedsNoConstructor(t *testing.T) {
	a := newAccount(1)
	r := &resolve.Resolver{
		EC2: a, Volumes: a, SSM: a, CloudWatch: a, AutoScaling: a, Targets: resolve.Targets{Balancers: a, Interfaces: a},
		Now: func() time.Time { return noon },
	}
	instances := r.First(t.Context(), refs(id(0)))
	finish(t.Context(), r, instances)
	known(t, instances[0].Type)
	finish(t.Context(), r, nil)
	if got := r.First(t.Context(), nil); len(got) != 0 {
		t.Errorf("no refs gave %v", got)
	}
}

func TestShutdownBehaviourThatEC2DoesNotSayIsUnknown(t *testing.T) {
	a := newAccount(1)
	a.shutdown[id(0)] = "-"
	unknown(t, "the shutdown behaviour", a.resolve(t, id(0))[0].Shutdown)
}

func TestFactWithoutAValueIsNeverRead(t *testing.T) {
	unknown(t, "a fact that nobody asked for", fact.Of[string]{})
	unknown(t, "a failure that says nothing", fact.Failed[string](nil))
	if err := unknown(t, "a failure", fact.Failed[string](errThrottled)); !errors.Is(err, errThrottled) {
		t.Errorf("the error is %v", err)
	}
	if v := known(t, fact.Known("")); v != "" {
		t.Errorf("an empty value reads %q", v)
	}
}
