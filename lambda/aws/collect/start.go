package collect

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"crashcart/lambda/domain/dump"
)

// cleanup is how long the end of what was begun in vain may take. Its context is its own:
// the caller's may be what has ended.
const cleanup = 5 * time.Second

// Start opens an upload for each file of a survey, as far as limit bytes go. The collection
// names the files that do not come, with the reason.
//
// When an upload cannot be opened, those before it are aborted. What a function that is
// killed leaves open costs nothing but the bucket's rule for unfinished uploads.
func (s Store) Start(ctx context.Context, caseID string, survey dump.Survey, limit int64) (dump.Collection, error) {
	chosen, left := dump.Choose(survey.Files, limit)
	c := dump.Collection{CaseID: caseID, Left: left}
	for i, f := range chosen {
		u, err := s.open(ctx, dump.Key(caseID, i, f), f)
		if err != nil {
			return dump.Collection{}, errors.Join(fmt.Errorf("opening an upload for %s: %w", f.Path, err), s.undo(ctx, c))
		}
		c.Uploads = append(c.Uploads, u)
	}
	return c, nil
}

func (s Store) open(ctx context.Context, key string, f dump.File) (dump.Upload, error) {
	size, err := dump.Cut(f.Size)
	if err != nil {
		return dump.Upload{}, err
	}
	out, err := s.Uploads.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{
		Bucket: &s.Bucket, Key: &key, ContentType: aws.String("application/octet-stream"), // the guest's bytes, as they are
	})
	if err != nil {
		return dump.Upload{}, err
	}
	return dump.Upload{File: f, Key: key, ID: aws.ToString(out.UploadId), PartSize: size}, nil
}

// undo aborts the uploads of a collection that does not come about.
func (s Store) undo(ctx context.Context, c dump.Collection) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanup)
	defer cancel()
	var problems []error
	for _, u := range c.Uploads {
		problems = append(problems, s.abort(ctx, u))
	}
	return errors.Join(problems...)
}

func (s Store) abort(ctx context.Context, u dump.Upload) error {
	_, err := s.Uploads.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &s.Bucket, Key: &u.Key, UploadId: &u.ID})
	if err != nil && !gone(err) {
		return fmt.Errorf("aborting the upload of %s: %w", u.Key, err)
	}
	return nil
}
