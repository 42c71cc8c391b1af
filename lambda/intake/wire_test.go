package intake_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"crashcart/lambda/aws/send"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/intake"
)

// TestWhatIsWiredNeverSendsTwice asks the real wiring's clients, because a test
// of send.NewClient says nothing about which client the handler was given.
func TestWhatIsWiredNeverSendsTwice(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"an internal error":        func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"unavailable":              func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		"the connection is closed": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		for kind, pick := range map[string]func(*intake.Handler) send.API{
			"live":    func(h *intake.Handler) send.API { return h.Live.(*send.Live).API },
			"dry-run": func(h *intake.Handler) send.API { return h.Dry.(*send.Dry).API },
		} {
			t.Run(kind+", "+name, func(t *testing.T) {
				t.Parallel()
				var (
					mu       sync.Mutex
					requests int
				)
				endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					mu.Lock()
					requests++
					mu.Unlock()
					answer(w, r)
				}))
				defer endpoint.Close()
				api := pick(wired(t, endpoint.URL))
				_, err := api.SendDiagnosticInterrupt(t.Context(), &ec2.SendDiagnosticInterruptInput{InstanceId: aws.String(webA), DryRun: aws.Bool(true)})
				mu.Lock()
				defer mu.Unlock()
				if err == nil || requests != 1 {
					t.Errorf("%d requests (%v), want 1", requests, err)
				}
			})
		}
	}
}

// The others must retry: one throttled describe would lose a host for a minute.
func TestWhatIsWiredToAskRetries(t *testing.T) {
	var (
		mu       sync.Mutex
		requests int
	)
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		requests++
		w.WriteHeader(http.StatusInternalServerError)
	}))
	defer endpoint.Close()
	_, err := wired(t, endpoint.URL).Resolver.EC2.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{})
	mu.Lock()
	defer mu.Unlock()
	if err == nil || requests < 2 {
		t.Errorf("%d requests (%v), want more than one", requests, err)
	}
}

// wired is the handler as the function wires it, on one endpoint for all.
func wired(t *testing.T, endpoint string) *intake.Handler {
	t.Helper()
	c, err := config.FromEnv([]string{
		"AWS_REGION=eu-central-1", "AWS_ENDPOINT_URL=" + endpoint,
		config.EnvTable + "=casebook", config.EnvBucket + "=evidence", config.EnvQueueURL + "=" + endpoint + "/intake",
		config.EnvTopic + "=arn:aws:sns:eu-central-1:111122223333:crashcart-notifications",
	})
	if err != nil {
		t.Fatal(err)
	}
	return intake.Wire(c, intake.AWS(c, func(string) string { return "lab" }), io.Discard)
}
