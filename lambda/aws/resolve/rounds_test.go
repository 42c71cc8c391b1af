package resolve_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"crashcart/lambda/domain/instance"
)

// rounds runs do and returns the calls that wait for AWS at the same time, round
// by round: a round ends when nothing goes on without an answer.
func rounds(t *testing.T, a *account, do func()) (all [][]string) {
	t.Helper()
	type call struct {
		name   string
		answer chan struct{}
	}
	var (
		mu      sync.Mutex
		waiting []call
	)
	synctest.Test(t, func(t *testing.T) {
		a.gate = func(name string) {
			c := call{name, make(chan struct{})}
			mu.Lock()
			waiting = append(waiting, c)
			mu.Unlock()
			<-c.answer
		}
		done := false
		go func() { do(); done = true }()
		for synctest.Wait(); !done; synctest.Wait() {
			round := waiting
			waiting = nil
			var names []string
			for _, c := range round {
				names = append(names, c.name)
				close(c.answer)
			}
			slices.Sort(names)
			all = append(all, names)
		}
	})
	a.gate = nil
	return all
}

// TestFactsCostNoMoreRoundsThanPromised counts the rounds before the claim: three, and one
// more where a target group may have it that nobody named. With claim and interrupt these are
// the five of docs/adr/0023-vitals.md.
func TestFactsCostNoMoreRoundsThanPromised(t *testing.T) {
	first := []string{"DescribeInstanceInformation", "DescribeInstanceStatus", "DescribeInstances"}
	second := []string{"DescribeInstanceAttribute", "DescribeInstanceStatus by id", "DescribeInstanceTypes", "GetMetricData"}
	for name, tt := range map[string]struct {
		prepare func(*account)
		warm    bool // it has read the target groups before
		more    []string
		then    [][]string
	}{
		"alone": {more: []string{"DescribeTargetGroups of all"}},
		"with volumes and neighbours": {
			prepare: func(a *account) { a.disk(id(0), "vol-1"); a.settle("subnet-1", id(0), id(1)) },
			more:    []string{"DescribeInstances of neighbours", "DescribeTargetGroups of all", "DescribeVolumes"},
			then:    [][]string{{"DescribeInstanceInformation"}},
		},
		"not behind the target group of its VPC": {
			prepare: func(a *account) { a.balance("instance", id(2)); a.settle("subnet-1", id(0), id(1)) },
			more:    []string{"DescribeInstances of neighbours", "DescribeTargetGroups of all"},
			then:    [][]string{{"DescribeInstanceInformation", "DescribeTargetHealth"}},
		},
		"not behind the target group, and that is remembered": {
			prepare: func(a *account) { a.balance("instance", id(2)); a.settle("subnet-1", id(0), id(1)) }, warm: true,
			more: []string{"DescribeInstances of neighbours", "DescribeTargetGroups of all", "DescribeTargetHealth"},
			then: [][]string{{"DescribeInstanceInformation"}},
		},
		"behind a target group": {
			prepare: func(a *account) { a.balance("instance", id(0), id(1)); a.settle("subnet-1", id(0), id(2)) },
			more:    []string{"DescribeInstances of neighbours", "DescribeTargetGroups of all"},
			then:    [][]string{{"DescribeInstanceInformation", "DescribeTargetHealth"}, {"DescribeInstanceInformation"}},
		},
		"behind a target group that is remembered": {
			prepare: func(a *account) { a.balance("instance", id(0), id(1)); a.settle("subnet-1", id(0), id(2)) }, warm: true,
			more: []string{"DescribeInstances of neighbours", "DescribeTargetGroups of all", "DescribeTargetHealth"},
			then: [][]string{{"DescribeInstanceInformation"}},
		},
		"in an Auto Scaling group": {
			prepare: func(a *account) { a.scale("web", id(0), id(1), id(2)) },
			more:    []string{"DescribeAutoScalingGroups"}, then: [][]string{{"DescribeInstanceInformation", "DescribeTargetGroups of all"}},
		},
		"in an Auto Scaling group without the target group of its VPC": {
			prepare: func(a *account) { a.scale("web", id(0), id(1)); a.balance("instance", id(0)) },
			more:    []string{"DescribeAutoScalingGroups"}, then: [][]string{{"DescribeInstanceInformation", "DescribeTargetGroups of all"}, {"DescribeTargetHealth"}},
		},
		"in an Auto Scaling group, and the target group of its VPC is remembered": {
			prepare: func(a *account) { a.scale("web", id(0), id(1)); a.balance("instance", id(0)) }, warm: true,
			more: []string{"DescribeAutoScalingGroups"}, then: [][]string{{"DescribeInstanceInformation", "DescribeTargetHealth"}},
		},
		"in an Auto Scaling group with a target group and neighbours": {
			prepare: func(a *account) {
				a.scale("web", id(0), id(1), id(2))
				a.balance("instance", id(0), id(1), id(2))
				a.behind("web", api)
				a.settle("subnet-1", id(0), id(1))
			},
			more: []string{"DescribeAutoScalingGroups", "DescribeInstances of neighbours"},
			then: [][]string{{"DescribeInstanceInformation", "DescribeTargetGroups", "DescribeTargetHealth"}},
		},
		"in a tag group": {
			prepare: func(a *account) { a.launch(id(0), "crashcart-group", "db"); a.launch(id(1), "crashcart-group", "db") },
			more:    []string{"DescribeInstances", "DescribeTargetGroups of all"}, then: [][]string{{"DescribeInstanceInformation"}},
		},
		"in a tag group, in the VPC of a target group": {
			prepare: func(a *account) {
				a.launch(id(0), "crashcart-group", "db")
				a.launch(id(1), "crashcart-group", "db")
				a.balance("instance", id(2))
			},
			more: []string{"DescribeInstances", "DescribeTargetGroups of all"}, then: [][]string{{"DescribeInstanceInformation", "DescribeTargetHealth"}},
		},
		"with its whole group": {
			prepare: func(a *account) { a.scale("web", id(0)) }, more: []string{"DescribeAutoScalingGroups"},
			then: [][]string{{"DescribeTargetGroups of all"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount(3)
			a.pageSize = 1000
			if tt.prepare != nil {
				tt.prepare(a)
			}
			r, second := a.resolver(), second
			if tt.warm {
				finish(t.Context(), r, r.First(t.Context(), refs(id(2))))
				second = slices.DeleteFunc(slices.Clone(second), func(call string) bool { return call == "DescribeInstanceTypes" })
			}
			var instances []*instance.Instance
			if got := rounds(t, a, func() { instances = r.First(context.Background(), refs(id(0))) }); !reflect.DeepEqual(got, [][]string{first}) {
				t.Errorf("the first round is %q, want %q", got, first)
			}
			want := append([][]string{slices.Sorted(slices.Values(slices.Concat(second, tt.more)))}, tt.then...)
			if got := rounds(t, a, func() { finish(context.Background(), r, instances) }); !reflect.DeepEqual(got, want) {
				t.Errorf("the other rounds are %q\nwant %q", got, want)
			}
		})
	}
}

func TestBatchCostsNoMoreRoundsThanOne(t *testing.T) {
	a := newAccount(450)
	a.pageSize = 1000
	got := rounds(t, a, func() { a.resolver().First(context.Background(), refs(numbered(450)...)) })
	if len(got) != 1 || len(got[0]) != 3+9+1 {
		t.Errorf("450 instances cost %d rounds: %q", len(got), got)
	}
}

func TestNothingIsKnownOnceTheContextIsOver(t *testing.T) {
	a := newAccount(2)
	a.scale("web", id(0), id(1))
	ctx, cancel := context.WithCancel(t.Context())
	r := a.resolver()
	instances := r.First(ctx, refs(id(0)))
	cancel()
	finish(ctx, r, instances)
	in := instances[0]
	known(t, in.Description)
	unknown(t, "the status", in.Status)
	unknown(t, "the type", in.Type)
	unknown(t, "the shutdown behaviour", in.Shutdown)
	unknown(t, "the group", in.Group)
	unknown(t, "the metrics", in.Metrics)
	unknown(t, "the target health", in.Targets)

	in = r.First(ctx, refs(id(0)))[0]
	unknown(t, "the description", in.Description)
	unknown(t, "the reachability", in.Unreachable)
	unknown(t, "the ping", in.Ping)
}

// Whatever call fails, on whichever page: what it was asked for reads as an
// error, and the rest as if nothing had happened.
func TestNoFactIsKnownAfterItsCallFailed(t *testing.T) {
	calls := map[string][]string{ // and the facts of an instance that need it
		"DescribeInstances":               {"Description", "Type", "Group", "Metrics", "Targets", "Neighbours"},
		"DescribeInstances of neighbours": {"Neighbours"},
		"DescribeInstanceStatus":          {"Unreachable", "Group"},
		"DescribeInstanceInformation":     {"Ping", "Group", "Neighbours"},
		"GetMetricData":                   {"Metrics"},
		"DescribeVolumes":                 {"Metrics"},
		"DescribeTargetGroups":            {"Targets", "Group"},
		"DescribeTargetHealth":            {"Targets", "Group"},
		"DescribeInstanceStatus by id":    {"Status"},
		"DescribeInstanceTypes":           {"Type"},
		"DescribeInstanceAttribute":       {"Shutdown"},
		"DescribeAutoScalingGroups":       {"Group", "Targets"},
	}
	for call, facts := range calls {
		for page := range 2 {
			if page == 1 && slices.Contains([]string{"DescribeInstanceAttribute", "DescribeTargetGroups", "DescribeTargetHealth"}, call) {
				continue // it has no pages
			}
			a := paging()
			reached := false
			a.fail = func(c string, _ []string, p int) error {
				if c == call && p == page {
					reached = true
					return errThrottled
				}
				return nil
			}
			ids := numbered(4)
			for _, in := range a.resolve(t, ids...) {
				for name, err := range errorsOf(in) {
					if want := slices.Contains(facts, name); (err != nil) != want {
						t.Errorf("page %d of %s failed: %s of %s has the error %v, want one: %v", page, call, name, in.ID, err, want)
					}
				}
			}
			if !reached {
				t.Errorf("page %d of %s was never asked for", page, call)
			}
		}
	}
}

// paging is an account in which four instances fill two pages of every answer.
func paging() *account {
	a := newAccount(8)
	for i := range 4 {
		a.scale([]string{"web", "api", "db", "mail"}[i], id(i), id(i+4))
		a.impair(id(i), noon)
		a.disk(id(i), fmt.Sprint("vol-", i))
		a.publish(idle(fmt.Sprint("vol-", i)), -10, 1, 1, 1)
		a.behind([]string{"web", "api", "db", "mail"}[i], api)
	}
	a.balance("instance", numbered(8)...)
	a.settle("subnet-1", numbered(4)...)
	a.pointsAPage = 4
	for i, name := range []string{"m7i.large", "c7i.large", "r7i.large", "t3.large"} {
		a.types[name] = nitro(name)
		in := a.instances[id(i)]
		in.InstanceType = a.types[name].InstanceType
		a.instances[id(i)] = in
	}
	return a
}

func errorsOf(in *instance.Instance) map[string]error {
	out := map[string]error{}
	_, out["Description"] = in.Description.Get()
	_, out["Unreachable"] = in.Unreachable.Get()
	_, out["Ping"] = in.Ping.Get()
	_, out["Status"] = in.Status.Get()
	_, out["Type"] = in.Type.Get()
	_, out["Shutdown"] = in.Shutdown.Get()
	_, out["Group"] = in.Group.Get()
	_, out["Metrics"] = in.Metrics.Get()
	_, out["Targets"] = in.Targets.Get()
	_, out["Neighbours"] = in.Neighbours.Get()
	return out
}
