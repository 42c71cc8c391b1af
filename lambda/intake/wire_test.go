package intake_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
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

// TestNothingIsEverLeftUnwired is for a client, a clock or a bound that is there but
// empty. The linter sees those that are not named at all.
func TestNothingIsEverLeftUnwired(t *testing.T) {
	h := wiredIn(t, "http://127.0.0.1:1", config.ModeAuto) // in which everything is switched on
	for _, path := range unwired("Handler", reflect.ValueOf(h)) {
		t.Errorf("%s is not wired", path)
	}
	h.Resolver.Targets.Interfaces, h.Guard.Now = nil, nil
	if got := unwired("Handler", reflect.ValueOf(h)); !slices.Equal(got, []string{"Handler.Resolver.Targets.Interfaces", "Handler.Guard.Now"}) {
		t.Errorf("of two that are missing it finds %v", got)
	}
}

// unwired names the exported fields that are empty, of v and of all parts of v that
// are Crashcart's own.
func unwired(path string, v reflect.Value) (empty []string) {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	own := strings.HasPrefix(v.Type().PkgPath(), "crashcart/lambda/") && v.Type() != reflect.TypeFor[config.Config]()
	if v.Kind() != reflect.Struct || !own {
		return nil
	}
	for i := range v.NumField() {
		field := v.Type().Field(i)
		switch name := path + "." + field.Name; {
		case !field.IsExported():
		case v.Field(i).IsZero():
			empty = append(empty, name)
		default:
			empty = append(empty, unwired(name, v.Field(i))...)
		}
	}
	return empty
}

// wired is the handler as the function wires it, on one endpoint for all.
func wired(t *testing.T, endpoint string) *intake.Handler {
	t.Helper()
	return wiredIn(t, endpoint, config.ModeDryRun)
}

func wiredIn(t *testing.T, endpoint string, mode config.Mode) *intake.Handler {
	t.Helper()
	c, err := config.FromEnv([]string{
		"AWS_REGION=eu-central-1", "AWS_ENDPOINT_URL=" + endpoint, config.EnvMode + "=" + string(mode),
		config.EnvTable + "=casebook", config.EnvBucket + "=evidence", config.EnvQueueURL + "=" + endpoint + "/intake",
		config.EnvFollowupQueueURL + "=" + endpoint + "/followup",
		config.EnvTopic + "=arn:aws:sns:eu-central-1:111122223333:crashcart-notifications",
	})
	if err != nil {
		t.Fatal(err)
	}
	return intake.Wire(c, intake.AWS(c, func(string) string { return "lab" }), io.Discard)
}
