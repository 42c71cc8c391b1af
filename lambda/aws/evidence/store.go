package evidence

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// The names of the objects of a case's evidence, below its prefix.
const (
	FileLatest     = "console-latest.txt"
	FileBuffered   = "console-buffered.txt"
	FileScreenshot = "screenshot.jpg"
	FileIndex      = "evidence.json"
)

// The consoles are the guest's bytes in an encoding nobody knows, with terminal
// escapes in them. Any text type would be a claim about them, and an invitation
// to a browser to render what a hostile guest wrote; so they are downloaded.
const (
	typeConsole    = "application/octet-stream"
	typeScreenshot = "image/jpeg"
	typeIndex      = "application/json"
)

// StoreAPI is the subset of the S3 API used by Store.
type StoreAPI interface {
	PutObject(context.Context, *s3.PutObjectInput, ...func(*s3.Options)) (*s3.PutObjectOutput, error)
}

// Store keeps evidence in a bucket. Encryption is the bucket's default.
type Store struct {
	API    StoreAPI
	Bucket string
}

// Prefix is where the evidence of a case is kept, without a slash at its end. That of a
// dry run is kept apart from real evidence.
func Prefix(caseID string, dryRun bool) string {
	prefix := "cases/" + caseID + "/before"
	if dryRun {
		return "dry/" + prefix
	}
	return prefix
}

// Put uploads the parts that are there, side by side, to the keys prefix/FileLatest,
// prefix/FileBuffered and prefix/FileScreenshot. A list of all parts goes to
// prefix/FileIndex, with the reason for every part that is missing. One failed upload
// does not stop the others; the error joins all that failed.
func (s Store) Put(ctx context.Context, prefix string, e Evidence) error {
	objects, err := objects(e)
	if err != nil {
		return err
	}
	problems := make([]error, len(objects))
	var wg sync.WaitGroup
	for i, o := range objects {
		wg.Go(func() {
			key := prefix + "/" + o.name
			_, err := s.API.PutObject(ctx, &s3.PutObjectInput{
				Bucket:      &s.Bucket,
				Key:         &key,
				Body:        bytes.NewReader(o.body),
				ContentType: &o.contentType,
			})
			if err != nil {
				problems[i] = fmt.Errorf("storing %s: %w", key, err)
			}
		})
	}
	wg.Wait()
	return errors.Join(problems...)
}

type object struct {
	name, contentType string
	body              []byte
}

// Index is evidence.json: what was had of an instance before its interrupt.
type Index struct {
	InstanceID string    `json:"instanceId"`
	TakenAt    time.Time `json:"takenAt"`
	Parts      []Part    `json:"parts"`
}

// Part is one of the three parts in evidence.json.
type Part struct {
	File  string     `json:"file"`
	Had   bool       `json:"had"`
	Bytes int        `json:"bytes"`
	At    *time.Time `json:"at,omitempty"`    // EC2's time of it, where EC2 says
	Why   string     `json:"why,omitempty"`   // late, refused, unsupported, empty or failed
	Error string     `json:"error,omitempty"` // for a person
}

// objects lists what is to be uploaded.
func objects(e Evidence) ([]object, error) {
	index := Index{InstanceID: e.InstanceID, TakenAt: e.TakenAt}
	var list []object
	add := func(o object, at time.Time, err error) {
		if err == nil && len(o.body) == 0 {
			err = ErrEmpty
		}
		part := Part{File: o.name, Had: err == nil}
		if !at.IsZero() {
			part.At = &at
		}
		if err == nil {
			part.Bytes = len(o.body)
			list = append(list, o)
		} else {
			part.Why, part.Error = why(err), reason(err)
		}
		index.Parts = append(index.Parts, part)
	}
	add(object{FileLatest, typeConsole, e.Latest}, e.LatestAt, e.LatestErr)
	add(object{FileBuffered, typeConsole, e.Buffered}, e.BufferedAt, e.BufferedErr)
	add(object{FileScreenshot, typeScreenshot, e.Screenshot}, time.Time{}, e.ScreenshotErr)

	body, err := json.MarshalIndent(index, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing %s: %w", FileIndex, err)
	}
	return append(list, object{FileIndex, typeIndex, append(body, '\n')}), nil
}
