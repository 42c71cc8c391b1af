//go:build versitygw

package versitytest

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"crashcart/lambda/aws/collect"
	"crashcart/lambda/domain/dump"
)

const (
	bucket = "evidence"
	caseID = "i-0a1b2c3d4e5f60718-0123456789abcdef"
	// part is the size of the product's parts, in bytes, of a file as small as this one.
	part = 16 << 20
	// program is versitygw's path.
	program = "VERSITYGW"
)

// gateway starts versitygw over an empty folder, and gives a client of it.
func gateway(t *testing.T) *s3.Client {
	t.Helper()
	path := os.Getenv(program)
	if path == "" {
		t.Fatalf("%s is not set: run make test-versitygw", program)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "--port", at, "--access", "lab", "--secret", "lab-secret", "--region", "eu-central-1", "posix", t.TempDir())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
	client := s3.New(s3.Options{
		Region: "eu-central-1", BaseEndpoint: aws.String("http://" + at), UsePathStyle: true,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "lab", SecretAccessKey: "lab-secret"}, nil
		}),
	})
	answers(t, client)
	return client
}

// answers waits until the bucket is made.
func answers(t *testing.T, client *s3.Client) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	late := time.After(30 * time.Second)
	for {
		_, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String(bucket)})
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatal(err)
		}
	}
}

// store is the product's, over a client. Its URLs last for so long.
func store(client *s3.Client, life time.Duration) collect.Store {
	return collect.Store{
		Uploads: client, Objects: client, Bucket: bucket,
		Signer: s3.NewPresignClient(client, s3.WithPresignExpires(life)),
	}
}

// put sends a body to a URL as the host's script does, and gives the status. It is 0 when
// the connection was cut: versitygw refuses without reading to the end.
func put(t *testing.T, url string, body []byte) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

// manifest fetches the manifest by its URL.
func manifest(t *testing.T, url string) dump.Manifest {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	m, err := dump.ParseManifest(text)
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return m
}

func random(t *testing.T, size int) []byte {
	t.Helper()
	b := make([]byte, size)
	_, _ = rand.Read(b)
	return b
}

func TestNoByteOfADumpIsLostInAnotherS3(t *testing.T) {
	client := gateway(t)
	s, body := store(client, time.Hour), random(t, 2*part+12345)
	f := dump.File{Path: "/var/crash/202611220527/dump.202611220527", Kind: dump.KindDump, Size: int64(len(body)), Modified: 1}
	c, err := s.Start(t.Context(), caseID, dump.Survey{Files: []dump.File{f}}, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	url, c, err := s.Sign(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	parts := manifest(t, url).Files[0].Parts
	if len(parts) != 3 {
		t.Fatalf("%+v", parts)
	}
	piece := func(n int) []byte { return body[n*part : min((n+1)*part, len(body))] }

	// What is tampered with, or of another size, is refused.
	if status := put(t, strings.Replace(parts[1].URL, "partNumber=2", "partNumber=3", 1), piece(2)); status != 0 && status != http.StatusForbidden {
		t.Errorf("another part's number: status %d", status)
	}
	if status := put(t, parts[1].URL, piece(1)[1:]); status == http.StatusOK {
		t.Error("a part that is too short was taken")
	}
	if status := put(t, parts[0].URL, piece(0)); status != http.StatusOK {
		t.Fatalf("the first part: status %d", status)
	}

	// A URL that has ended is refused, and the next manifest keeps the part that has arrived.
	short, _, err := store(client, time.Second).Sign(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	ending := manifest(t, short).Files[0].Parts
	if !ending[0].Sent || ending[1].Sent {
		t.Fatalf("the second manifest: %+v", ending)
	}
	<-time.After(2100 * time.Millisecond) // what ends is the URL's own second
	if status := put(t, ending[1].URL, piece(1)); status != 0 && status != http.StatusForbidden {
		t.Errorf("a URL that has ended: status %d", status)
	}
	url, c, err = s.Sign(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	last := manifest(t, url).Files[0].Parts
	for n := 1; n < 3; n++ {
		if status := put(t, last[n].URL, piece(n)); status != http.StatusOK {
			t.Fatalf("part %d: status %d", n+1, status)
		}
	}
	whole(t, client, s, c, f, body)
	if status := put(t, last[2].URL, piece(2)); status == http.StatusOK {
		t.Error("a URL is of use after its upload is complete")
	}
}

// whole completes the upload and compares the object with the file.
func whole(t *testing.T, client *s3.Client, s collect.Store, c dump.Collection, f dump.File, body []byte) {
	t.Helper()
	sum := sha256.Sum256(body)
	c, err := s.Finish(t.Context(), c, dump.Report{Files: []dump.Sent{{Path: f.Path, State: dump.StateSent, Parts: 3, SHA256: hex.EncodeToString(sum[:])}}})
	if err != nil || !c.Uploads[0].Done {
		t.Fatalf("%+v, %v", c.Uploads, err)
	}
	out, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String(bucket), Key: &c.Uploads[0].Key})
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	if got, err := io.ReadAll(out.Body); err != nil || !bytes.Equal(got, body) {
		t.Errorf("%d bytes, %v; the file has %d", len(got), err, len(body))
	}
}
