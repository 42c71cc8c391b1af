package collect_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"

	"crashcart/lab/pace"
	"crashcart/lab/s3"
	"crashcart/lambda/aws/collect"
	"crashcart/lambda/domain/dump"
)

const (
	bucket = "evidence-111122223333"
	caseID = "i-0a1b2c3d4e5f60718-0123456789abcdef"
	mib    = 1 << 20
)

// world is a bucket behind S3's checks, whose clock the test sets, and the store of a
// function with a session of its role.
type world struct {
	collect.Store
	t        *testing.T
	lab      *s3.Store
	endpoint string

	mu    sync.Mutex
	ahead time.Duration                                 // of S3's clock
	token string                                        // of the session that signs
	fault func(http.ResponseWriter, *http.Request) bool // answers in place of S3
}

func newWorld(t *testing.T) *world {
	t.Helper()
	lab, err := s3.New(bucket)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, lab: lab, token: "first"}
	srv := httptest.NewServer(pace.Handler(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if w.fault == nil || !w.fault(rw, r) {
			w.signed().ServeHTTP(rw, r)
		}
	})))
	t.Cleanup(srv.Close)
	w.endpoint = srv.URL
	w.Store = collect.NewStore(aws.Config{
		Region: "eu-central-1", HTTPClient: http.DefaultClient, Retryer: func() aws.Retryer { return aws.NopRetryer{} },
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			secret := "s1"
			if w.token == "second" {
				secret = "s2"
			}
			return aws.Credentials{AccessKeyID: "ASIA" + w.token, SecretAccessKey: secret, SessionToken: w.token}, nil
		}),
	}, bucket, func(o *sdk.Options) { o.BaseEndpoint, o.UsePathStyle = &srv.URL, true })
	return w
}

// signed is S3 as it is at this moment.
func (w *world) signed() s3.Signed {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now().Add(w.ahead)
	first := s3.Session{ID: "ASIAfirst", Secret: "s1", Token: "first"}
	if w.token != "first" {
		first.Ends = now.Add(-time.Second)
	}
	return s3.Signed{
		Store: w.lab, Now: func() time.Time { return now },
		Sessions: []s3.Session{first, {ID: "ASIAsecond", Secret: "s2", Token: "second"}},
	}
}

// renew ends the session of the function's role, which has another from then on.
func (w *world) renew() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.token = "second"
}

// later moves S3's clock.
func (w *world) later(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ahead = d
}

// files are a survey of a dmesg and dumps of these sizes.
func files(sizes ...int) dump.Survey {
	s := dump.Survey{Files: []dump.File{{Path: "/var/crash/202611220527/dmesg.202611220527", Kind: dump.KindDmesg, Size: 1000, Modified: 1795411648}}}
	for i, size := range sizes {
		s.Files = append(s.Files, dump.File{
			Path: "/var/crash/127.0.0.1-" + strconv.Itoa(i) + "/vmcore", Kind: dump.KindDump, Size: int64(size), Modified: 1795411649,
		})
	}
	return s
}

// start opens the uploads, with parts of one MiB so that small files have several.
func (w *world) start(s dump.Survey) dump.Collection {
	w.t.Helper()
	c, err := w.Start(w.t.Context(), caseID, s, 1<<30)
	if err != nil {
		w.t.Fatal(err)
	}
	for i := range c.Uploads {
		c.Uploads[i].PartSize = mib
	}
	return c
}

// sign signs a manifest and fetches it as a host does.
func (w *world) sign(c dump.Collection) (dump.Manifest, dump.Collection) {
	w.t.Helper()
	url, c, err := w.Sign(w.t.Context(), c)
	if err != nil {
		w.t.Fatal(err)
	}
	status, body := w.ask(http.MethodGet, url, nil)
	if status != http.StatusOK {
		w.t.Fatalf("the manifest: %d %s", status, body)
	}
	m, err := dump.ParseManifest(body)
	if err != nil {
		w.t.Fatal(err)
	}
	return m, c
}

func (w *world) ask(method, url string, body []byte) (int, []byte) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	out, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return resp.StatusCode, out
}

// content is what the host has of a file.
func content(f dump.File) []byte {
	b := make([]byte, f.Size)
	for i := range b {
		b[i] = byte(i ^ i>>8 ^ i>>16 ^ len(f.Path))
	}
	return b
}

// host sends what a manifest asks for, as the script does. It stops at the first refusal,
// and when it has sent as many parts as it may.
func (w *world) host(m dump.Manifest, most int) dump.Report {
	w.t.Helper()
	r := dump.Report{Seconds: 1}
	for _, f := range m.Files {
		body, sent := content(f.File), dump.Sent{Path: f.Path, State: dump.StateSent}
		for i, p := range dump.Parts(f.Size, f.PartSize) {
			if f.Parts[i].Sent || sent.State != dump.StateSent {
				continue
			}
			if most == 0 {
				sent.State = dump.StateLate
				continue
			}
			most--
			if sent.HTTP, _ = w.ask(http.MethodPut, f.Parts[i].URL, body[p.Offset:p.Offset+p.Size]); sent.HTTP == http.StatusOK {
				sent.Parts++
				sent.HTTP = 0
			} else {
				sent.State = dump.StateRefused
			}
		}
		if sent.State == dump.StateSent {
			sent.SHA256 = sumOf(body)
		}
		r.Files = append(r.Files, sent)
	}
	return r
}

func (w *world) finish(c dump.Collection, r dump.Report) dump.Collection {
	w.t.Helper()
	c, err := w.Finish(w.t.Context(), c, r)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// home fails the test unless every upload has become its file.
func (w *world) home(c dump.Collection) {
	w.t.Helper()
	for _, u := range c.Uploads {
		got, err := w.lab.Object(bucket, u.Key)
		if err != nil || !bytes.Equal(got, content(u.File)) {
			w.t.Errorf("%s has %d bytes, and differs from the %d of the file: %v", u.Key, len(got), u.File.Size, err)
		}
		if !u.Done || u.Lost != "" || u.SHA256 != sumOf(got) {
			w.t.Errorf("%+v", u)
		}
	}
	if c.Open() {
		w.t.Errorf("something is open: %+v", c)
	}
}

// objects are the keys in the bucket, without the manifest.
func (w *world) objects() []string {
	w.t.Helper()
	keys, err := w.lab.Keys(bucket)
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, k := range keys {
		if k != dump.ManifestKey(caseID) {
			out = append(out, k)
		}
	}
	return out
}

// putPart sends a part of any size, without a presigned URL.
func (w *world) putPart(u dump.Upload, n int32, size int) {
	w.t.Helper()
	client, ok := w.Uploads.(*sdk.Client)
	if !ok {
		w.t.Fatal("the store has another client")
	}
	_, err := client.UploadPart(w.t.Context(), &sdk.UploadPartInput{
		Bucket: aws.String(bucket), Key: &u.Key, UploadId: &u.ID, PartNumber: &n, Body: bytes.NewReader(make([]byte, size)),
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// unfinished is how many uploads are open in the bucket.
func (w *world) unfinished() int {
	w.t.Helper()
	client := sdk.New(sdk.Options{
		Region: "eu-central-1", BaseEndpoint: &w.endpoint, UsePathStyle: true, HTTPClient: http.DefaultClient,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "ASIAsecond", SecretAccessKey: "s2", SessionToken: "second"}, nil
		}),
	})
	w.fault = nil
	out, err := client.ListMultipartUploads(w.t.Context(), &sdk.ListMultipartUploadsInput{Bucket: aws.String(bucket)})
	if err != nil {
		w.t.Fatal(err)
	}
	return len(out.Uploads)
}

// refuseWith answers as S3 does when it cannot or will not.
func refuseWith(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_ = xml.NewEncoder(w).Encode(struct {
		XMLName xml.Name `xml:"Error"`
		Code    string
		Message string
	}{Code: code, Message: strings.ToLower(code)})
}
