package collect

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"crashcart/lambda/domain/dump"
)

// ErrNothingOpen says that there is nothing to sign for: every upload has ended.
var ErrNothingOpen = errors.New("no upload is open")

// Sign puts a manifest for the uploads that are open into the bucket, and gives a presigned
// URL of it. The URL is a secret, but who may list commands can read it: each of its parts'
// URLs is good for one part of its one size, and for nothing once the upload has ended.
//
// The collection that comes back is the one to keep, also beside an error. An upload that
// S3 does not know any more is completed or lost in it.
func (s Store) Sign(ctx context.Context, c dump.Collection) (string, dump.Collection, error) {
	c = clone(c)
	m := dump.Manifest{Version: dump.Version, CaseID: c.CaseID}
	for i := range c.Uploads {
		u := &c.Uploads[i]
		if !u.Open() {
			continue
		}
		f, err := s.sign(ctx, u)
		if err != nil {
			return "", c, err
		}
		if u.Open() {
			m.Files = append(m.Files, f)
		}
	}
	if len(m.Files) == 0 {
		return "", c, ErrNothingOpen
	}
	url, err := s.publish(ctx, m)
	if err != nil {
		return "", c, err
	}
	c.Signed++
	return url, c, nil
}

// sign presigns the parts of an upload that have not arrived.
func (s Store) sign(ctx context.Context, u *dump.Upload) (dump.ManifestFile, error) {
	f := dump.ManifestFile{File: u.File, PartSize: u.PartSize}
	there, err := s.arrived(ctx, *u)
	if gone(err) {
		return f, s.resolve(ctx, u)
	}
	if err != nil {
		return f, err
	}
	u.Arrived = len(there)
	for _, p := range u.Parts() {
		mp := dump.ManifestPart{Number: p.Number, Size: p.Size}
		if _, mp.Sent = there[p.Number]; !mp.Sent {
			// The length is signed with the rest: the URL takes this many bytes and no others.
			out, err := s.Signer.PresignUploadPart(ctx, &s3.UploadPartInput{
				Bucket: &s.Bucket, Key: &u.Key, UploadId: &u.ID, PartNumber: aws.Int32(int32(p.Number)), ContentLength: aws.Int64(p.Size), //nolint:gosec // at most dump.MaxParts
			})
			if err != nil {
				return f, fmt.Errorf("signing part %d of %s: %w", p.Number, u.Key, err)
			}
			mp.URL = out.URL
		}
		f.Parts = append(f.Parts, mp)
	}
	return f, nil
}

// publish puts a manifest into the bucket and signs its URL.
func (s Store) publish(ctx context.Context, m dump.Manifest) (string, error) {
	body, err := m.Encode()
	if err != nil {
		return "", err
	}
	key := dump.ManifestKey(m.CaseID)
	_, err = s.Objects.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &s.Bucket, Key: &key, Body: bytes.NewReader(body), ContentType: aws.String("application/json"),
	})
	if err != nil {
		return "", fmt.Errorf("storing %s: %w", key, err)
	}
	out, err := s.Signer.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: &s.Bucket, Key: &key})
	if err != nil {
		return "", fmt.Errorf("signing the URL of %s: %w", key, err)
	}
	return out.URL, nil
}

func clone(c dump.Collection) dump.Collection {
	c.Uploads = append([]dump.Upload(nil), c.Uploads...)
	return c
}
