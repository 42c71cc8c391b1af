package resolve

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/instance"
)

// pingIDs is how many ids one request takes, and how many agents a page has
// ("DescribeInstanceInformation", AWS Systems Manager API Reference: 50).
const pingIDs = 50

// pings asks Systems Manager when each agent was last heard of.
func (r *Resolver) pings(ctx context.Context, ids []string) map[string]fact.Of[instance.Ping] {
	return inChunks(ids, pingIDs, func(chunk []string) (map[string]instance.Ping, error) {
		found := map[string]instance.Ping{}
		pages := ssm.NewDescribeInstanceInformationPaginator(r.SSM, &ssm.DescribeInstanceInformationInput{
			Filters:    []ssmtypes.InstanceInformationStringFilter{{Key: aws.String("InstanceIds"), Values: chunk}},
			MaxResults: aws.Int32(pingIDs),
		})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, fmt.Errorf("asking for the agents' pings: %w", err)
			}
			for _, i := range page.InstanceInformationList {
				// Of two registrations of one instance the newer ping counts: it proves life.
				id, at := aws.ToString(i.InstanceId), aws.ToTime(i.LastPingDateTime)
				if before, twice := found[id]; !twice || at.After(before.At) {
					found[id] = instance.Ping{At: at}
				}
			}
		}
		return found, nil
	}, func() fact.Of[instance.Ping] { return fact.Known(instance.Ping{}) })
}

const (
	// enoughAgents is how many agents heard of lately make a sample.
	enoughAgents = 10
	// agentPages bounds the search for them in a Region full of agents long gone.
	agentPages = 5
	// heardLately is the widest window in which the guard compares agents.
	heardLately = 40 * time.Minute
)

// agents asks for any agents of the Region, until enough of them were heard of lately:
// mostly one page. When the list goes on and too few were, there is no answer.
func (r *Resolver) agents(ctx context.Context) fact.Of[instance.Agents] {
	sample, pages := instance.Agents{}, ssm.NewDescribeInstanceInformationPaginator(r.SSM, &ssm.DescribeInstanceInformationInput{MaxResults: aws.Int32(pingIDs)})
	for n := 0; pages.HasMorePages() && heard(sample, r.Now()) < enoughAgents; n++ {
		if n == agentPages {
			return fact.Failed[instance.Agents](fmt.Errorf("too few of the first %d pages of agents were heard of lately", agentPages))
		}
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fact.Failed[instance.Agents](fmt.Errorf("asking for other agents' pings: %w", err))
		}
		for _, i := range page.InstanceInformationList {
			id, at := aws.ToString(i.InstanceId), aws.ToTime(i.LastPingDateTime)
			if strings.HasPrefix(id, "i-") && at.After(sample[id]) { // "mi-" is a machine that is not in EC2
				sample[id] = at
			}
		}
	}
	return fact.Known(sample)
}

// heard counts the agents that were heard of lately.
func heard(a instance.Agents, now time.Time) int {
	n := 0
	for _, at := range a {
		if now.Sub(at) <= heardLately {
			n++
		}
	}
	return n
}
