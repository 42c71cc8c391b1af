package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"

	"crashcart/lambda/domain/config"
)

// deniedAction finds the action in IAM's words ("Troubleshoot access denied error
// messages", AWS Identity and Access Management User Guide). Where a transaction is
// denied, IAM names the action of one of its parts.
var deniedAction = regexp.MustCompile(`not authorized to perform: ([a-z0-9-]+:[A-Za-z0-9]+)`)

// notAccepted are the codes of credentials that AWS does not take ("Common Errors" of
// the Amazon DynamoDB, AWS Lambda and AWS CloudFormation API References).
var notAccepted = []string{
	"ExpiredTokenException", "ExpiredToken", "UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException", "SignatureDoesNotMatch",
}

// advise turns an error of AWS into one that says what to do.
func (s *stack) advise(err error) error {
	if _, ok := errors.AsType[*dynamodbtypes.ResourceNotFoundException](err); ok {
		return fmt.Errorf("there is no table %s in %s: name your stack's casebook with --table or %s, and its Region with --region", s.table, s.region, config.EnvTable)
	}
	if _, ok := errors.AsType[*lambdatypes.ResourceNotFoundException](err); ok {
		return fmt.Errorf("there is no function %s in %s: name your stack's with --function, and its Region with --region", s.function, s.region)
	}
	api, ok := errors.AsType[smithy.APIError](err)
	switch {
	case !ok:
		return err
	case strings.HasPrefix(api.ErrorCode(), "AccessDenied"):
		return fmt.Errorf("your credentials may not %s in %s: ask for that permission, or give another --profile: %w", denied(api, err), s.region, err)
	case slices.Contains(notAccepted, api.ErrorCode()):
		return fmt.Errorf("AWS does not accept your credentials: renew them, such as with `aws sso login`, or give another --profile: %w", err)
	}
	return err
}

// denied names the action that IAM has denied, or else the call.
func denied(api smithy.APIError, err error) string {
	if action := deniedAction.FindStringSubmatch(api.ErrorMessage()); action != nil {
		return action[1]
	}
	if call, ok := errors.AsType[*smithy.OperationError](err); ok {
		return call.Service() + " " + call.Operation()
	}
	return "do this"
}
