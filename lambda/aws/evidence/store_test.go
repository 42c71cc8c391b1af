package evidence_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"crashcart/lambda/aws/evidence"
)

// bucket is an S3 that keeps what is put and fails the keys it is set to fail. It
// refuses to answer before every upload has begun.
type bucket struct {
	fails map[string]error
	begun sync.WaitGroup

	mu   sync.Mutex
	kept map[string]string // key to body
	kind map[string]string // key to content type
}

func newBucket(uploads int) *bucket {
	b := &bucket{fails: map[string]error{}, kept: map[string]string{}, kind: map[string]string{}}
	b.begun.Add(uploads)
	return b
}

func (b *bucket) PutObject(_ context.Context, in *s3.PutObjectInput, _ ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	b.begun.Done()
	b.begun.Wait()
	body, err := io.ReadAll(in.Body)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.fails[*in.Key]; err != nil {
		return nil, err
	}
	if in.ServerSideEncryption != "" || in.SSEKMSKeyId != nil {
		return nil, errors.New("the bucket's default encryption is overridden")
	}
	if aws.ToString(in.Bucket) != "evidence-111122223333" {
		return nil, errors.New("another bucket")
	}
	b.kept[*in.Key], b.kind[*in.Key] = string(body), aws.ToString(in.ContentType)
	return &s3.PutObjectOutput{}, nil
}

func put(t *testing.T, b *bucket, e evidence.Evidence) error {
	t.Helper()
	return evidence.Store{API: b, Bucket: "evidence-111122223333"}.Put(t.Context(), "cases/c/before", e)
}

func TestPutKeepsEveryPartAndItsIndex(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // uploads one after the other would deadlock
		b := newBucket(4)
		if err := put(t, b, take(t, answering())); err != nil {
			t.Fatal(err)
		}
		want := map[string]string{
			"cases/c/before/console-latest.txt":   string(hostile),
			"cases/c/before/console-buffered.txt": "booted\r\n",
			"cases/c/before/screenshot.jpg":       string(jpeg),
			"cases/c/before/evidence.json": `{
  "instanceId": "i-0a1b2c3d4e5f60718",
  "takenAt": "2026-11-22T12:00:00Z",
  "parts": [
    {
      "file": "console-latest.txt",
      "had": true,
      "bytes": 41,
      "at": "2026-11-22T11:59:59Z"
    },
    {
      "file": "console-buffered.txt",
      "had": true,
      "bytes": 8,
      "at": "2026-11-22T03:00:00Z"
    },
    {
      "file": "screenshot.jpg",
      "had": true,
      "bytes": 13
    }
  ]
}
`,
		}
		if !maps.Equal(b.kept, want) {
			t.Errorf("kept %q", b.kept)
		}
		kinds := map[string]string{
			"cases/c/before/console-latest.txt":   "application/octet-stream",
			"cases/c/before/console-buffered.txt": "application/octet-stream",
			"cases/c/before/screenshot.jpg":       "image/jpeg",
			"cases/c/before/evidence.json":        "application/json",
		}
		if !maps.Equal(b.kind, kinds) {
			t.Errorf("content types %q", b.kind)
		}
	})
}

func TestOneFailedUploadNeverCostsTheOthers(t *testing.T) {
	denied := &smithy.GenericAPIError{Code: "AccessDenied", Message: "no"}
	b := newBucket(4)
	b.fails["cases/c/before/console-buffered.txt"] = denied
	err := put(t, b, take(t, answering()))
	if !errors.Is(err, denied) || !strings.Contains(err.Error(), "storing cases/c/before/console-buffered.txt") || len(b.kept) != 3 {
		t.Errorf("error %v, kept %q", err, slices.Sorted(maps.Keys(b.kept)))
	}
	b = newBucket(4)
	b.fails["cases/c/before/evidence.json"], b.fails["cases/c/before/screenshot.jpg"] = errors.New("first"), errors.New("second")
	if err := put(t, b, take(t, answering())); err == nil || !strings.Contains(err.Error(), "first") || !strings.Contains(err.Error(), "second") {
		t.Errorf("error %v does not join both", err)
	}
}

func TestPutSaysWhatIsMissingAndWhy(t *testing.T) {
	for _, c := range []struct {
		name, why, says string
		err             error
	}{
		{"late", "late", "no answer in time", fmt.Errorf("reading: %w", evidence.ErrLate)},
		{"cut off", "late", "deadline", context.DeadlineExceeded},
		{"no permission", "refused", "UnauthorizedOperation", &smithy.GenericAPIError{Code: "UnauthorizedOperation", Message: "You are not authorized"}},
		{"not on this type", "unsupported", "UnsupportedOperation", &smithy.GenericAPIError{Code: "UnsupportedOperation", Message: "not for this type"}},
		{"nothing there", "empty", "EC2 has none", evidence.ErrEmpty},
		{"no error, and no bytes either", "empty", "EC2 has none", nil},
		{"throttled", "failed", "RequestLimitExceeded", &smithy.GenericAPIError{Code: "RequestLimitExceeded", Message: "slow down"}},
		{"anything else", "failed", "broken pipe", errors.New("broken pipe\xff")},
		{"a very long one", "failed", strings.Repeat("x", 1021) + "...", errors.New(strings.Repeat("x", 5000))},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBucket(1)
			e := evidence.Evidence{InstanceID: instance, TakenAt: noon, LatestErr: c.err, BufferedErr: c.err, ScreenshotErr: c.err}
			if err := put(t, b, e); err != nil {
				t.Fatal(err)
			}
			var index evidence.Index
			if err := json.Unmarshal([]byte(b.kept["cases/c/before/evidence.json"]), &index); err != nil {
				t.Fatal(err)
			}
			if len(b.kept) != 1 || len(index.Parts) != 3 {
				t.Fatalf("kept %q", b.kept)
			}
			for _, p := range index.Parts {
				if p.Had || p.Why != c.why || !strings.Contains(p.Error, c.says) || len(p.Error) > 1024 {
					t.Errorf("part %+v, want %s: %s", p, c.why, c.says)
				}
			}
		})
	}
}

func TestADryRunsEvidenceIsNeverAmongTheEvidence(t *testing.T) {
	if got := evidence.Prefix("i-0a1b2c3d4e5f60718-0011223344556677", false); got != "cases/i-0a1b2c3d4e5f60718-0011223344556677/before" {
		t.Error(got)
	}
	if got := evidence.Prefix("i-0a1b2c3d4e5f60718-0011223344556677", true); got != "dry/cases/i-0a1b2c3d4e5f60718-0011223344556677/before" {
		t.Error(got)
	}
}
