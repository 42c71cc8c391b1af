package followup_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/dump"
)

// cloud is what the dump's way home has left in S3, in Systems Manager and in EC2. Of the
// files it has the sizes, and nothing of what is in them.
type cloud struct {
	uploads   map[string]*upload // by their id
	dumps     map[string]int64   // objects that came from uploads, with their size, by their key
	commands  []*command
	snapshots []snapshot
	puts      map[string]int // how often each part was sent, by its URL without the signature's time
}

// upload is a multipart upload that is open.
type upload struct {
	key   string
	parts map[int]int64
}

// command is a script on the host.
type command struct {
	id, step, output string
	since            int64
	over             time.Time // when it ends
	status           string    // what it ends with
	dead             bool      // it died with its host, and nobody says so
}

type snapshot struct{ id, caseID, excluded string }

func newCloud() cloud {
	return cloud{uploads: map[string]*upload{}, dumps: map[string]int64{}, puts: map[string]int{}}
}

// clone is a copy that shares nothing that changes.
func (c cloud) clone() cloud {
	n := cloud{uploads: map[string]*upload{}, dumps: maps.Clone(c.dumps), snapshots: slices.Clone(c.snapshots), puts: maps.Clone(c.puts)}
	for id, u := range c.uploads {
		n.uploads[id] = &upload{u.key, maps.Clone(u.parts)}
	}
	for _, x := range c.commands {
		one := *x
		n.commands = append(n.commands, &one)
	}
	return n
}

// disk is what the world's host has of its crash, and how its script and its agent behave.
type disk struct {
	files   []dump.File
	skipped []dump.Skipped

	takes   time.Duration // how long a script that sends takes
	absent  error         // what Systems Manager answers to a command; nil when it takes it
	silent  bool          // commands never end
	status  string        // what commands end with in place of Success
	says    string        // what scripts say in place of their answer
	stopped string        // why a script that sends did nothing
	most    int           // parts that a script may send until its URLs are refused; 0 for all
	dies    int           // parts after which the host reboots, and the script with it; 0 for never
	changes bool          // the dump is not what it was by the time that it is sent
}

// noStore is what S3 answers to the function; nil for an answer.
type noStore struct {
	uploads error // to what opens and ends uploads, and to what asks for them
	puts    error // to what is put
}

const partSize = 16 << 20

// dumpFiles are a dmesg and dumps of these sizes, written when the host had crashed.
func dumpFiles(sizes ...int64) []dump.File {
	at := dawn.Add(time.Minute).Unix()
	files := []dump.File{{Path: "/var/crash/202603020406/dmesg.202603020406", Kind: dump.KindDmesg, Size: 60_000, Modified: at}}
	for i, size := range sizes {
		files = append(files, dump.File{Path: fmt.Sprintf("/var/crash/%d/vmcore", i), Kind: dump.KindDump, Size: size, Modified: at})
	}
	return files
}

// through makes a call of the function, with the world in its hands.
func through[T any](w *world, do func() (*T, error)) (out *T, err error) {
	err = w.gate.through(outside, func() error {
		w.mu.Lock()
		defer w.mu.Unlock()
		var err error
		out, err = do()
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func code(code string) error { return &smithy.GenericAPIError{Code: code, Message: "said the lab"} }

// store is S3 as the function sees it.
type store struct{ *world }

func (w store) CreateMultipartUpload(_ context.Context, in *s3.CreateMultipartUploadInput, _ ...func(*s3.Options)) (*s3.CreateMultipartUploadOutput, error) {
	return through(w.world, func() (*s3.CreateMultipartUploadOutput, error) {
		if w.refuses.uploads != nil {
			return nil, w.refuses.uploads
		}
		w.opened++
		id := "upload-" + strconv.Itoa(w.opened)
		w.cloud.uploads[id] = &upload{*in.Key, map[int]int64{}}
		return &s3.CreateMultipartUploadOutput{UploadId: &id}, nil
	})
}

// open gives an upload that is open.
func (w store) open(id string) (*upload, error) {
	if w.refuses.uploads != nil {
		return nil, w.refuses.uploads
	}
	if u := w.cloud.uploads[id]; u != nil {
		return u, nil
	}
	return nil, code("NoSuchUpload")
}

func (w store) CompleteMultipartUpload(_ context.Context, in *s3.CompleteMultipartUploadInput, _ ...func(*s3.Options)) (*s3.CompleteMultipartUploadOutput, error) {
	return through(w.world, func() (*s3.CompleteMultipartUploadOutput, error) {
		u, err := w.open(*in.UploadId)
		if err != nil {
			return nil, err
		}
		var size int64
		for _, p := range in.MultipartUpload.Parts {
			n, ok := u.parts[int(*p.PartNumber)]
			if !ok || aws.ToString(p.ETag) != fmt.Sprintf("part-%d", *p.PartNumber) {
				return nil, code("InvalidPart")
			}
			size += n
		}
		w.cloud.dumps[u.key] = size
		delete(w.cloud.uploads, *in.UploadId)
		return &s3.CompleteMultipartUploadOutput{}, nil
	})
}

func (w store) AbortMultipartUpload(_ context.Context, in *s3.AbortMultipartUploadInput, _ ...func(*s3.Options)) (*s3.AbortMultipartUploadOutput, error) {
	return through(w.world, func() (*s3.AbortMultipartUploadOutput, error) {
		_, err := w.open(*in.UploadId)
		delete(w.cloud.uploads, *in.UploadId)
		return &s3.AbortMultipartUploadOutput{}, err
	})
}

func (w store) ListParts(_ context.Context, in *s3.ListPartsInput, _ ...func(*s3.Options)) (*s3.ListPartsOutput, error) {
	return through(w.world, func() (*s3.ListPartsOutput, error) {
		u, err := w.open(*in.UploadId)
		if err != nil {
			return nil, err
		}
		out := &s3.ListPartsOutput{}
		for _, n := range slices.Sorted(maps.Keys(u.parts)) {
			out.Parts = append(out.Parts, s3types.Part{
				PartNumber: aws.Int32(int32(n)), Size: aws.Int64(u.parts[n]), ETag: aws.String(fmt.Sprintf("part-%d", n)),
			})
		}
		return out, nil
	})
}

func (w store) HeadObject(_ context.Context, in *s3.HeadObjectInput, _ ...func(*s3.Options)) (*s3.HeadObjectOutput, error) {
	return through(w.world, func() (*s3.HeadObjectOutput, error) {
		size, ok := w.cloud.dumps[*in.Key]
		if !ok {
			return nil, code("NotFound")
		}
		return &s3.HeadObjectOutput{ContentLength: &size}, nil
	})
}

func (w store) PutObject(ctx context.Context, in *s3.PutObjectInput, opts ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	if w.refuses.puts != nil {
		return through(w.world, func() (*s3.PutObjectOutput, error) { return nil, w.refuses.puts })
	}
	return w.world.PutObject(ctx, in, opts...)
}

func (w store) PresignUploadPart(_ context.Context, in *s3.UploadPartInput, _ ...func(*s3.PresignOptions)) (*v4.PresignedHTTPRequest, error) {
	return &v4.PresignedHTTPRequest{URL: fmt.Sprintf("https://s3.lab/%s?partNumber=%d&size=%d&uploadId=%s", *in.Key, *in.PartNumber, *in.ContentLength, *in.UploadId)}, nil
}

func (w store) PresignGetObject(_ context.Context, in *s3.GetObjectInput, _ ...func(*s3.PresignOptions)) (*v4.PresignedHTTPRequest, error) {
	return &v4.PresignedHTTPRequest{URL: "https://s3.lab/" + *in.Key + "?signed"}, nil
}

func (w *world) DescribeSnapshots(_ context.Context, in *ec2.DescribeSnapshotsInput, _ ...func(*ec2.Options)) (*ec2.DescribeSnapshotsOutput, error) {
	return through(w, func() (*ec2.DescribeSnapshotsOutput, error) {
		if name := *in.Filters[0].Name; name != "tag:"+config.CaseTagKey {
			return nil, errors.New(name)
		}
		out := &ec2.DescribeSnapshotsOutput{}
		for _, s := range w.cloud.snapshots {
			if s.caseID == in.Filters[0].Values[0] {
				out.Snapshots = append(out.Snapshots, ec2types.Snapshot{SnapshotId: &s.id, State: ec2types.SnapshotStatePending})
			}
		}
		return out, w.noSnapshot
	})
}

func (w *world) CreateSnapshots(_ context.Context, in *ec2.CreateSnapshotsInput, _ ...func(*ec2.Options)) (*ec2.CreateSnapshotsOutput, error) {
	return through(w, func() (*ec2.CreateSnapshotsOutput, error) {
		if w.noSnapshot != nil {
			return nil, w.noSnapshot
		}
		s := snapshot{fmt.Sprintf("snap-%017x", len(w.cloud.snapshots)+1), "", strings.Join(in.InstanceSpecification.ExcludeDataVolumeIds, " ")}
		for _, t := range in.TagSpecifications[0].Tags {
			if *t.Key == config.CaseTagKey {
				s.caseID = *t.Value
			}
		}
		w.cloud.snapshots = append(w.cloud.snapshots, s)
		return &ec2.CreateSnapshotsOutput{Snapshots: []ec2types.SnapshotInfo{{SnapshotId: &s.id}}}, nil
	})
}
