package send_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"crashcart/lambda/aws/send"
)

// reply is what EC2's endpoint answers: a status and a body, or it hangs up, or
// says nothing at all.
type reply struct {
	status int
	body   string
	hangUp bool
	silent bool
}

const accepted = `<SendDiagnosticInterruptResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">` +
	`<requestId>r-1</requestId><return>true</return></SendDiagnosticInterruptResponse>`

// problem is EC2's XML for an error.
func problem(code string) string {
	return fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?><Response><Errors><Error><Code>%s</Code>`+
		`<Message>no</Message></Error></Errors><RequestID>r-2</RequestID></Response>`, code)
}

// endpoint is EC2's endpoint on loopback. It keeps the form of every request,
// and gives the last reply for ever.
type endpoint struct {
	*httptest.Server
	replies []reply

	mu    sync.Mutex
	forms []url.Values
}

func newEndpoint(t *testing.T, replies ...reply) *endpoint {
	e := &endpoint{replies: replies}
	e.Server = httptest.NewServer(e)
	t.Cleanup(e.Close)
	return e
}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	e.mu.Lock()
	say := e.replies[min(len(e.forms), len(e.replies)-1)]
	e.forms = append(e.forms, r.PostForm)
	e.mu.Unlock()
	switch {
	case say.silent:
		<-r.Context().Done()
	case say.hangUp:
		panic(http.ErrAbortHandler)
	default:
		if say.status == http.StatusTemporaryRedirect {
			w.Header().Set("Location", r.URL.Path)
		}
		w.WriteHeader(say.status)
		_, _ = w.Write([]byte(say.body)) // the client may be gone, which is its own matter
	}
}

func (e *endpoint) seen() []url.Values {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.forms
}

// sdk is the SDK's configuration for this endpoint; in an eager one somebody has
// configured the SDK's own retries.
func sdk(at string, eager bool) aws.Config {
	c := aws.Config{
		Region: "eu-central-1", BaseEndpoint: &at,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "not a secret"}, nil
		}),
	}
	if eager {
		c.RetryMaxAttempts, c.RetryMode = 5, aws.RetryModeAdaptive
		c.Retryer = func() aws.Retryer { return retry.NewStandard() }
	}
	return c
}

func TestTheSDKNeverSendsByItself(t *testing.T) {
	ok, throttled := reply{status: 200, body: accepted}, reply{status: 503, body: problem("RequestLimitExceeded")}
	for _, c := range []struct {
		name     string
		replies  []reply
		dryRun   bool
		kind     send.Kind
		code     string
		requests int
	}{
		{"accepted", []reply{ok}, false, send.Interrupted, "", 1},
		{"a dry run", []reply{{status: 412, body: problem("DryRunOperation")}}, true, send.DryRun, "DryRunOperation", 1},
		{"unsupported", []reply{{status: 400, body: problem("UnsupportedOperation")}}, false, send.Rejected, "UnsupportedOperation", 1},
		{"unauthorized", []reply{{status: 403, body: problem("UnauthorizedOperation")}}, true, send.Rejected, "UnauthorizedOperation", 1},
		{"its clock is off", []reply{{status: 400, body: problem("RequestExpired")}, ok}, false, send.Rejected, "RequestExpired", 1},
		{"an internal error", []reply{{status: 500, body: problem("InternalError")}, ok}, false, send.Unknown, "InternalError", 1},
		{"unavailable", []reply{{status: 503, body: problem("Unavailable")}, ok}, false, send.Unknown, "Unavailable", 1},
		{"a 500 with nothing in it", []reply{{status: 500}, ok}, false, send.Unknown, "", 1},
		{"a 503 that is not XML", []reply{{status: 503, body: "upstream connect error"}, ok}, false, send.Unknown, "", 1},
		{"a 403 that is not XML", []reply{{status: 403, body: "blocked by a proxy"}, ok}, false, send.Unknown, "", 1},
		{"a 429 without a code", []reply{{status: 429}, ok}, false, send.Unknown, "", 1},
		{"a redirect", []reply{{status: http.StatusTemporaryRedirect}, ok}, false, send.Unknown, "", 1},
		{"the connection is closed", []reply{{hangUp: true}, ok}, false, send.Unknown, "", 1},
		{"throttled, then accepted", []reply{throttled, ok}, false, send.Interrupted, "", 2},
		{"throttled, then the connection is closed", []reply{throttled, {hangUp: true}, ok}, false, send.Unknown, "", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, eager := range []bool{false, true} {
				e := newEndpoint(t, c.replies...)
				client := send.NewClient(sdk(e.URL, eager), time.Minute)
				r := sender(client, c.dryRun).Send(t.Context(), permit(t, c.dryRun, 0))
				if r.Kind != c.kind || (c.code != "" && r.Code != c.code) {
					t.Errorf("eager %v: %s (%s), want %s", eager, r.Kind, r.Why, c.kind)
				}
				forms := e.seen()
				if len(forms) != c.requests {
					t.Errorf("eager %v: %d requests, want %d", eager, len(forms), c.requests)
				}
				for _, form := range forms {
					got := fmt.Sprint(form.Get("Action"), " ", form["InstanceId"], " ", form["DryRun"])
					if want := fmt.Sprintf("SendDiagnosticInterrupt [%s] [%v]", instanceID, c.dryRun); got != want {
						t.Errorf("eager %v: sent %s, want %s", eager, got, want)
					}
				}
			}
		})
	}
}

func TestAnAnswerThatDoesNotComeIsNeverAskedForAgain(t *testing.T) {
	for _, eager := range []bool{false, true} {
		e := newEndpoint(t, reply{silent: true})
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		r := sender(send.NewClient(sdk(e.URL, eager), time.Minute), false).Send(ctx, permit(t, false, 0))
		cancel()
		if n := len(e.seen()); r.Kind != send.Unknown || n != 1 {
			t.Errorf("eager %v: %s (%s) after %d requests", eager, r.Kind, r.Why, n)
		}
	}
}
