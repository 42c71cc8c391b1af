package evidence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"crashcart/lambda/aws/awserr"
	"crashcart/lambda/domain/console"
)

// MostAfter is how many consoles from after an interrupt are kept of a case. A crash has
// seven stages after the interrupt itself, the last console is one more, and two are for
// steps that were killed and made again.
const MostAfter = 10

// AfterAPI is the subset of the S3 API used by After.
type AfterAPI interface {
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
	PutObject(context.Context, *s3.PutObjectInput, ...func(*s3.Options)) (*s3.PutObjectOutput, error)
}

// After is what the follow-up has to do with a case's evidence: it reads the console from
// before the interrupt, and keeps those from after it.
type After struct {
	API    AfterAPI
	Bucket string
}

// Before gives the console from just before the interrupt. It is nil when none was kept.
func (a After) Before(ctx context.Context, caseID string) ([]byte, error) {
	key := Prefix(caseID, false) + "/" + FileLatest
	out, err := a.API.GetObject(ctx, &s3.GetObjectInput{Bucket: &a.Bucket, Key: &key})
	if awserr.Code(err) == "NoSuchKey" {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", key, err)
	}
	text, err := io.ReadAll(io.LimitReader(out.Body, console.MaxBytes))
	if err = errors.Join(err, out.Body.Close()); err != nil {
		return nil, fmt.Errorf("reading %s: %w", key, err)
	}
	return text, nil
}

// Keep stores a console from after the interrupt, when so many of the case are kept
// already, and gives how many are kept then. It never replaces one. A number that is taken
// belongs to a step that was killed before it could write what it had kept: its console
// shows more of the past, so this one gets the next number. When all numbers are taken,
// nothing more is kept.
func (a After) Keep(ctx context.Context, caseID string, kept int, text []byte) (int, error) {
	for n := kept + 1; n <= MostAfter; n++ {
		key := AfterKey(caseID, n)
		_, err := a.API.PutObject(ctx, &s3.PutObjectInput{
			Bucket: &a.Bucket, Key: &key, Body: bytes.NewReader(text), ContentType: aws.String(typeConsole), IfNoneMatch: aws.String("*"),
		})
		switch {
		case err == nil:
			return n, nil
		case awserr.Code(err) != "PreconditionFailed":
			return kept, fmt.Errorf("storing %s: %w", key, err)
		}
	}
	return MostAfter, nil
}

// AfterKey is the key of a case's n-th console from after the interrupt. The first is 1.
func AfterKey(caseID string, n int) string {
	return fmt.Sprintf("cases/%s/after/console-%02d.txt", caseID, n)
}
