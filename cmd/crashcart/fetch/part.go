package fetch

import (
	"context"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"crashcart/lambda/domain/manifest"
)

// part is a file while it grows.
type part struct {
	f    Fetcher
	m    manifest.File
	file *os.File
	sum  hash.Hash // of the bytes that are there
	have int64     // bytes
	etag string    // of the object that the bytes are from
}

// resume reads what an earlier run has left. What is longer than the file is no beginning
// of it.
func (p *part) resume(ctx context.Context) error {
	info, err := p.file.Stat()
	if err != nil {
		return err
	}
	if info.Size() > p.m.Size {
		return p.file.Truncate(0)
	}
	p.have, err = p.f.read(ctx, p.m, p.file, p.sum)
	return err
}

// fill brings the rest, by as many connections as it takes. Each must bring something, but
// for a few.
func (p *part) fill(ctx context.Context, key string) error {
	failed := 0
	for p.have < p.m.Size {
		before := p.have
		err := p.connect(ctx, key)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil:
			continue
		case final(err):
			return err
		case p.have > before:
			failed = 0
		}
		if failed++; failed >= Tries {
			return fmt.Errorf("%d connections brought nothing: %w", failed, err)
		}
		if err := p.f.Wait(ctx, failed); err != nil {
			return err
		}
	}
	return nil
}

// errLocal is an error of the disk. Another connection does not help.
var errLocal = errors.New("this machine")

// final says that another connection would end in the same way.
func final(err error) bool {
	if errors.Is(err, ErrSize) || errors.Is(err, errLocal) {
		return true
	}
	api, ok := errors.AsType[smithy.APIError](err)
	return ok && api.ErrorFault() != smithy.FaultServer && !strings.HasPrefix(api.ErrorCode(), "Internal") && !passing[api.ErrorCode()]
}

// passing are the codes of errors that pass ("Error responses", Amazon S3 API Reference).
var passing = map[string]bool{"SlowDown": true, "ServiceUnavailable": true, "RequestTimeout": true, "503": true, "500": true}

// connect makes one request for all that is missing, and writes what it brings.
func (p *part) connect(ctx context.Context, key string) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stall := p.f.Stall
	if stall <= 0 {
		stall = Stall
	}
	timer := time.AfterFunc(stall, cancel)
	defer timer.Stop()
	in := &s3.GetObjectInput{Bucket: &p.f.Bucket, Key: &key, Range: aws.String(fmt.Sprintf("bytes=%d-%d", p.have, p.m.Size-1))}
	if p.etag != "" {
		in.IfMatch = &p.etag
	}
	out, err := p.f.API.GetObject(ctx, in)
	if api, ok := errors.AsType[smithy.APIError](err); ok && api.ErrorCode() == "InvalidRange" {
		return fmt.Errorf("%w: it ends before byte %d", ErrSize, p.have)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Body.Close()) }()
	if err := p.check(out); err != nil {
		return err
	}
	p.etag = aws.ToString(out.ETag)
	begin := p.have
	_, err = io.Copy(&counter{into: p, ctx: ctx, moved: func(n int64) {
		timer.Reset(stall)
		p.f.Moved(p.m, begin+n, false)
	}}, io.LimitReader(out.Body, p.m.Size-p.have))
	if err == nil && p.have < p.m.Size {
		return io.ErrUnexpectedEOF
	}
	return err
}

// check compares the object's length with the manifest's. S3 says it behind the range:
// "bytes 5-9/10" ("GetObject", Amazon S3 API Reference).
func (p *part) check(out *s3.GetObjectOutput) error {
	want := fmt.Sprintf("bytes %d-%d/%d", p.have, p.m.Size-1, p.m.Size)
	if got := aws.ToString(out.ContentRange); got != want {
		return fmt.Errorf("%w: it answered %.80q, not %q", ErrSize, got, want)
	}
	return nil
}

// Write appends to the file, and to its sum.
func (p *part) Write(b []byte) (int, error) {
	n, err := p.file.WriteAt(b, p.have)
	p.sum.Write(b[:n])
	p.have += int64(n)
	if err != nil {
		return n, fmt.Errorf("%w: %w", errLocal, err)
	}
	return n, nil
}
