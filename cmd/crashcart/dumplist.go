package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"crashcart/cmd/crashcart/fetch"
	"crashcart/lambda/aws/awserr"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/dump"
	"crashcart/lambda/domain/manifest"
)

// listing is a case's manifest, and how it was had.
type listing struct {
	manifest.Manifest
	body    []byte
	expires time.Time // when the bucket's rule removes it, if S3 says so
	assumed bool      // there is none: it is made from the record
}

// list reads the manifest of a case. Before the case has ended there is none. After that
// it may be missing, too: it never stops a case from ending.
func (s *stack) list(ctx context.Context, client *s3.Client, r cases.Record) (listing, error) {
	if r.DryRun {
		return listing{}, fmt.Errorf("the case %s is a dry run: nothing was interrupted, so there is no dump", r.ID)
	}
	key := manifest.Key(r.ID)
	out, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: &key})
	switch code := awserr.Code(err); {
	case code == "NoSuchKey" && r.Open:
		return listing{}, notYet(r)
	case code == "NoSuchKey":
		return assumedOf(r)
	case err != nil:
		return listing{}, s.adviseBucket(err)
	}
	body, err := io.ReadAll(io.LimitReader(out.Body, manifest.MaxBytes+1))
	if err = errors.Join(err, out.Body.Close()); err != nil {
		return listing{}, fmt.Errorf("reading %s: %w", key, err)
	}
	m, err := manifest.Parse(body)
	switch {
	case errors.Is(err, manifest.ErrVersion):
		return listing{}, fmt.Errorf("%w: build crashcart from the commit that is deployed", err)
	case err != nil:
		return listing{}, fmt.Errorf("s3://%s/%s: %w", s.bucket, key, err)
	case m.CaseID != r.ID:
		return listing{}, fmt.Errorf("s3://%s/%s is the manifest of another case, %s", s.bucket, key, m.CaseID)
	}
	return listing{Manifest: m, body: body, expires: expiry(aws.ToString(out.Expiration))}, nil
}

func assumedOf(r cases.Record) (listing, error) {
	m := manifest.New(r, manifest.Recorded(r), time.Now())
	body, err := m.Encode()
	return listing{Manifest: m, body: body, assumed: true}, err
}

// expiryDate finds the date in what S3 says of its lifecycle rule ("GetObject", Amazon S3
// API Reference: x-amz-expiration).
var expiryDate = regexp.MustCompile(`expiry-date="([^"]+)"`)

func expiry(header string) time.Time {
	if found := expiryDate.FindStringSubmatch(header); found != nil {
		if t, err := time.Parse(http.TimeFormat, found[1]); err == nil {
			return t
		}
	}
	return time.Time{}
}

// notYet says how far a case is whose dump is not in the bucket yet.
func notYet(r cases.Record) error {
	f := r.Followup
	far := "its follow-up has not begun"
	switch on := onItsWay(f.Collect); {
	case f.Concluded():
		far = "it has just come to its end (" + string(f.Finding) + "); try again in a minute"
	case on != "":
		far = on
	case f.Collect.Began():
		far = "its host is asked what it has"
	case progress(f) != "":
		far = "its dump is being written: " + progress(f)
	case f.Steps > 0:
		far = "it is followed since " + plural(f.Steps, "step")
	}
	return fmt.Errorf("the dump of %s is not in the bucket yet, the case is open: %s; `crashcart case %s` shows how it goes on", r.ID, far, r.ID)
}

// onItsWay says how far the files are that the host is sending.
func onItsWay(c cases.Collecting) string {
	var parts []string
	for _, u := range c.Files.Uploads {
		switch {
		case u.Done:
			parts = append(parts, u.File.Path+" is there")
		case u.Open():
			parts = append(parts, fmt.Sprintf("%d of %d parts of %s have arrived", u.Arrived, len(u.Parts()), u.File.Path))
		}
	}
	return strings.Join(parts, ", ")
}

// noDump is the error of a case whose dump is not in the bucket, or only some of it, with
// all that is known of why, a line each.
func noDump(m manifest.Manifest, some bool) error {
	has := "no dump"
	if some {
		has = "not every dump"
	}
	lines := []string{fmt.Sprintf("the bucket has %s of %s: its finding is %s", has, m.CaseID, cmp.Or(string(m.Finding), "not known"))}
	if m.Why != "" {
		lines[0] += ": " + m.Why
	}
	for _, missing := range m.Missing {
		lines = append(lines, "missing: "+missing.What+": "+missing.Why)
	}
	for _, id := range m.Snapshots {
		lines = append(lines, "the snapshot "+id+" has its disk; docs/dump.md says how to read it")
	}
	return errors.New(strings.Join(append(lines, "`crashcart case "+m.CaseID+"` shows what happened; docs/dump.md says what to do about a dump that is missing"), "\n"))
}

// isMemory says whether a file has memory of the crashed host.
func isMemory(f manifest.File) bool {
	return f.Kind == manifest.Kind(dump.KindDump) || f.Kind == manifest.Kind(dump.KindMinidump)
}

// adviseFile says what to do about a file that could not be fetched.
func (s *stack) adviseFile(err error, folder string, m manifest.File) error {
	path := filepath.Join(folder, filepath.FromSlash(m.Key))
	switch {
	case errors.Is(err, fetch.ErrSum):
		return fmt.Errorf("%w: what had come is deleted. Fetch it again; if it fails again, the object is not what the host sent", err)
	case errors.Is(err, fetch.ErrInTheWay):
		return fmt.Errorf("%w: move %s away, or give another folder with --to", err, path)
	case errors.Is(err, fetch.ErrNotOurs):
		return fmt.Errorf("%w: a dump is a machine's memory. Give a folder of your own with --to, or take the others' rights to %s away", err, folder)
	case errors.Is(err, fetch.ErrSize):
		return fmt.Errorf("%w: somebody has replaced it", err)
	case awserr.Code(err) == "NoSuchKey":
		return fmt.Errorf("%s is not in the bucket any more: its time is over, or somebody has deleted it", m.Key)
	case awserr.Code(err) == "PreconditionFailed":
		return fmt.Errorf("%s was replaced while it was fetched: fetch it again", m.Key)
	}
	return s.adviseBucket(err)
}

// adviseBucket turns an error of S3 into one that says what to do.
func (s *stack) adviseBucket(err error) error {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return err
	}
	switch code := api.ErrorCode(); {
	case code == "NoSuchBucket":
		return fmt.Errorf("there is no bucket %s: name your stack's with --bucket or %s", s.bucket, config.EnvBucket)
	case code == "PermanentRedirect" || code == "AuthorizationHeaderMalformed" || code == "301":
		return fmt.Errorf("the bucket %s is not in %s: give its --region: %w", s.bucket, s.region, err)
	case strings.HasPrefix(code, "KMS."):
		return fmt.Errorf("the key of the bucket %s does not open it: it is disabled or deleted. Enable the key, or cancel its deletion: %w", s.bucket, err)
	case code == "InvalidObjectState":
		return fmt.Errorf("it is archived in another storage class: restore it first: %w", err)
	}
	return s.advise(err)
}
