package collect

import (
	"context"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"crashcart/lambda/aws/awserr"
	"crashcart/lambda/domain/dump"
)

// gone says that an upload is not there any more: completed, or aborted.
func gone(err error) bool { return awserr.Code(err) == "NoSuchUpload" }

// arrived are the parts of an upload that S3 has, by their number. A part of another size
// than planned has not arrived.
func (s Store) arrived(ctx context.Context, u dump.Upload) (map[int]types.CompletedPart, error) {
	planned := u.Parts()
	parts := map[int]types.CompletedPart{}
	in := &s3.ListPartsInput{Bucket: &s.Bucket, Key: &u.Key, UploadId: &u.ID}
	last := 0
	for {
		out, err := s.Objects.ListParts(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("listing the parts of %s: %w", u.Key, err)
		}
		for _, p := range out.Parts {
			n := int(aws.ToInt32(p.PartNumber))
			if n < 1 || n > len(planned) || aws.ToInt64(p.Size) != planned[n-1].Size {
				continue
			}
			parts[n] = types.CompletedPart{PartNumber: p.PartNumber, ETag: p.ETag}
		}
		if !aws.ToBool(out.IsTruncated) {
			return parts, nil
		}
		next, err := strconv.Atoi(aws.ToString(out.NextPartNumberMarker))
		if err != nil || next <= last {
			return nil, fmt.Errorf("listing the parts of %s: the page after part %d begins after part %q", u.Key, last, aws.ToString(out.NextPartNumberMarker))
		}
		last, in.PartNumberMarker = next, out.NextPartNumberMarker
	}
}
