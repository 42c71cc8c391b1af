package send_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"crashcart/lambda/aws/send"
)

// refused is the error of a connection that never stood, as the SDK gives it.
func refused(op string) error {
	return &smithy.OperationError{ServiceID: "EC2", OperationName: "SendDiagnosticInterrupt", Err: &smithyhttp.RequestSendError{
		Err: &url.Error{Op: "Post", URL: "https://ec2.invalid/", Err: &net.OpError{Op: op, Net: "tcp", Err: syscall.ECONNREFUSED}},
	}}
}

// Only where no connection ever stood is it certain that nothing was sent.
func TestOnlyAConnectionThatNeverStoodProvesThatNothingWasSent(t *testing.T) {
	for op, want := range map[string]send.Kind{
		"dial":  send.Void,
		"read":  send.Unknown,
		"write": send.Unknown,
		"close": send.Unknown,
		"":      send.Unknown,
	} {
		for _, dryRun := range []bool{false, true} {
			r, api := sendOnce(t, refused(op), dryRun, 0)
			if r.Kind != want || r.Code != "" || len(api.calls) != 1 {
				t.Errorf("%q, dry run %v: %s (%s) after %d calls, want %s", op, dryRun, r.Kind, r.Why, len(api.calls), want)
			}
		}
	}
}

func TestAnEndpointThatCannotBeReachedVoidsTheSend(t *testing.T) {
	e := httptest.NewServer(http.NotFoundHandler())
	e.Close() // nobody listens there any more
	client := send.NewClient(sdk(e.URL, true), time.Minute)
	if r := sender(client, false).Send(t.Context(), permit(t, false, 0)); r.Kind != send.Void {
		t.Errorf("%s (%s), want void", r.Kind, r.Why)
	}
}

// A proxy or captive portal that redirects must not make a second request: the
// first may have been carried out.
func TestARedirectIsNeverFollowed(t *testing.T) {
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		var (
			mu    sync.Mutex
			paths []string
		)
		e := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			paths = append(paths, r.Method+" "+r.URL.Path)
			if r.URL.Path == "/" {
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(status)
				return
			}
			_, _ = fmt.Fprint(w, accepted) // the client may be gone, which is its own matter
		}))
		r := sender(send.NewClient(sdk(e.URL, false), time.Minute), false).Send(t.Context(), permit(t, false, 0))
		e.Close()
		if r.Kind != send.Unknown || len(paths) != 1 {
			t.Errorf("%d: %s (%s) after %v", status, r.Kind, r.Why, paths)
		}
	}
}

// A kept connection that turns out to be closed makes net/http send again.
func TestNoConnectionIsEverUsedTwice(t *testing.T) {
	var (
		mu          sync.Mutex
		connections int
		requests    int
	)
	e := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		requests++
		_, _ = fmt.Fprint(w, accepted) // the client may be gone, which is its own matter
	}))
	e.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		mu.Lock()
		defer mu.Unlock()
		if s == http.StateNew {
			connections++
		}
	}
	e.Start()
	defer e.Close()
	client := send.NewClient(sdk(e.URL, false), time.Minute)
	for range 3 {
		if r := sender(client, false).Send(t.Context(), permit(t, false, 0)); r.Kind != send.Interrupted {
			t.Fatalf("%s (%s)", r.Kind, r.Why)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if requests != 3 || connections != 3 {
		t.Errorf("%d requests on %d connections, want 3 on 3", requests, connections)
	}
}
