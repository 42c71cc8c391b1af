// Package awserr reads the errors of AWS's services.
//
// An error is known by the service's error code, never by its HTTP status: EC2 answers a
// 503 to a call that it throttled, and also to a call that it may have carried out. What
// a code proves is for the caller to know.
package awserr

import (
	"errors"
	"net"
	"slices"

	"github.com/aws/smithy-go"
)

// Code gives the service's error code. It is empty when there is no error, and when
// the error came from somewhere else, such as the connection.
func Code(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()
	}
	return ""
}

// throttling are the codes of a call that came too soon after others ("Error codes for
// the Amazon EC2 API", Amazon EC2 Developer Guide; "Common Errors", Amazon EC2 Auto
// Scaling API Reference; "Error handling with DynamoDB", Amazon DynamoDB Developer
// Guide).
var throttling = []string{
	"ClientRequestLimitExceeded",
	"ProvisionedThroughputExceededException",
	"RequestLimitExceeded",
	"Throttling",
	"ThrottlingException",
}

// Throttled says whether the service refused the call because there were too many.
func Throttled(err error) bool { return slices.Contains(throttling, Code(err)) }

// NeverConnected says whether the call failed before there was a connection. Nothing
// can have been sent then. The dial is the one step of which that is certain ("type
// OpError", documentation of Go's package net).
func NeverConnected(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}
