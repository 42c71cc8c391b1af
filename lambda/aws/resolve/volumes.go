package resolve

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"crashcart/lambda/domain/fact"
)

// shared asks which EBS volumes can be attached to several instances. What is written on
// such a volume may be another host's. It asks by filter: asked by id, one volume that is
// gone would fail the call.
func (r *Resolver) shared(ctx context.Context, volumes []string) map[string]fact.Of[bool] {
	return inChunks(volumes, filterValues, func(chunk []string) (map[string]bool, error) {
		found := map[string]bool{}
		pages := ec2.NewDescribeVolumesPaginator(r.Volumes, &ec2.DescribeVolumesInput{
			Filters: []types.Filter{filter("volume-id", chunk...)}, IncludeManagedResources: aws.Bool(true),
		})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, fmt.Errorf("describing volumes: %w", err)
			}
			for _, v := range page.Volumes {
				found[aws.ToString(v.VolumeId)] = aws.ToBool(v.MultiAttachEnabled)
			}
		}
		return found, nil
	}, func() fact.Of[bool] { return fact.Failed[bool](errors.New("EC2 does not know one of its volumes")) })
}
