package evidence_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"crashcart/lambda/aws/evidence"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/dump"
	"crashcart/lambda/domain/manifest"
)

// archive is a shelf that lists what it has, a few objects a page.
type archive struct {
	shelf
	page    int
	stuck   bool            // every page begins at the first
	locked  map[string]bool // objects that nobody may read
	listing error
}

func (a *archive) ListObjectsV2(_ context.Context, in *s3.ListObjectsV2Input, _ ...func(*s3.Options)) (*s3.ListObjectsV2Output, error) {
	if a.listing != nil {
		return nil, a.listing
	}
	keys := slices.DeleteFunc(slices.Sorted(maps.Keys(a.objects)), func(k string) bool {
		return !strings.HasPrefix(k, *in.Prefix) || k <= aws.ToString(in.ContinuationToken)
	})
	out := &s3.ListObjectsV2Output{}
	for _, k := range keys[:min(len(keys), a.page)] {
		out.Contents = append(out.Contents, types.Object{Key: aws.String(k), Size: aws.Int64(int64(len(a.objects[k]))), LastModified: aws.Time(stored)})
		out.NextContinuationToken = aws.String(k)
	}
	out.IsTruncated = aws.Bool(len(keys) > a.page)
	if a.stuck {
		out.IsTruncated, out.NextContinuationToken = aws.Bool(true), aws.String("0")
	}
	return out, nil
}

func (a *archive) GetObject(ctx context.Context, in *s3.GetObjectInput, o ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	if a.locked[*in.Key] {
		return nil, &smithy.GenericAPIError{Code: "AccessDenied"}
	}
	return a.shelf.GetObject(ctx, in, o...)
}

var stored = time.Date(2026, 11, 22, 4, 46, 0, 0, time.UTC)

// kept is a case with all its evidence in the bucket.
func kept() (*archive, cases.Record) {
	f := dump.File{Path: "/var/crash/202611220440/dump.202611220440", Kind: dump.KindDump, Size: 6, Modified: stored.Unix()}
	u := dump.Upload{File: f, Key: dump.Key(followed, 1, f), Done: true, SHA256: strings.Repeat("a", 64)}
	prefix := manifest.Prefix(followed)
	a := &archive{page: 2, shelf: shelf{objects: map[string][]byte{
		prefix + "before/" + evidence.FileLatest:     []byte("login:"),
		prefix + "before/" + evidence.FileBuffered:   []byte("boot"),
		prefix + "before/" + evidence.FileScreenshot: []byte("jpeg"),
		prefix + "before/" + evidence.FileIndex:      []byte("{}"),
		evidence.AfterKey(followed, 1):               []byte("panic"),
		u.Key:                                        []byte("memory"),
		dump.ManifestKey(followed):                   []byte("https://secret"),
		prefix + "notes of ana.txt":                  []byte("x"),
		"cases/" + followed + "0/before/other.txt":   []byte("another case"),
	}}}
	return a, cases.Record{ID: followed, InstanceID: "i-0a1b2c3d4e5f60718", Followup: cases.Followup{Finding: cases.FindingDumped, Collect: cases.Collecting{Files: dump.Collection{Uploads: []dump.Upload{u}}}}}
}

func write(t *testing.T, a *archive, r cases.Record) manifest.Manifest {
	t.Helper()
	if err := (evidence.Manifests{API: a, Bucket: "evidence"}).Write(t.Context(), r, stored.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	m, err := manifest.Parse(a.objects[manifest.Key(followed)])
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestTheManifestHasAllOfACaseAndNothingElse(t *testing.T) {
	a, r := kept()
	var got []string
	for _, f := range write(t, a, r).Files {
		sum := sha256.Sum256(a.objects[manifest.Prefix(followed)+f.Key])
		if want := hex.EncodeToString(sum[:]); f.SHA256 != want && !f.FromCrash() || f.FromCrash() && f.SHA256 != strings.Repeat("a", 64) || !f.StoredAt.Equal(stored) {
			t.Errorf("%+v", f)
		}
		got = append(got, fmt.Sprintf("%s %s %d", f.Kind, f.Key, f.Size))
	}
	want := []string{
		"dump dump/1-dump.202611220440 6", "console after/console-01.txt 5", "console before/console-buffered.txt 4", "console before/console-latest.txt 6",
		"index before/evidence.json 2", "screenshot before/screenshot.jpg 4",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if again := write(t, a, r); len(again.Files) != len(want) {
		t.Errorf("written again it has %+v", again.Files)
	}
}

// What a manifest lists must be there, so an object that cannot be read is listed, too.
func TestAnObjectThatCannotBeReadIsNeverLeftOut(t *testing.T) {
	a, r := kept()
	key := manifest.Prefix(followed) + "before/" + evidence.FileLatest
	a.locked = map[string]bool{key: true}
	a.objects[manifest.Prefix(followed)+"before/"+evidence.FileScreenshot] = make([]byte, evidence.MaxScreenshot+1)
	without := 0
	for _, f := range write(t, a, r).Files {
		if f.SHA256 == "" {
			without++
		}
	}
	if without != 2 {
		t.Errorf("%d files are without a sum", without)
	}
}

func TestNoManifestIsWrittenFromHalfOfAList(t *testing.T) {
	refused := &smithy.GenericAPIError{Code: "AccessDenied"}
	for name, breaks := range map[string]func(*archive){
		"S3 refuses to list":     func(a *archive) { a.listing = refused },
		"a page leads to itself": func(a *archive) { a.stuck = true },
		"S3 refuses to store":    func(a *archive) { a.err = refused },
	} {
		a, r := kept()
		breaks(a)
		err := evidence.Manifests{API: a, Bucket: "evidence"}.Write(t.Context(), r, stored)
		if err == nil || !a.stuck && !errors.Is(err, refused) || a.objects[manifest.Key(followed)] != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
