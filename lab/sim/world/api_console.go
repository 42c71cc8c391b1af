package world

import (
	"context"
	"encoding/base64"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/smithy-go"
)

// GetConsoleOutput gives the newest console of an instance.
func (v *View) GetConsoleOutput(_ context.Context, in *ec2.GetConsoleOutputInput, _ ...func(*ec2.Options)) (*ec2.GetConsoleOutputOutput, error) {
	if err := v.called("GetConsoleOutput"); err != nil {
		return nil, err
	}
	h := v.host(aws.ToString(in.InstanceId))
	if h == nil {
		return nil, &smithy.GenericAPIError{Code: "InvalidInstanceID.NotFound", Message: "there is no such instance"}
	}
	return &ec2.GetConsoleOutputOutput{
		InstanceId: in.InstanceId, Timestamp: aws.Time(at(v.now)), Output: aws.String(base64.StdEncoding.EncodeToString(h.console(v.now))),
	}, nil
}

// Console is the newest console of a host, as GetConsoleOutput has it.
func (v *View) Console(host int) []byte { return v.w.hosts[host].console(v.now) }
