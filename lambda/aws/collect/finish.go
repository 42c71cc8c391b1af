package collect

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"crashcart/lambda/aws/awserr"
	"crashcart/lambda/domain/dump"
)

// Finish ends the uploads that a report has something final about. One is completed when
// its file was sent to its end, unchanged, and S3 lists every part of it. One whose file
// has changed is aborted: its parts are of two files. What has arrived of one that is gone, or
// cannot be read, stays. All others stay open, with all that has arrived.
//
// The collection that comes back is the one to keep, also beside an error. One upload that
// fails does not keep the others from their end.
func (s Store) Finish(ctx context.Context, c dump.Collection, r dump.Report) (dump.Collection, error) {
	c = clone(c)
	var problems []error
	for i := range c.Uploads {
		u := &c.Uploads[i]
		sent, told := r.File(u.File.Path)
		if !u.Open() || !told {
			continue
		}
		switch {
		case sent.State == dump.StateSent:
			problems = append(problems, s.complete(ctx, u, sent.SHA256))
		case sent.State == dump.StateGone || sent.State == dump.StateUnread:
			u.Lost = unfinished(*u, "the host says that the file is "+string(sent.State))
		case !sent.State.Again():
			problems = append(problems, s.lose(ctx, u, "the host says that the file is "+string(sent.State)))
		}
	}
	return c, errors.Join(problems...)
}

// complete makes an upload its object, if all parts are there.
func (s Store) complete(ctx context.Context, u *dump.Upload, sum string) error {
	there, err := s.arrived(ctx, *u)
	if gone(err) {
		return s.settle(ctx, u, sum)
	}
	if err != nil {
		return err
	}
	planned := u.Parts()
	u.Arrived = len(there)
	if len(there) < len(planned) {
		return nil // the host says more than S3 has: the next manifest asks for the rest
	}
	parts := make([]types.CompletedPart, len(planned))
	for i, p := range planned {
		parts[i] = there[p.Number]
	}
	_, err = s.Uploads.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: &s.Bucket, Key: &u.Key, UploadId: &u.ID, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
	})
	if gone(err) {
		return s.settle(ctx, u, sum)
	}
	if err != nil {
		return fmt.Errorf("completing the upload of %s: %w", u.Key, err)
	}
	u.Done, u.SHA256 = true, sum
	return nil
}

// settle is resolve for an upload whose sum is known.
func (s Store) settle(ctx context.Context, u *dump.Upload, sum string) error {
	if err := s.resolve(ctx, u); err != nil {
		return err
	}
	if u.Done {
		u.SHA256 = sum
	}
	return nil
}

// resolve finds out what became of an upload that S3 does not know any more. Whoever
// completed it may have lost the answer; then its object is there.
func (s Store) resolve(ctx context.Context, u *dump.Upload) error {
	out, err := s.Objects.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.Bucket, Key: &u.Key})
	switch {
	case err == nil && aws.ToInt64(out.ContentLength) == u.File.Size:
		u.Done = true
	case err == nil:
		u.Lost = fmt.Sprintf("the object has %d bytes, and the file has %d", aws.ToInt64(out.ContentLength), u.File.Size)
	case awserr.Code(err) == "NotFound" || awserr.Code(err) == "NoSuchKey":
		u.Lost = "its upload was aborted by somebody else"
	default:
		return fmt.Errorf("looking for %s: %w", u.Key, err)
	}
	return nil
}

func (s Store) lose(ctx context.Context, u *dump.Upload, why string) error {
	if err := s.abort(ctx, *u); err != nil {
		return err
	}
	u.Lost = why
	return nil
}

// Abandon ends the wait for the uploads that are open, with the reason as a part of a
// sentence. They are not aborted: what has arrived of them stays in the bucket as an
// unfinished upload, which is never taken for a file, until the bucket's rule removes it.
func Abandon(c dump.Collection, why string) dump.Collection {
	c = clone(c)
	for i := range c.Uploads {
		if u := &c.Uploads[i]; u.Open() {
			u.Lost = unfinished(*u, why)
		}
	}
	return c
}

// unfinished says why an upload will not come to its end, and where its parts are.
func unfinished(u dump.Upload, why string) string {
	return fmt.Sprintf("%s; %d of %d parts are in the unfinished upload %s", why, u.Arrived, len(u.Parts()), u.ID)
}
