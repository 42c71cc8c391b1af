package resolve

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/instance"
)

// pingIDs is how many ids one request takes, and how many agents a page has
// ("DescribeInstanceInformation", AWS Systems Manager API Reference: 50).
const pingIDs = 50

// pings asks Systems Manager when each agent was last heard of. Agents outside EC2 are left
// out. Only filters by tag cannot be combined with others (same page).
func (r *Resolver) pings(ctx context.Context, ids []string) map[string]fact.Of[instance.Ping] {
	return inChunks(ids, pingIDs, func(chunk []string) (map[string]instance.Ping, error) {
		found := map[string]instance.Ping{}
		pages := ssm.NewDescribeInstanceInformationPaginator(r.SSM, &ssm.DescribeInstanceInformationInput{
			Filters: []ssmtypes.InstanceInformationStringFilter{
				{Key: aws.String("InstanceIds"), Values: chunk},
				{Key: aws.String("ResourceType"), Values: []string{string(ssmtypes.ResourceTypeEc2Instance)}},
			},
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
