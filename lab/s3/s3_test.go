package s3_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"

	"crashcart/lab/pace"
	"crashcart/lab/s3"
)

func TestWhatIsPutIsThereAndNowhereElse(t *testing.T) {
	store, err := s3.New("evidence")
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(pace.Handler(store))
	defer srv.Close()
	client := sdk.New(sdk.Options{
		Region: "eu-central-1", BaseEndpoint: aws.String(srv.URL), UsePathStyle: true, HTTPClient: http.DefaultClient,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "lab", SecretAccessKey: "lab"}, nil
		}),
	})
	for key, body := range map[string]string{"cases/b/console.txt": "two", "cases/a/console.txt": "one"} {
		if _, err := client.PutObject(t.Context(), &sdk.PutObjectInput{Bucket: aws.String("evidence"), Key: aws.String(key), Body: strings.NewReader(body)}); err != nil {
			t.Fatal(err)
		}
	}
	if keys, err := store.Keys("evidence"); err != nil || !slices.Equal(keys, []string{"cases/a/console.txt", "cases/b/console.txt"}) {
		t.Errorf("keys %v, %v", keys, err)
	}
	if body, err := store.Object("evidence", "cases/a/console.txt"); err != nil || string(body) != "one" {
		t.Errorf("object %q, %v", body, err)
	}
	out, err := client.GetObject(t.Context(), &sdk.GetObjectInput{Bucket: aws.String("evidence"), Key: aws.String("cases/b/console.txt")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = out.Body.Close() }()
	if body, err := io.ReadAll(out.Body); err != nil || string(body) != "two" {
		t.Errorf("body %q, %v", body, err)
	}
	if _, err := store.Object("evidence", "cases/none"); err == nil {
		t.Error("an object that was never put")
	}
	if _, err := store.Keys("other"); err == nil {
		t.Error("a bucket that was never made")
	}
	_, err = client.PutObject(t.Context(), &sdk.PutObjectInput{Bucket: aws.String("other"), Key: aws.String("k"), Body: strings.NewReader("x")})
	if err == nil || !strings.Contains(err.Error(), "NoSuchBucket") {
		t.Errorf("a put into no bucket: %v", err)
	}
}
