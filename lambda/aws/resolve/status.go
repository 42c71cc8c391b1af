package resolve

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/instance"
)

// unreachable lists the Region's instances whose reachability check fails. It stops
// when there are so many that the guard will refuse everything anyway.
func (r *Resolver) unreachable(ctx context.Context) fact.Of[instance.Unreachable] {
	u := instance.Unreachable{Region: map[string]time.Time{}}
	pages := ec2.NewDescribeInstanceStatusPaginator(r.EC2, &ec2.DescribeInstanceStatusInput{
		Filters:                 []types.Filter{filter("instance-status.status", string(types.SummaryStatusImpaired))},
		IncludeManagedResources: aws.Bool(true),
		MaxResults:              aws.Int32(statusPageSize),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fact.Failed[instance.Unreachable](fmt.Errorf("listing unreachable instances: %w", err))
		}
		for _, s := range page.InstanceStatuses {
			u.Region[aws.ToString(s.InstanceId)] = check(s.InstanceStatus).Since
		}
		if u.Lately(r.Now()) > r.RegionLimit && pages.HasMorePages() {
			u.Cut = true
			break
		}
	}
	return fact.Known(u)
}

// statuses asks for everything that AWS's status checks say.
func (r *Resolver) statuses(ctx context.Context, ids []string) map[string]fact.Of[instance.Status] {
	return inChunks(ids, statusIDs, func(chunk []string) (map[string]instance.Status, error) {
		found := map[string]instance.Status{}
		pages := ec2.NewDescribeInstanceStatusPaginator(r.EC2, &ec2.DescribeInstanceStatusInput{
			InstanceIds: chunk, IncludeManagedResources: aws.Bool(true),
		})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, fmt.Errorf("asking for the instance status: %w", err)
			}
			for _, s := range page.InstanceStatuses {
				found[aws.ToString(s.InstanceId)] = status(s)
			}
		}
		return found, nil
	}, func() fact.Of[instance.Status] {
		return fact.Failed[instance.Status](errors.New("AWS has no status of it, as of an instance that does not run"))
	})
}

func status(s types.InstanceStatus) instance.Status {
	out := instance.Status{Instance: check(s.InstanceStatus), System: check(s.SystemStatus)}
	if s.AttachedEbsStatus != nil {
		out.EBS.Status = string(s.AttachedEbsStatus.Status)
	}
	if s.ApplicationStatus != nil {
		out.Application = instance.Check{Status: string(s.ApplicationStatus.Status), Since: aws.ToTime(s.ApplicationStatus.ImpairedSince)}
	}
	for _, e := range s.Events {
		out.Events = append(out.Events, instance.Event{
			Code: string(e.Code), Description: aws.ToString(e.Description),
			NotBefore: aws.ToTime(e.NotBefore), NotAfter: aws.ToTime(e.NotAfter),
		})
	}
	return out
}

func check(s *types.InstanceStatusSummary) instance.Check {
	if s == nil {
		return instance.Check{}
	}
	c := instance.Check{Status: string(s.Status)}
	for _, d := range s.Details {
		c.Since = earliest(c.Since, d.ImpairedSince)
	}
	return c
}

func earliest(a time.Time, b *time.Time) time.Time {
	if b == nil || (!a.IsZero() && a.Before(*b)) {
		return a
	}
	return *b
}
