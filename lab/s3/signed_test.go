package s3_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"

	"crashcart/lab/pace"
	"crashcart/lab/s3"
)

// signedStore is a store behind the check of signatures, a client with the session's
// credentials, and a clock that the test sets.
type signedStore struct {
	store  *s3.Store
	client *sdk.Client
	ahead  time.Duration
}

const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" // that of AWS's documentation

func newSigned(t *testing.T, held string) *signedStore {
	return newSession(t, held, "a+token/with=signs")
}

// newSession has a client that holds a secret and a token, the right ones or others.
func newSession(t *testing.T, held, token string) *signedStore {
	t.Helper()
	store, err := s3.New("evidence")
	if err != nil {
		t.Fatal(err)
	}
	s := &signedStore{store: store}
	srv := httptest.NewServer(pace.Handler(s3.Signed{
		Store: store, Now: func() time.Time { return time.Now().Add(s.ahead) },
		Sessions: []s3.Session{{ID: "ASIALAB", Secret: secret, Token: "a+token/with=signs", Ends: time.Now().Add(30 * time.Minute)}},
	}))
	t.Cleanup(srv.Close)
	s.client = sdk.New(sdk.Options{
		Region: "eu-central-1", BaseEndpoint: aws.String(srv.URL), UsePathStyle: true, HTTPClient: http.DefaultClient, RetryMaxAttempts: 1,
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "ASIALAB", SecretAccessKey: held, SessionToken: token}, nil
		}),
	})
	return s
}

// presign gives the URL of a part of 5 bytes, for a quarter of an hour.
func (s *signedStore) presign(t *testing.T) string {
	t.Helper()
	up, err := s.client.CreateMultipartUpload(t.Context(), &sdk.CreateMultipartUploadInput{Bucket: aws.String("evidence"), Key: aws.String("cases/c 1/0-dump")})
	if err != nil {
		t.Fatal(err)
	}
	req, err := sdk.NewPresignClient(s.client, sdk.WithPresignExpires(15*time.Minute)).PresignUploadPart(t.Context(), &sdk.UploadPartInput{
		Bucket: aws.String("evidence"), Key: aws.String("cases/c 1/0-dump"), UploadId: up.UploadId, PartNumber: aws.Int32(1), ContentLength: aws.Int64(5),
	})
	if err != nil {
		t.Fatal(err)
	}
	return req.URL
}

func put(t *testing.T, url, body string, header ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, url, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func TestASignedURLIsLetThrough(t *testing.T) {
	s := newSigned(t, secret)
	if status, text := put(t, s.presign(t), "hello"); status != http.StatusOK {
		t.Errorf("%d %s", status, text)
	}
}

func TestAURLThatWasTamperedWithIsNeverLetThrough(t *testing.T) {
	s := newSigned(t, secret)
	url := s.presign(t)
	for name, other := range map[string]string{
		"another part":    strings.Replace(url, "partNumber=1", "partNumber=2", 1),
		"another object":  strings.Replace(url, "0-dump", "1-dump", 1),
		"a longer life":   strings.Replace(url, "X-Amz-Expires=900", "X-Amz-Expires=9000", 1),
		"another session": strings.Replace(url, "with%3Dsigns", "with%3Dsign", 1),
		"another key":     strings.Replace(url, "ASIALAB", "ASIALIB", 1),
		"more of a query": url + "&tagging",
		"no signature":    url[:strings.Index(url, "?")],
		"a life too long": strings.Replace(url, "X-Amz-Expires=900", "X-Amz-Expires="+strconv.Itoa(8*24*3600), 1),
	} {
		if other == url {
			t.Fatalf("%s: nothing was tampered with in %s", name, url)
		}
		if status, _ := put(t, other, "hello"); status < 400 {
			t.Errorf("%s: %d", name, status)
		}
	}
	if status, text := put(t, url, "hello, and more"); status != http.StatusForbidden {
		t.Errorf("a part of another size: %d %s", status, text)
	}
	if status, text := put(t, url, "hello", "X-Amz-Meta-Owner", "me"); status != http.StatusForbidden || !strings.Contains(text, "not signed") {
		t.Errorf("a header that was not signed: %d %s", status, text)
	}
}

func TestNothingIsLetThroughAfterItsEnd(t *testing.T) {
	s := newSigned(t, secret)
	url := s.presign(t)
	s.ahead = 16 * time.Minute
	if status, text := put(t, url, "hello"); status != http.StatusForbidden || !strings.Contains(text, "Request has expired") {
		t.Errorf("an expired URL: %d %s", status, text)
	}
	s.ahead = -20 * time.Minute
	if status, _ := put(t, url, "hello"); status != http.StatusForbidden {
		t.Errorf("a URL from the future: %d", status)
	}
	s.ahead = 31 * time.Minute
	long := strings.Replace(url, "X-Amz-Expires=900", "X-Amz-Expires=3600", 1)
	if status, _ := put(t, long, "hello"); status < 400 {
		t.Errorf("a URL of a session that has ended: %d", status)
	}
}

func TestTheEndOfASessionEndsItsURLs(t *testing.T) {
	s := newSigned(t, secret)
	req, err := sdk.NewPresignClient(s.client, sdk.WithPresignExpires(time.Hour)).PresignGetObject(t.Context(), &sdk.GetObjectInput{
		Bucket: aws.String("evidence"), Key: aws.String("k"),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.ahead = 31 * time.Minute
	resp, err := http.Get(req.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if text, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusBadRequest || !strings.Contains(string(text), "ExpiredToken") {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
}

func TestAWrongSecretOrTokenIsNeverLetThrough(t *testing.T) {
	for want, s := range map[string]*signedStore{
		"SignatureDoesNotMatch": newSigned(t, "another secret"),
		"InvalidToken":          newSession(t, secret, ""), // the key alone, signed as it should be
	} {
		_, err := s.client.PutObject(t.Context(), &sdk.PutObjectInput{Bucket: aws.String("evidence"), Key: aws.String("k"), Body: strings.NewReader("x")})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
		if keys, err := s.store.Keys("evidence"); err != nil || len(keys) > 0 {
			t.Errorf("%v, %v", keys, err)
		}
	}
}

func TestAURLNeverOutlivesItsTimeOnAClockThatRunsFaster(t *testing.T) {
	store, err := s3.New("evidence")
	if err != nil {
		t.Fatal(err)
	}
	var age time.Duration
	srv := httptest.NewServer(pace.Handler(s3.Signed{
		Store: store, Now: time.Now, Age: func(time.Time) time.Duration { return age },
		Find: func(id string) (s3.Session, bool) { return s3.Session{ID: id, Secret: secret}, id == "ASIALAB" },
	}))
	t.Cleanup(srv.Close)
	client := func(id string) *sdk.Client {
		return sdk.New(sdk.Options{
			Region: "eu-central-1", BaseEndpoint: aws.String(srv.URL), UsePathStyle: true, HTTPClient: http.DefaultClient, RetryMaxAttempts: 1,
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}, nil
			}),
		})
	}
	s := &signedStore{store: store, client: client("ASIALAB")}
	url := s.presign(t)
	age = 16 * time.Minute
	if status, text := put(t, url, "hello"); status != http.StatusForbidden || !strings.Contains(text, "Request has expired") {
		t.Errorf("an expired URL: %d %s", status, text)
	}
	_ = s.presign(t) // a request that is signed in its header is as old as on the wall
	age = 14 * time.Minute
	if status, text := put(t, url, "hello"); status != http.StatusOK {
		t.Errorf("%d %s", status, text)
	}
	if _, err := client("ASIALIB").ListBuckets(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "InvalidAccessKeyId") {
		t.Errorf("a session that there is not: %v", err)
	}
}
