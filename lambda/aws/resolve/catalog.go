package resolve

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

const (
	// catalogPageSize is the most that a page has ("DescribeTargetGroups", Elastic Load
	// Balancing API Reference).
	catalogPageSize = 400
	// catalogLife is how long target groups are remembered. It is shorter than the time
	// between two passes, so that the next pass finds a new one. What is registered in them
	// is asked for each time.
	catalogLife = 50 * time.Second
	// groupsAsked is of how many target groups of a VPC the health is asked for: a call
	// each.
	groupsAsked = 100
)

// catalog has the target groups of the Region whose targets can be instances, by ARN.
type catalog struct {
	groups map[string]types.TargetGroup
	at     time.Time // zero for one that was never read
}

// remembered gives the catalog, if it is young enough, and else an empty one.
func (r *Resolver) remembered() (c catalog, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.catalog.at.IsZero() || r.Now().Sub(r.catalog.at) >= catalogLife {
		return catalog{}, false
	}
	return r.catalog, true
}

// readCatalog asks for all target groups of the Region. They cannot be asked for by VPC.
func (r *Resolver) readCatalog(ctx context.Context) (catalog, error) {
	c := catalog{groups: map[string]types.TargetGroup{}, at: r.Now()}
	pages := elb.NewDescribeTargetGroupsPaginator(r.Targets.Balancers, &elb.DescribeTargetGroupsInput{PageSize: aws.Int32(catalogPageSize)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return catalog{}, fmt.Errorf("listing target groups: %w", err)
		}
		for _, g := range page.TargetGroups {
			if holdsInstances(g) {
				c.groups[aws.ToString(g.TargetGroupArn)] = g
			}
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.catalog = c
	return c, nil
}

// holdsInstances says whether the targets of a group can be instances: by their ids, or by
// their addresses.
func holdsInstances(g types.TargetGroup) bool {
	return g.TargetType == types.TargetTypeEnumInstance || g.TargetType == types.TargetTypeEnumIp
}

// of gives the ARNs of a VPC's target groups, in their order.
func (c catalog) of(vpc string) []string {
	return unique(slices.Collect(maps.Values(c.groups)), func(g types.TargetGroup) string {
		if aws.ToString(g.VpcId) != vpc {
			return ""
		}
		return aws.ToString(g.TargetGroupArn)
	})
}
