package evidence_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"crashcart/lambda/aws/evidence"
	"crashcart/lambda/domain/console"
)

// shelf is a bucket that knows conditional writes.
type shelf struct {
	objects map[string][]byte
	err     error
}

func (s *shelf) GetObject(_ context.Context, in *s3.GetObjectInput, _ ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	text, ok := s.objects[*in.Key]
	switch {
	case s.err != nil:
		return nil, s.err
	case !ok:
		return nil, &smithy.GenericAPIError{Code: "NoSuchKey"}
	}
	return &s3.GetObjectOutput{Body: io.NopCloser(bytes.NewReader(text))}, nil
}

func (s *shelf) PutObject(_ context.Context, in *s3.PutObjectInput, _ ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	_, there := s.objects[*in.Key]
	switch {
	case s.err != nil:
		return nil, s.err
	case there && aws.ToString(in.IfNoneMatch) == "*":
		return nil, &smithy.GenericAPIError{Code: "PreconditionFailed"}
	}
	text, err := io.ReadAll(in.Body)
	s.objects[*in.Key] = text
	return &s3.PutObjectOutput{}, err
}

const followed = "i-0a1b2c3d4e5f60718-0123456789abcdef"

func TestTheConsoleFromBeforeIsTheOneThatTheInterruptFunctionKept(t *testing.T) {
	s := &shelf{objects: map[string][]byte{}}
	a := evidence.After{API: s, Bucket: "evidence"}
	if got, err := a.Before(t.Context(), followed); got != nil || err != nil {
		t.Errorf("none was kept: %q, %v", got, err)
	}
	s.objects[evidence.Prefix(followed, false)+"/"+evidence.FileLatest] = []byte("before")
	if got, err := a.Before(t.Context(), followed); string(got) != "before" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	s.objects[evidence.Prefix(followed, false)+"/"+evidence.FileLatest] = make([]byte, 3*console.MaxBytes)
	if got, err := a.Before(t.Context(), followed); len(got) != console.MaxBytes || err != nil {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	// An error must not look like a console that was never kept.
	s.err = &smithy.GenericAPIError{Code: "AccessDenied"}
	if got, err := a.Before(t.Context(), followed); got != nil || err == nil {
		t.Errorf("%q, %v", got, err)
	}
}

func TestAConsoleFromAfterNeverReplacesAnother(t *testing.T) {
	s := &shelf{objects: map[string][]byte{}}
	a := evidence.After{API: s, Bucket: "evidence"}
	kept, err := a.Keep(t.Context(), followed, 0, []byte("first"))
	if kept != 1 || err != nil {
		t.Fatalf("%d, %v", kept, err)
	}
	// The step that kept it was killed, and is made again.
	if kept, err = a.Keep(t.Context(), followed, 0, []byte("second")); kept != 2 || err != nil {
		t.Fatalf("%d, %v", kept, err)
	}
	for range 20 {
		if kept, err = a.Keep(t.Context(), followed, kept, []byte("more")); err != nil {
			t.Fatal(err)
		}
	}
	if kept != evidence.MostAfter || len(s.objects) != evidence.MostAfter {
		t.Errorf("%d are kept: %q", kept, slices.Sorted(maps.Keys(s.objects)))
	}
	if got := s.objects["cases/"+followed+"/after/console-01.txt"]; string(got) != "first" {
		t.Errorf("the first is %q", got)
	}
	s.err = errors.New("no answer")
	if kept, err := a.Keep(t.Context(), followed, 3, []byte("x")); kept != 3 || err == nil {
		t.Errorf("%d, %v", kept, err)
	}
}
