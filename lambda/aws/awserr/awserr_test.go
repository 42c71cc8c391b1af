package awserr_test

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"crashcart/lambda/aws/awserr"
)

// wrapped is an error as a client of the SDK gives it.
func wrapped(err error) error {
	return fmt.Errorf("calling: %w", &smithy.OperationError{ServiceID: "EC2", OperationName: "Anything", Err: err})
}

func coded(code string) error {
	return wrapped(&smithy.GenericAPIError{Code: code, Message: "no"})
}

// failed is an error of the connection, in the step op.
func failed(op string) error {
	return wrapped(&smithyhttp.RequestSendError{
		Err: &url.Error{Op: "Post", URL: "https://ec2.invalid/", Err: &net.OpError{Op: op, Net: "tcp", Err: syscall.ECONNREFUSED}},
	})
}

func TestTheCodeIsTheServicesOwn(t *testing.T) {
	for want, err := range map[string]error{
		"":                             failed("dial"),
		"UnauthorizedOperation":        coded("UnauthorizedOperation"),
		"TransactionConflictException": wrapped(&types.TransactionConflictException{}),
	} {
		if got := awserr.Code(err); got != want {
			t.Errorf("%v: code %q, want %q", err, got, want)
		}
	}
	if got := awserr.Code(nil); got != "" {
		t.Errorf("no error has the code %q", got)
	}
}

func TestOnlyTheRateIsThrottling(t *testing.T) {
	for code, want := range map[string]bool{
		"ClientRequestLimitExceeded": true, "ProvisionedThroughputExceededException": true,
		"RequestLimitExceeded": true, "Throttling": true, "ThrottlingException": true,
		"": false, "InternalError": false, "Unavailable": false, "throttling": false, "LimitExceeded": false,
		"TransactionConflictException": false, "ResourceContention": false,
	} {
		if got := awserr.Throttled(coded(code)); got != want {
			t.Errorf("%q: %t", code, got)
		}
	}
	if awserr.Throttled(nil) || awserr.Throttled(errors.New("Throttling")) {
		t.Error("no code is throttling")
	}
}

func TestOnlyADialProvesThatNothingWasSent(t *testing.T) {
	for op, want := range map[string]bool{"dial": true, "read": false, "write": false, "close": false, "": false} {
		if got := awserr.NeverConnected(failed(op)); got != want {
			t.Errorf("%q: %t", op, got)
		}
	}
	if awserr.NeverConnected(nil) || awserr.NeverConnected(coded("dial")) || awserr.NeverConnected(errors.New("dial tcp")) {
		t.Error("there was a connection, or nobody knows")
	}
}
