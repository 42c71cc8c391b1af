package send_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"crashcart/lambda/aws/send"
	"crashcart/lambda/domain/guard"
)

var update = flag.Bool("update", false, "rewrite testdata/*.golden")

// proofs are the codes that prove that EC2 has sent nothing. Whatever is added to
// the code must be added here, with the same care.
var proofs = []string{
	"AuthFailure", "Blocked", "DryRunOperation", "ExpiredToken", "IncorrectInstanceState", "IncorrectState",
	"InvalidAction", "InvalidClientTokenId", "InvalidInstanceID.Malformed", "InvalidInstanceID.NotFound",
	"InvalidInstanceState", "InvalidState", "OperationNotPermitted", "OptInRequired", "PendingVerification",
	"RequestExpired", "SignatureDoesNotMatch", "UnauthorizedOperation", "UnsupportedOperation",
}

// rates are the proofs after which the same call may be sent again.
var rates = []string{"ClientRequestLimitExceeded", "RequestLimitExceeded", "Throttling", "ThrottlingException"}

// riddles are codes that prove nothing.
var riddles = []string{
	"", "InternalError", "InternalFailure", "RequestTimeout", "ServiceUnavailable", "Unavailable", "UnknownError", "Bogus",
	"unsupportedoperation", "UnsupportedOperation ", "Client.UnsupportedOperation", "InvalidInstanceID",
}

// nearDeath is the age of a permit that leaves no time to repeat a send.
const nearDeath = guard.PermitLife - 500*time.Millisecond

// says is an error of EC2 with that code, as the SDK gives it.
func says(code string, status int) error {
	return &smithy.OperationError{ServiceID: "EC2", OperationName: "SendDiagnosticInterrupt", Err: &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}},
		Err:      &smithy.GenericAPIError{Code: code, Message: "in EC2's words"},
	}}
}

// sendOnce sends once, with a permit of that age, against one answer for ever.
func sendOnce(t testing.TB, err error, dryRun bool, age time.Duration) (send.Result, *fakeEC2) {
	t.Helper()
	api := &fakeEC2{answers: []answer{{err: err}}}
	return sender(api, dryRun).Send(t.Context(), permit(t, dryRun, age)), api
}

func TestEveryAnswerOfEC2SaysWhatToDo(t *testing.T) {
	var golden strings.Builder
	for _, code := range slices.Concat(proofs, rates, riddles) {
		fmt.Fprintf(&golden, "%q\n", code)
		for _, dryRun := range []bool{false, true} {
			r, api := sendOnce(t, says(code, http.StatusBadRequest), dryRun, nearDeath)
			want := send.Rejected
			switch {
			case slices.Contains(riddles, code):
				want = send.Unknown
			case dryRun && code == "DryRunOperation":
				want = send.DryRun
			}
			if r.Kind != want || r.Code != code || len(api.calls) != 1 {
				t.Errorf("%q, dry run %v: %s (%q) after %d calls, want %s", code, dryRun, r.Kind, r.Code, len(api.calls), want)
			}
			fmt.Fprintf(&golden, "\t%s | %s\n", r.Kind, r.Why)
		}
	}
	path := filepath.Join("testdata", "answers.golden")
	if *update {
		if err := os.WriteFile(path, []byte(golden.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if golden.String() != string(want) {
		t.Errorf("%s differs (-update rewrites it); got\n%s", path, &golden)
	}
}

func TestWhatProvesNothingIsNeverSentAgainNorGivenBack(t *testing.T) {
	noCode := &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: 503}}, Err: errors.New("no body")}
	for name, err := range map[string]error{
		"an internal error":            says("InternalError", 500),
		"unavailable":                  says("Unavailable", 503),
		"service unavailable":          says("ServiceUnavailable", 503),
		"a 503 without a code":         noCode,
		"a 400 with a code of nobody":  says("Bogus", 400),
		"another service's throttling": says("ProvisionedThroughputExceededException", 400),
		"a timeout":                    context.DeadlineExceeded,
		"a cancelled context":          context.Canceled,
		"a connection that was reset":  &net.OpError{Op: "read", Err: syscall.ECONNRESET},
		"an answer that broke off":     io.ErrUnexpectedEOF,
		"the SDK cancelled it":         &smithy.CanceledError{Err: context.DeadlineExceeded},
	} {
		for _, dryRun := range []bool{false, true} {
			r, api := sendOnce(t, err, dryRun, 0)
			if r.Kind != send.Unknown || len(api.calls) != 1 || r.Why == "" {
				t.Errorf("%s, dry run %v: %s (%s) after %d calls", name, dryRun, r.Kind, r.Why, len(api.calls))
			}
		}
	}
}

func TestADryRunIsNeverTakenForTheRealThing(t *testing.T) {
	for _, c := range []struct {
		name   string
		err    error
		dryRun bool
		want   send.Kind
	}{
		{"EC2 accepts it", nil, false, send.Interrupted},
		{"EC2 would accept it", says("DryRunOperation", 412), true, send.DryRun},
		{"EC2 takes a dry run for real", nil, true, send.Unknown},
		{"EC2 takes the real thing for a dry run", says("DryRunOperation", 412), false, send.Rejected},
	} {
		r, api := sendOnce(t, c.err, c.dryRun, 0)
		if r.Kind != c.want || len(api.calls) != 1 || r.Why == "" {
			t.Errorf("%s: %s (%s) after %d calls, want %s", c.name, r.Kind, r.Why, len(api.calls), c.want)
		}
		if d := api.calls[0].dryRun; d == nil || *d != c.dryRun || api.calls[0].id != instanceID {
			t.Errorf("%s: sent %+v", c.name, api.calls[0])
		}
	}
}

// FuzzNoStrangeCodeEverProvesThatNothingWasSent looks for a code off the list
// that gives the claim back.
func FuzzNoStrangeCodeEverProvesThatNothingWasSent(f *testing.F) {
	for _, code := range slices.Concat(proofs, rates, riddles) {
		f.Add(code, false)
		f.Add(code, true)
	}
	f.Fuzz(func(t *testing.T, code string, dryRun bool) {
		r, api := sendOnce(t, says(code, 400), dryRun, nearDeath)
		listed := slices.Contains(proofs, code) || slices.Contains(rates, code)
		accepted := dryRun && code == "DryRunOperation"
		want := send.Unknown
		switch {
		case accepted:
			want = send.DryRun
		case listed:
			want = send.Rejected
		}
		if r.Kind != want || r.Code != code || len(api.calls) != 1 {
			t.Errorf("%q, dry run %v: %s (%q) after %d calls, want %s", code, dryRun, r.Kind, r.Code, len(api.calls), want)
		}
	})
}
