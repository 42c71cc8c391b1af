package fetch_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"crashcart/cmd/crashcart/fetch"
	"crashcart/lambda/domain/manifest"
)

const (
	caseID = "i-0a1b2c3d4e5f60718-0123456789abcdef"
	key    = "dump/1-dump.202611220440"
)

// bucket has one object. Each request may go wrong in its own way.
type bucket struct {
	body    []byte
	etag    string
	ways    []func(*bucket, *s3.GetObjectOutput) error // of the requests to come; the rest goes well
	ranges  []string
	refused error
}

func (b *bucket) GetObject(ctx context.Context, in *s3.GetObjectInput, _ ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	if *in.Key != "cases/"+caseID+"/"+key || *in.Bucket != "evidence" {
		return nil, &smithy.GenericAPIError{Code: "NoSuchKey"}
	}
	b.ranges = append(b.ranges, aws.ToString(in.Range))
	var first, last int
	if _, err := fmt.Sscanf(aws.ToString(in.Range), "bytes=%d-%d", &first, &last); err != nil {
		return nil, err
	}
	switch {
	case b.refused != nil:
		return nil, b.refused
	case in.IfMatch != nil && *in.IfMatch != b.etag:
		return nil, &smithy.GenericAPIError{Code: "PreconditionFailed", Fault: smithy.FaultClient}
	case first >= len(b.body):
		return nil, &smithy.GenericAPIError{Code: "InvalidRange", Fault: smithy.FaultClient}
	}
	last = min(last, len(b.body)-1)
	out := &s3.GetObjectOutput{
		ETag: aws.String(b.etag), ContentRange: aws.String(fmt.Sprintf("bytes %d-%d/%d", first, last, len(b.body))),
		Body: io.NopCloser(bytes.NewReader(b.body[first : last+1])),
	}
	if len(b.ways) > 0 {
		way := b.ways[0]
		b.ways = b.ways[1:]
		if err := way(b, out); err != nil {
			return nil, err
		}
	}
	if slow, ok := out.Body.(*hanging); ok {
		slow.ctx = ctx
	}
	return out, nil
}

// hanging brings some bytes, and then nothing until its context ends.
type hanging struct {
	from io.Reader
	ctx  context.Context // of the request that it answers
}

func (h *hanging) Read(b []byte) (int, error) {
	if n, err := h.from.Read(b); err == nil {
		return n, nil
	}
	<-h.ctx.Done()
	return 0, h.ctx.Err()
}

func (h *hanging) Close() error { return nil }

var errBroken = errors.New("connection reset by peer")

// breaks ends the body after so many bytes.
func breaks(after int64) func(*bucket, *s3.GetObjectOutput) error {
	return func(_ *bucket, out *s3.GetObjectOutput) error {
		out.Body = io.NopCloser(io.MultiReader(io.LimitReader(out.Body, after), broken{}))
		return nil
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errBroken }

// hangs stops after so many bytes.
func hangs(after int64) func(*bucket, *s3.GetObjectOutput) error {
	return func(_ *bucket, out *s3.GetObjectOutput) error {
		out.Body = &hanging{from: io.LimitReader(out.Body, after)}
		return nil
	}
}

func answers(err error) func(*bucket, *s3.GetObjectOutput) error {
	return func(*bucket, *s3.GetObjectOutput) error { return err }
}

type world struct {
	*bucket
	t      *testing.T
	folder string
	waits  int
	moved  int64
	file   manifest.File
}

func newWorld(t *testing.T, size int) *world {
	t.Helper()
	body := bytes.Repeat([]byte("memory of a host, "), size/18+1)[:size]
	sum := sha256.Sum256(body)
	return &world{
		bucket: &bucket{body: body, etag: `"1"`}, t: t, folder: t.TempDir(),
		file: manifest.File{Key: key, Kind: "dump", Size: int64(size), SHA256: hex.EncodeToString(sum[:])},
	}
}

func (w *world) fetch(ctx context.Context) (fetch.File, error) {
	w.t.Helper()
	root, err := os.OpenRoot(w.folder)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	f := fetch.Fetcher{
		API: w.bucket, Bucket: "evidence", Folder: root, Stall: time.Minute,
		Wait:  func(ctx context.Context, _ int) error { w.waits++; return ctx.Err() },
		Moved: func(_ manifest.File, done int64, _ bool) { w.moved = done },
	}
	return f.Fetch(ctx, caseID, w.file)
}

func (w *world) path(end string) string { return filepath.Join(w.folder, filepath.FromSlash(key)+end) }

// left writes what an earlier run has left.
func (w *world) left(end string, body []byte) {
	w.t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(w.path("")), 0o700), os.WriteFile(w.path(end), body, 0o600)); err != nil {
		w.t.Fatal(err)
	}
}

// whole says that the file is here, and nothing else of it.
func (w *world) whole() {
	w.t.Helper()
	if got, err := os.ReadFile(w.path("")); err != nil || !bytes.Equal(got, w.body) {
		w.t.Errorf("%d bytes of %d: %v", len(got), len(w.body), err)
	}
	w.nothing(manifest.Part)
}

func (w *world) nothing(end string) {
	w.t.Helper()
	if _, err := os.Lstat(w.path(end)); !errors.Is(err, fs.ErrNotExist) {
		w.t.Errorf("%s%s is there: %v", key, end, err)
	}
}

func TestWhatHasComeIsNeverFetchedAgain(t *testing.T) {
	w := newWorld(t, 1000)
	w.left(manifest.Part, w.body[:300])
	w.ways = []func(*bucket, *s3.GetObjectOutput) error{breaks(200), breaks(1), breaks(0), answers(&smithy.GenericAPIError{Code: "SlowDown"}), breaks(99)}
	got, err := w.fetch(t.Context())
	if want := "bytes=300-999 bytes=500-999 bytes=501-999 bytes=501-999 bytes=501-999 bytes=600-999"; err != nil || got.Before || strings.Join(w.ranges, " ") != want || w.moved != 1000 {
		t.Errorf("%v, %+v, %q", err, got, w.ranges)
	}
	w.whole()
	w.ranges = nil
	if got, err := w.fetch(t.Context()); err != nil || !got.Before || len(w.ranges) > 0 {
		t.Errorf("the second time: %+v, %v, %q", got, err, w.ranges)
	}
}

func TestAFileWithoutBytesNeedsNoConnection(t *testing.T) {
	w := newWorld(t, 0)
	if _, err := w.fetch(t.Context()); err != nil || len(w.ranges) > 0 {
		t.Errorf("%v, %q", err, w.ranges)
	}
	w.whole()
}

// A connection that brings nothing would be waited for through the night.
func TestAConnectionThatHangsIsGivenUp(t *testing.T) {
	w := newWorld(t, 1000)
	w.ways = []func(*bucket, *s3.GetObjectOutput) error{hangs(10), hangs(0)}
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if _, err := w.fetch(t.Context()); err != nil || time.Since(began) != 2*time.Minute {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
	w.whole()
}

func TestConnectionsThatBringNothingEnd(t *testing.T) {
	w := newWorld(t, 1000)
	w.left(manifest.Part, w.body[:300])
	for range 2 * fetch.Tries {
		w.ways = append(w.ways, breaks(0))
	}
	if _, err := w.fetch(t.Context()); !errors.Is(err, errBroken) || len(w.ranges) != fetch.Tries || w.waits != fetch.Tries-1 {
		t.Errorf("%v after %q", err, w.ranges)
	}
	w.nothing("")
	if part, err := os.ReadFile(w.path(manifest.Part)); err != nil || len(part) != 300 {
		t.Errorf("of what had come %d bytes are left: %v", len(part), err)
	}
}

func TestNothingWrongEverGetsTheName(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*world)
		want   error
		code   string
	}{
		"a byte is another":           {func(w *world) { w.body[500] ^= 1 }, fetch.ErrSum, ""},
		"the beginning is another":    {func(w *world) { w.left(manifest.Part, bytes.Repeat([]byte("x"), 300)) }, fetch.ErrSum, ""},
		"it is shorter":               {func(w *world) { w.body = w.body[:999] }, fetch.ErrSize, ""},
		"it is longer":                {func(w *world) { w.body = append(w.body, 'x') }, fetch.ErrSize, ""},
		"it ends before what is here": {func(w *world) { w.left(manifest.Part, w.body[:300]); w.body = w.body[:100] }, fetch.ErrSize, ""},
		"it is replaced on the way": {func(w *world) {
			w.ways = []func(*bucket, *s3.GetObjectOutput) error{func(b *bucket, out *s3.GetObjectOutput) error {
				b.etag = `"2"`
				return breaks(10)(b, out)
			}}
		}, nil, "PreconditionFailed"},
		"it is gone":         {func(w *world) { w.refused = &smithy.GenericAPIError{Code: "NoSuchKey"} }, nil, "NoSuchKey"},
		"it may not be read": {func(w *world) { w.refused = &smithy.GenericAPIError{Code: "AccessDenied"} }, nil, "AccessDenied"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 1000)
			c.change(w)
			_, err := w.fetch(t.Context())
			api, _ := errors.AsType[smithy.APIError](err)
			if c.want != nil && !errors.Is(err, c.want) || c.code != "" && (api == nil || api.ErrorCode() != c.code) {
				t.Errorf("%v", err)
			}
			w.nothing("")
			if w.waits > 1 {
				t.Errorf("%d waits for what does not pass", w.waits)
			}
			if errors.Is(err, fetch.ErrSum) {
				w.nothing(manifest.Part) // or the next run would go on with it
			}
		})
	}
}

func TestAnotherFileInItsPlaceIsNeverTouched(t *testing.T) {
	for name, put := range map[string]func(w *world) error{
		"a shorter file": func(w *world) error { w.left("", []byte("mine")); return nil },
		"one as long":    func(w *world) error { w.left("", make([]byte, 1000)); return nil },
		"a folder":       func(w *world) error { return os.MkdirAll(w.path(""), 0o700) },
		"a link":         func(w *world) error { w.left(".mine", w.body); return os.Symlink(w.path(".mine"), w.path("")) },
		"a link as part": func(w *world) error { w.left(".mine", nil); return os.Symlink(w.path(".mine"), w.path(manifest.Part)) },
	} {
		w := newWorld(t, 1000)
		if err := put(w); err != nil {
			t.Fatal(err)
		}
		if _, err := w.fetch(t.Context()); !errors.Is(err, fetch.ErrInTheWay) || len(w.ranges) > 0 {
			t.Errorf("%s: %v, %q", name, err, w.ranges)
		}
	}
}

func TestALinkNeverLeadsOutOfTheFolder(t *testing.T) {
	w, outside := newWorld(t, 1000), t.TempDir()
	if err := os.Symlink(outside, filepath.Join(w.folder, "dump")); err != nil {
		t.Fatal(err)
	}
	_, err := w.fetch(t.Context())
	if files, problem := os.ReadDir(outside); err == nil || problem != nil || len(files) > 0 {
		t.Errorf("%v, %v, %v", err, files, problem)
	}
}

func TestAStopLeavesWhatHasCome(t *testing.T) {
	w := newWorld(t, 1000)
	ctx, stop := context.WithCancel(t.Context())
	w.ways = []func(*bucket, *s3.GetObjectOutput) error{func(b *bucket, out *s3.GetObjectOutput) error {
		out.Body = io.NopCloser(io.MultiReader(io.LimitReader(out.Body, 400), stopping{stop}))
		return nil
	}}
	if _, err := w.fetch(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	w.nothing("")
	if part, err := os.ReadFile(w.path(manifest.Part)); err != nil || !bytes.Equal(part, w.body[:400]) {
		t.Errorf("%d bytes are left: %v", len(part), err)
	}
}

type stopping struct{ stop func() }

func (s stopping) Read([]byte) (int, error) {
	s.stop()
	return 0, errBroken
}

// Whoever makes the folder, or the beginning of the file, before us could read the memory.
func TestNobodyElsesFileIsEverFilled(t *testing.T) {
	for name, open := range map[string]func(*world) error{
		"the folder": func(w *world) error { return os.Chmod(w.folder, 0o777) },
		"the folder below": func(w *world) error {
			w.left(manifest.Part, nil)
			return os.Chmod(filepath.Dir(w.path("")), 0o770)
		},
		"the part": func(w *world) error {
			w.left(manifest.Part, nil)
			return os.Chmod(w.path(manifest.Part), 0o666)
		},
	} {
		w := newWorld(t, 5000)
		if err := open(w); err != nil {
			t.Fatal(err)
		}
		if _, err := w.fetch(t.Context()); !errors.Is(err, fetch.ErrNotOurs) || len(w.ranges) > 0 {
			t.Errorf("%s: %v, after %d requests", name, err, len(w.ranges))
		}
	}
}
