package resolve_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"crashcart/lambda/domain/instance"
)

// profile gives instances an instance profile.
func (a *account) profile(arn string, ids ...string) {
	for _, id := range ids {
		a.change(id, func(i *types.Instance) { i.IamInstanceProfile = &types.IamInstanceProfile{Arn: &arn} })
	}
}

func TestNeighboursShareTheSubnetOrTheProfileAndRun(t *testing.T) {
	a := newAccount(7)
	minute := noon.Add(-time.Minute)
	a.settle("subnet-1", id(0), id(1), id(2), id(5))
	a.settle("subnet-2", id(3), id(4), id(6))
	a.profile("arn:web", id(0), id(3))
	a.profile("arn:db", id(4))
	a.change(id(2), func(i *types.Instance) { i.State.Name = types.InstanceStateNameStopped })
	a.launch(id(7)) // has no agent
	a.settle("subnet-1", id(7))
	a.launch(id(8)) // is in no subnet
	for n, want := range map[int]instance.Neighbours{
		0: {id(1): minute, id(5): minute, id(3): minute},
		1: {id(0): minute, id(5): minute},
		4: {id(3): minute, id(6): minute},
		8: {},
	} {
		if got := known(t, a.resolve(t, id(n))[0].Neighbours); !reflect.DeepEqual(got, want) {
			t.Errorf("the neighbours of %d are %v, want %v", n, got, want)
		}
	}
}

// An agent outside EC2 is no neighbour, and neither does it stand for one.
func TestAMachineOutsideEC2IsNeverHeard(t *testing.T) {
	a := newAccount(1)
	a.launch(id(1))
	a.settle("subnet-1", id(0), id(1))
	a.ping(id(1), noon)
	a.agents[len(a.agents)-1].ResourceType = ssmtypes.ResourceTypeManagedInstance
	if got := known(t, a.resolve(t, id(0))[0].Neighbours); len(got) != 0 {
		t.Errorf("the neighbours are %v", got)
	}
}

func TestNeighboursAreAFixedSampleOfEachKind(t *testing.T) {
	a := newAccount(300)
	a.pageSize = 1000
	a.settle("subnet-1", numbered(300)[:150]...)
	a.profile("arn:web", append(numbered(300)[150:], id(0))...)
	first := known(t, a.resolve(t, id(0))[0].Neighbours)
	if len(first) != 100 || !first[id(1)].Equal(noon.Add(-time.Minute)) {
		t.Errorf("%d neighbours", len(first))
	}
	if _, itself := first[id(0)]; itself {
		t.Error("it is its own neighbour")
	}
	for range 3 {
		if again := known(t, a.resolve(t, id(0))[0].Neighbours); !reflect.DeepEqual(again, first) {
			t.Errorf("another sample: %v", again)
		}
	}
}

// What was not read may be the whole subnet, and silent.
func TestACutListOfNeighboursNeverCountsAsAll(t *testing.T) {
	for _, tt := range []struct {
		others int // in its own subnet, which the list comes to last
		crowd  int // in the other subnet of the batch
		page   int // how many instances EC2 gives at once, whatever is asked for
		known  bool
		pages  int
	}{
		{others: 3, crowd: 4, page: 100, known: true, pages: 1},
		{others: 60, crowd: 100, page: 100, known: true, pages: 2},
		{others: 3, crowd: 60, page: 5, known: true, pages: 13},
		{others: 3, crowd: 1990, page: 1000, known: true, pages: 2},
		{others: 3, crowd: 1999, page: 1000, pages: 2},
		{others: 3, crowd: 300, page: 5, pages: 20},
		{others: 300, crowd: 0, page: 100, known: true, pages: 1},
	} {
		t.Run(fmt.Sprint(tt), func(t *testing.T) {
			a := newAccount(tt.crowd + tt.others + 1)
			a.pageSize = tt.page
			ids := numbered(tt.crowd + tt.others + 1)
			a.settle("subnet-1", ids[:tt.crowd]...)
			a.settle("subnet-2", ids[tt.crowd:]...)
			asked := []string{ids[len(ids)-1]}
			if tt.crowd > 0 {
				asked = append(asked, ids[0])
			}
			got := a.resolve(t, asked...)[0].Neighbours
			if v, err := got.Get(); (err == nil) != tt.known || tt.known && len(v) != min(tt.others, 50) {
				t.Errorf("%d neighbours, %v", len(v), err)
			}
			if n := a.countPages("DescribeInstances of neighbours"); n != tt.pages {
				t.Errorf("%d pages", n)
			}
		})
	}
}

// A description is some kilobytes, and a subnet may have thousands of instances.
func TestASampleNeverCostsTheWholeSubnet(t *testing.T) {
	for subnets, want := range map[int]int32{1: 100, 2: 200, 9: 900, 10: 1000, 11: 1000, 150: 1000} {
		a := newAccount(subnets)
		a.pageSize = 1000
		for n, i := range numbered(subnets) {
			a.settle(fmt.Sprint("subnet-", n), i)
		}
		for _, in := range a.resolve(t, numbered(subnets)...) {
			known(t, in.Neighbours)
		}
		if !reflect.DeepEqual(a.neighbourPages, []int32{want}) {
			t.Errorf("pages of %d for %d subnets, want one of %d", a.neighbourPages, subnets, want)
		}
	}
}

// Pings are asked for once, though an instance is a member, a neighbour and a target.
func TestOnePingServesMembersAndNeighbours(t *testing.T) {
	a := newAccount(40)
	a.pageSize = 1000
	a.scale("web", numbered(40)...)
	a.settle("subnet-1", numbered(40)...)
	a.profile("arn:web", numbered(40)...)
	in := a.resolve(t, id(0), id(1))[0]
	if n, m := len(known(t, in.Neighbours)), len(known(t, in.Group).Members); n != 39 || m != 40 {
		t.Errorf("%d neighbours, %d members", n, m)
	}
	if n := a.count("DescribeInstanceInformation"); n != 2 {
		t.Errorf("%d calls for pings, the first round's among them", n)
	}
}

func TestOneNeighbourWithoutAnAnswerMakesThemUnknown(t *testing.T) {
	a := newAccount(130)
	a.pageSize = 1000
	a.settle("subnet-1", numbered(60)...)
	a.profile("arn:web", append(numbered(130)[60:], id(0))...)
	a.fail = func(call string, about []string, _ int) error {
		if call == "DescribeInstanceInformation" && strings.Contains(strings.Join(about, " "), id(109)) {
			return errThrottled
		}
		return nil
	}
	unknown(t, "the neighbours", a.resolve(t, id(0))[0].Neighbours)
}
