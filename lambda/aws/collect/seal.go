package collect

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"crashcart/lambda/domain/dump"
)

// sealed is what a manifest holds when its case needs it no more. No script takes it.
const sealed = "{}\n"

// Seal takes the URLs out of a case's manifest, once nothing more is to be sent. The object
// is overwritten and not deleted: the function may put evidence, and may delete none. It may
// be called again.
func (s Store) Seal(ctx context.Context, caseID string) error {
	key := dump.ManifestKey(caseID)
	_, err := s.Objects.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &s.Bucket, Key: &key, Body: strings.NewReader(sealed), ContentType: aws.String("application/json"),
	})
	if err != nil {
		return fmt.Errorf("sealing %s: %w", key, err)
	}
	return nil
}
