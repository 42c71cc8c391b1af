package evidence

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/manifest"
)

const (
	// mostListed is how many objects of a case are looked at. A case has some thirty, and
	// whoever may write into the bucket may have put others there.
	mostListed = 5000
	// mostSummed is the largest object whose sum is made here, by reading it. It is more
	// than any console or screenshot has. The sum of a dump is the host's.
	mostSummed = MaxScreenshot
)

// ManifestAPI is the subset of the S3 API used by Manifests.
type ManifestAPI interface {
	ListObjectsV2(context.Context, *s3.ListObjectsV2Input, ...func(*s3.Options)) (*s3.ListObjectsV2Output, error)
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
	PutObject(context.Context, *s3.PutObjectInput, ...func(*s3.Options)) (*s3.PutObjectOutput, error)
}

// Manifests writes what a case has in the bucket into the bucket.
type Manifests struct {
	API    ManifestAPI
	Bucket string
}

// Write lists the objects of a case, joins them with its record, and stores the list. A
// second call takes the place of the first. An object that cannot be read is listed
// without its sum.
func (m Manifests) Write(ctx context.Context, r cases.Record, at time.Time) error {
	objects, err := m.list(ctx, manifest.Prefix(r.ID))
	if err != nil {
		return err
	}
	list := manifest.New(r, objects, at)
	for i := range list.Files {
		f := &list.Files[i]
		if f.SHA256 == "" && !f.FromCrash() && f.Size <= mostSummed {
			f.SHA256 = m.sum(ctx, manifest.Prefix(r.ID)+f.Key)
		}
	}
	body, err := list.Encode()
	if err != nil {
		return fmt.Errorf("storing the manifest of %s: %w", r.ID, err)
	}
	key := manifest.Key(r.ID)
	_, err = m.API.PutObject(ctx, &s3.PutObjectInput{Bucket: &m.Bucket, Key: &key, Body: bytes.NewReader(body), ContentType: aws.String(typeIndex)})
	if err != nil {
		return fmt.Errorf("storing %s: %w", key, err)
	}
	return nil
}

// list gives the objects below a prefix.
func (m Manifests) list(ctx context.Context, prefix string) ([]manifest.File, error) {
	var files []manifest.File
	in := &s3.ListObjectsV2Input{Bucket: &m.Bucket, Prefix: &prefix}
	for {
		out, err := m.API.ListObjectsV2(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("listing %s: %w", prefix, err)
		}
		for _, o := range out.Contents {
			key := strings.TrimPrefix(aws.ToString(o.Key), prefix)
			files = append(files, manifest.File{Key: key, Kind: kindOf(key), Size: aws.ToInt64(o.Size), StoredAt: aws.ToTime(o.LastModified).UTC()})
		}
		next := aws.ToString(out.NextContinuationToken)
		switch {
		case !aws.ToBool(out.IsTruncated) || len(files) >= mostListed:
			return files, nil
		case next == "" || next == aws.ToString(in.ContinuationToken):
			return nil, fmt.Errorf("listing %s: %w", prefix, errors.New("the next page has no new place to begin"))
		}
		in.ContinuationToken = &next
	}
}

// kindOf is the kind of an object that does not come from the host, by its name below the
// prefix of its case.
func kindOf(key string) manifest.Kind {
	switch base := path.Base(key); {
	case strings.HasPrefix(base, "console-"):
		return manifest.KindConsole
	case base == FileScreenshot:
		return manifest.KindScreenshot
	case base == FileIndex:
		return manifest.KindIndex
	default:
		return manifest.KindOther
	}
}

// sum reads an object and gives its SHA-256. It is empty if the object cannot be read.
func (m Manifests) sum(ctx context.Context, key string) string {
	out, err := m.API.GetObject(ctx, &s3.GetObjectInput{Bucket: &m.Bucket, Key: &key})
	if err != nil {
		return ""
	}
	h := sha256.New()
	n, err := io.Copy(h, io.LimitReader(out.Body, mostSummed+1))
	if err = errors.Join(err, out.Body.Close()); err != nil || n > mostSummed {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))
}
