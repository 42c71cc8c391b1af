package resolve_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"crashcart/lambda/aws/resolve"
	"crashcart/lambda/domain/trigger"
)

// agentPages is Systems Manager with pages of agents, each as old as it says.
type agentPages [][]time.Duration

func (p agentPages) DescribeInstanceInformation(_ context.Context, in *ssm.DescribeInstanceInformationInput, _ ...func(*ssm.Options)) (*ssm.DescribeInstanceInformationOutput, error) {
	n := 0
	if in.NextToken != nil {
		if _, err := fmt.Sscan(*in.NextToken, &n); err != nil {
			return nil, err
		}
	}
	out := &ssm.DescribeInstanceInformationOutput{}
	if len(in.Filters) > 0 || n >= len(p) {
		return out, nil
	}
	for i, age := range p[n] {
		out.InstanceInformationList = append(out.InstanceInformationList, types.InstanceInformation{
			InstanceId: aws.String(fmt.Sprintf("i-%08x", n*100+i)), LastPingDateTime: aws.Time(time.Now().Add(-age)),
		})
	}
	if n+1 < len(p) {
		out.NextToken = aws.String(fmt.Sprint(n + 1))
	}
	return out, nil
}

// A page of agents that are long lost says nothing about those that are not.
func TestALongListOfLostAgentsIsNeverTakenForASample(t *testing.T) {
	lost, recent := make([]time.Duration, 50), make([]time.Duration, 12)
	for i := range lost {
		lost[i] = 72 * time.Hour
	}
	for i := range recent {
		recent[i] = 10 * time.Minute
	}
	for name, c := range map[string]struct {
		pages  agentPages
		sample int
		known  bool
	}{
		"one page with enough":        {agentPages{recent, lost}, 12, true},
		"the second page has enough":  {agentPages{lost, recent, lost}, 62, true},
		"an empty page, then enough":  {agentPages{nil, recent}, 12, true},
		"a small account":             {agentPages{recent[:2]}, 2, true},
		"no agents at all":            {agentPages{nil}, 0, true},
		"lost ones without end":       {agentPages{lost, lost, lost, lost, lost, lost, recent}, 0, false},
		"lost ones, and then the end": {agentPages{lost, lost}, 100, true},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount(1)
			r := &resolve.Resolver{EC2: a, SSM: c.pages, AutoScaling: a, Now: time.Now, RegionLimit: 10}
			agents, err := r.First(t.Context(), []trigger.Ref{{Instance: "i-0a1b2c3d4e5f60718"}})[0].Agents.Get()
			if (err == nil) != c.known || len(agents) != c.sample {
				t.Errorf("a sample of %d, error %v; want %d, known %v", len(agents), err, c.sample, c.known)
			}
		})
	}
}
