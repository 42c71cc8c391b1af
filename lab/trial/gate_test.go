package trial

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"crashcart/lab"
)

// guestly is a client in the place of the guest: whatever it asks for goes to the gate.
func guestly(t *testing.T, g *gate) *http.Client {
	t.Helper()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", g.store.At.String())
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// gated is a lab with a gate to it.
func gated(t *testing.T) (*lab.Lab, *gate) {
	t.Helper()
	l, err := lab.Start(lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	g, err := openGate(l.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l, g
}

func ask(t *testing.T, c *http.Client, method, url, body string, header ...string) (status int, said string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	out, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(out.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := out.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return out.StatusCode, string(text)
}

func TestNoByteOfASignedPartIsLostOnItsWayThroughTheGate(t *testing.T) {
	l, g := gated(t)
	signer := s3.NewPresignClient(s3.NewFromConfig(l.Config(), func(o *s3.Options) { o.UsePathStyle = true }))
	body := strings.Repeat("0123456789\n\x00\xff", 100_000)
	url, err := signer.PresignPutObject(t.Context(), &s3.PutObjectInput{
		Bucket: &l.BucketName, Key: aws.String("cases/x/dump/0-vmcore"), ContentLength: aws.Int64(int64(len(body))),
	})
	if err != nil {
		t.Fatal(err)
	}
	taken := make(chan string, 2)
	g.onTaken(func(object string) { taken <- object })
	if status, said := ask(t, guestly(t, g), http.MethodPut, url.URL+"0", body); status == http.StatusOK || len(taken) > 0 {
		t.Errorf("a URL that was tampered with: %d %s", status, said)
	}
	if status, said := ask(t, guestly(t, g), http.MethodPut, url.URL, body); status != http.StatusOK {
		t.Fatalf("%d: %s", status, said)
	}
	if len(taken) != 1 || <-taken != "0-vmcore" {
		t.Error("nobody heard that it was taken")
	}
	if got, err := l.Store.Object(l.BucketName, "cases/x/dump/0-vmcore"); err != nil || string(got) != body {
		t.Errorf("%d bytes came of %d, or others: %v", len(got), len(body), err)
	}
}

func TestNoGuestReachesAnotherServiceOfTheLab(t *testing.T) {
	l, g := gated(t)
	credential := func(service string) string {
		return "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=KEY%2F20261128%2Feu-central-1%2F" + service + "%2Faws4_request"
	}
	header := "AWS4-HMAC-SHA256 Credential=KEY/20261128/eu-central-1/ec2/aws4_request, SignedHeaders=host, Signature=00"
	for name, c := range map[string]struct {
		query  string
		header []string
	}{
		"unsigned":               {"", nil},
		"signed for EC2":         {credential("ec2"), nil},
		"in the header":          {"", []string{"Authorization", header}},
		"for S3 and for another": {credential("s3"), []string{"Authorization", header}},
	} {
		status, said := ask(t, guestly(t, g), http.MethodPost, l.URL+"/"+c.query, "Action=SendDiagnosticInterrupt", c.header...)
		if status != http.StatusForbidden || !strings.Contains(said, "and nothing else") {
			t.Errorf("%s: %d %q", name, status, said)
		}
	}
	if calls := l.Calls(); len(calls) > 0 {
		t.Errorf("the lab was asked: %+v", calls)
	}
}
