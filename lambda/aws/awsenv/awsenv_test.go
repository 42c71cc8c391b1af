package awsenv_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"crashcart/lambda/aws/awsenv"
)

// role is what Lambda gives a function.
var role = map[string]string{
	"AWS_ACCESS_KEY_ID": "ASIALAB0000000000003", "AWS_SECRET_ACCESS_KEY": "lab-secret", "AWS_SESSION_TOKEN": "lab-session",
}

func config(endpoint string, environ map[string]string, timeout time.Duration) aws.Config {
	return awsenv.Config("eu-central-1", endpoint, func(name string) string { return environ[name] }, timeout)
}

// A role's keys are worth nothing without their session token.
func TestTheKeysAreTheRolesWithTheirToken(t *testing.T) {
	keys, err := config("", role, time.Second).Credentials.Retrieve(t.Context())
	if err != nil || keys.AccessKeyID != "ASIALAB0000000000003" || keys.SecretAccessKey != "lab-secret" || keys.SessionToken != "lab-session" || keys.CanExpire {
		t.Errorf("%+v, %v", keys, err)
	}
}

func TestOutOfNothingComeNoKeys(t *testing.T) {
	for _, environ := range []map[string]string{
		nil, {"AWS_ACCESS_KEY_ID": "ASIALAB0000000000003"}, {"AWS_SECRET_ACCESS_KEY": "lab-secret"}, {"AWS_SESSION_TOKEN": "lab-session"},
	} {
		_, err := config("", environ, time.Second).Credentials.Retrieve(t.Context())
		if err == nil || !strings.Contains(err.Error(), "the environment has no AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY") {
			t.Errorf("%v: %v", environ, err)
		}
	}
}

// Whoever runs the operator's command has an endpoint and a Region of their own.
func TestNothingElseIsReadFromTheProcess(t *testing.T) {
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
	t.Setenv("AWS_REGION", "us-east-1")
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIASOMEBODYELSE0001")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "another-secret")
	sdk := config("", nil, time.Second)
	if sdk.BaseEndpoint != nil || sdk.Region != "eu-central-1" {
		t.Errorf("it goes to %s in %s", aws.ToString(sdk.BaseEndpoint), sdk.Region)
	}
	if keys, err := sdk.Credentials.Retrieve(t.Context()); err == nil {
		t.Errorf("as %s", keys.AccessKeyID)
	}
	if got := aws.ToString(config("http://127.0.0.1:8080", nil, time.Second).BaseEndpoint); got != "http://127.0.0.1:8080" {
		t.Errorf("it goes to %q", got)
	}
}

func get(ctx context.Context, client aws.HTTPClient, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	return answer.Body.Close()
}

func TestAConnectionThatHangsNeverEatsTheInvocation(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(server.Close)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err := get(ctx, config(server.URL, role, 50*time.Millisecond).HTTPClient, server.URL)
	if !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
		t.Errorf("it ended with %v, the test's context with %v", err, ctx.Err())
	}
}

// A round's calls side by side open a connection each, which costs a TLS handshake;
// the next round must find them again.
func TestARoundNeverConnectsAgain(t *testing.T) {
	const calls = 16
	var (
		opened atomic.Int32
		round  sync.WaitGroup
	)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		round.Done()
		round.Wait() // for the others, so that they are side by side
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	client := config(server.URL, role, time.Minute).HTTPClient
	for range 3 {
		var all sync.WaitGroup
		round.Add(calls)
		for range calls {
			all.Go(func() {
				if err := get(t.Context(), client, server.URL); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
	if n := opened.Load(); n != calls {
		t.Errorf("%d connections for three rounds of %d calls", n, calls)
	}
}
