package followup

import (
	"io"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"crashcart/lambda/aws/awsenv"
	"crashcart/lambda/aws/casebook"
	"crashcart/lambda/aws/collect"
	"crashcart/lambda/aws/evidence"
	"crashcart/lambda/aws/executions"
	"crashcart/lambda/aws/notify"
	"crashcart/lambda/aws/observe"
	"crashcart/lambda/aws/snapshot"
	"crashcart/lambda/domain/config"
)

// callTimeout bounds one HTTP exchange with AWS. With the SDK's three tries, and
// everything that one step asks for, it fits the function's timeout.
const callTimeout = 5 * time.Second

// uploadTimeout bounds one exchange with S3 about an upload. S3 puts the parts of a large
// object together before it answers ("CompleteMultipartUpload", Amazon S3 API Reference).
// A step has storeBound for all of them.
const uploadTimeout = 25 * time.Second

// Wire builds the handler and every client it needs, once. environ gives Lambda's
// variables, for the credentials; log takes the JSON lines, on Lambda standard output.
func Wire(c config.Followup, environ func(string) string, log io.Writer) *Handler {
	sdk := awsenv.Config(c.Region, c.Endpoint, environ, callTimeout)
	compute := ec2.NewFromConfig(sdk)
	book := casebook.New(dynamodb.NewFromConfig(sdk), c.Table)
	// A bucket has no host name of its own behind a single endpoint.
	behind := func(o *s3.Options) { o.UsePathStyle = c.Endpoint != "" }
	store := s3.NewFromConfig(sdk, behind)
	agents := ssm.NewFromConfig(sdk)
	return &Handler{
		Region: c.Region,
		Log:    slog.New(slog.NewJSONHandler(log, nil)),
		Now:    time.Now,

		Book:    book,
		Machine: executions.Machine{API: sfn.NewFromConfig(sdk), ARN: c.Machine},

		Taker:    evidence.Taker{API: compute, Now: time.Now, Bound: evidence.Bound},
		After:    evidence.After{API: store, Bucket: c.Bucket},
		Observer: observe.Observer{EC2: compute, SSM: agents, Groups: autoscaling.NewFromConfig(sdk)},

		Collect:   c.Collect,
		Commands:  collect.Commands{API: agents, Rate: c.Collect.Rate()},
		Store:     collect.NewStore(awsenv.Config(c.Region, c.Endpoint, environ, uploadTimeout), c.Bucket, behind),
		Snapshots: snapshot.Taker{API: compute},
		Manifests: evidence.Manifests{API: store, Bucket: c.Bucket},

		Notify: notify.New(sns.NewFromConfig(sdk), c.Topic, book, c.Region),
	}
}
