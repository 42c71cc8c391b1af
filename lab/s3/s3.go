// Package s3 stands in for Amazon S3, path-style: github.com/johannesboyne/gofakes3
// over memory. A Store checks no signatures and no expiry of presigned URLs. Signed, in
// front of it, does.
package s3

import (
	"fmt"
	"io"
	"net/http"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// Store is a set of buckets.
type Store struct {
	handler http.Handler
	backend gofakes3.Backend
}

// New makes a store with these buckets, empty.
func New(buckets ...string) (*Store, error) {
	backend := s3mem.New()
	for _, b := range buckets {
		if err := backend.CreateBucket(b); err != nil {
			return nil, fmt.Errorf("creating bucket %s: %w", b, err)
		}
	}
	server := gofakes3.New(backend, gofakes3.WithLogger(gofakes3.DiscardLog()))
	return &Store{handler: server.Server(), backend: backend}, nil
}

// ServeHTTP answers one S3 request.
func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Keys are the names of all objects in a bucket, sorted.
func (s *Store) Keys(bucket string) ([]string, error) {
	list, err := s.backend.ListBucket(bucket, nil, gofakes3.ListBucketPage{})
	if err != nil {
		return nil, fmt.Errorf("listing bucket %s: %w", bucket, err)
	}
	keys := make([]string, len(list.Contents))
	for i, c := range list.Contents {
		keys[i] = c.Key
	}
	return keys, nil
}

// Object gives the bytes of an object.
func (s *Store) Object(bucket, key string) ([]byte, error) {
	o, err := s.backend.GetObject(bucket, key, nil)
	if err != nil {
		return nil, fmt.Errorf("reading %s/%s: %w", bucket, key, err)
	}
	body, err := io.ReadAll(o.Contents)
	if closeErr := o.Contents.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s/%s: %w", bucket, key, err)
	}
	return body, nil
}
