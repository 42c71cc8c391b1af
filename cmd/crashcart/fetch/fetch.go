// Package fetch brings objects from a bucket into a folder, and never gives a file its
// name before it is whole.
//
// A file grows under its name with manifest.Part at the end. What a run that ended has left
// of it is gone on with. Once all bytes are there and their sum is right, the file gets its
// name. A sum that is not right is the end of what was fetched: nobody could know which of
// its bytes are wrong.
//
// Names come from a manifest, which may be hostile. All files are opened through an
// os.Root, which leads nowhere else, not even by a symbolic link.
package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"crashcart/lambda/domain/manifest"
)

// The ends of a file that is not fetched, besides an error of S3 or of the disk.
var (
	// ErrSum says that the bytes that have come are not the file.
	ErrSum = errors.New("the sum is not that of the manifest")
	// ErrInTheWay says that another file has the name. It is not overwritten.
	ErrInTheWay = errors.New("another file is in its place")
	// ErrNotOurs says that another user of this machine could read or change what is
	// fetched: the folder, or the beginning of the file, is theirs, or they can write to it.
	ErrNotOurs = errors.New("another user can write there")
	// ErrSize says that the bucket has another object than the manifest says.
	ErrSize = errors.New("the object is not as long as the manifest says")
)

// API is the subset of the S3 API used by Fetcher.
type API interface {
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
}

const (
	// Stall is how long a connection may bring nothing before another is made. S3 answers
	// within a second.
	Stall = time.Minute
	// Tries is how many connections in a row may bring nothing.
	Tries = 5
)

// Fetcher fetches objects of one bucket into one folder.
type Fetcher struct {
	API    API
	Bucket string
	Folder *os.Root
	Stall  time.Duration                                   // zero is the constant Stall
	Wait   func(ctx context.Context, failed int) error     // before another connection
	Moved  func(f manifest.File, done int64, reading bool) // as bytes come; reading says that they were here before
}

// File is a file that is in the folder, whole.
type File struct {
	manifest.File
	Before bool // it was here before
}

// Fetch brings one file of a case into the folder.
func (f Fetcher) Fetch(ctx context.Context, caseID string, m manifest.File) (File, error) {
	there, err := f.there(ctx, m)
	if err != nil || there {
		return File{File: m, Before: there}, err
	}
	if err := f.Folder.MkdirAll(path.Dir(m.Key), 0o700); err != nil {
		return File{}, fmt.Errorf("making a folder for %s: %w", m.Key, err)
	}
	if err := f.guarded(path.Dir(m.Key)); err != nil {
		return File{}, err
	}
	if err := f.grow(ctx, caseID, m); err != nil {
		return File{}, err
	}
	if err := f.Folder.Rename(m.Key+manifest.Part, m.Key); err != nil {
		return File{}, fmt.Errorf("naming %s: %w", m.Key, err)
	}
	return File{File: m}, nil
}

// there says whether the file is in the folder already. Another file of its name is an
// error.
func (f Fetcher) there(ctx context.Context, m manifest.File) (bool, error) {
	info, err := f.Folder.Lstat(m.Key)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("looking for %s: %w", m.Key, err)
	case !info.Mode().IsRegular() || info.Size() != m.Size:
		return false, fmt.Errorf("%s: %w", m.Key, ErrInTheWay)
	}
	file, err := f.Folder.Open(m.Key)
	if err != nil {
		return false, fmt.Errorf("looking for %s: %w", m.Key, err)
	}
	sum := sha256.New()
	_, err = f.read(ctx, m, file, sum)
	if err = errors.Join(err, file.Close()); err != nil {
		return false, fmt.Errorf("reading %s: %w", m.Key, err)
	}
	if !right(m, sum) {
		return false, fmt.Errorf("%s: %w", m.Key, ErrInTheWay)
	}
	return true, nil
}

// guarded refuses folders that others can write to. What comes is a machine's memory, and a
// folder in /var/tmp may have been made by anybody.
func (f Fetcher) guarded(below string) error {
	for _, name := range []string{".", below} {
		info, err := f.Folder.Lstat(name)
		if err != nil {
			return fmt.Errorf("looking at the folder %s: %w", name, err)
		}
		if !info.IsDir() || !isOurs(info) {
			return fmt.Errorf("the folder %s: %w", name, ErrNotOurs)
		}
	}
	return nil
}

// grow brings what is missing of a file into its part, and checks the whole.
func (f Fetcher) grow(ctx context.Context, caseID string, m manifest.File) (err error) {
	name := m.Key + manifest.Part
	switch info, err := f.Folder.Lstat(name); {
	case err != nil: // there is none yet, or opening it says why not
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s: %w", name, ErrInTheWay)
	case !isOurs(info):
		return fmt.Errorf("%s: %w", name, ErrNotOurs)
	}
	file, err := f.Folder.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("opening %s: %w", name, err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	p := part{f: f, m: m, file: file, sum: sha256.New()}
	if err := p.resume(ctx); err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	if err := p.fill(ctx, manifest.Prefix(caseID)+m.Key); err != nil {
		return fmt.Errorf("fetching %s: %w", m.Key, err)
	}
	if !right(m, p.sum) {
		return errors.Join(fmt.Errorf("%s: %w", m.Key, ErrSum), f.Folder.Remove(name))
	}
	if err := file.Sync(); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}

// right says whether the sum is that of the manifest. Where the manifest has none, the
// length must do.
func right(m manifest.File, sum hash.Hash) bool {
	return m.SHA256 == "" || m.SHA256 == hex.EncodeToString(sum.Sum(nil))
}

// read reads what is on the disk already.
func (f Fetcher) read(ctx context.Context, m manifest.File, from io.Reader, into hash.Hash) (int64, error) {
	return io.Copy(&counter{into: into, ctx: ctx, moved: func(n int64) { f.Moved(m, n, true) }}, from)
}

// counter says how many bytes have come so far. It ends with its context.
type counter struct {
	into  io.Writer
	ctx   context.Context // of one copy, which io.Copy cannot be given otherwise
	done  int64
	moved func(int64)
}

func (c *counter) Write(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.into.Write(b)
	c.done += int64(n)
	c.moved(c.done)
	return n, err
}
