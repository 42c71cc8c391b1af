package intake

import (
	"io"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"crashcart/lambda/aws/awsenv"
	"crashcart/lambda/aws/casebook"
	"crashcart/lambda/aws/evidence"
	"crashcart/lambda/aws/notify"
	"crashcart/lambda/aws/resolve"
	"crashcart/lambda/aws/send"
	"crashcart/lambda/aws/standby"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/guard"
)

// callTimeout bounds one HTTP exchange with AWS. The slowest of them, a console
// of 64 KB, takes well under a second; a connection that hangs must not eat the
// invocation.
const callTimeout = 5 * time.Second

// Wire builds the handler and every client it needs, once. log takes the JSON
// lines, on Lambda standard output.
func Wire(c config.Config, sdk aws.Config, log io.Writer) *Handler {
	compute := ec2.NewFromConfig(sdk)
	book := casebook.New(dynamodb.NewFromConfig(sdk), c.Table)
	sender := send.NewClient(sdk, callTimeout)
	scaling := autoscaling.NewFromConfig(sdk)
	watch := cloudwatch.NewFromConfig(sdk)
	targets := resolve.Targets{Balancers: elb.NewFromConfig(sdk), Interfaces: compute}
	return &Handler{
		Config: c,
		Log:    slog.New(slog.NewJSONHandler(log, nil)),
		Now:    time.Now,

		Router: &resolve.Router{AutoScaling: scaling, Targets: targets, Alarms: watch},
		Resolver: &resolve.Resolver{
			EC2: compute, Volumes: compute, SSM: ssm.NewFromConfig(sdk), CloudWatch: watch, AutoScaling: scaling, Targets: targets,
			Now: time.Now, Heartbeat: c.Heartbeat, RegionLimit: c.Rules.RegionLimit,
		},
		Book:  book,
		Guard: guard.New(c, book),

		Taker: evidence.Taker{API: compute, Now: time.Now, Bound: evidence.Bound},
		Live:  &send.Live{API: sender, Now: time.Now},
		Dry:   &send.Dry{API: sender, Now: time.Now},

		// A bucket has no host name of its own behind a single endpoint.
		Store: evidence.Store{
			API:    s3.NewFromConfig(sdk, func(o *s3.Options) { o.UsePathStyle = c.Endpoint != "" }),
			Bucket: c.Bucket,
		},
		Standby: standby.Keeper{API: scaling, On: c.Protects(), Region: c.Region},
		Notify:  notify.New(sns.NewFromConfig(sdk, impatient), c.Topic, book, c.Region),

		Queue: sqs.NewFromConfig(sdk),
	}
}

// notifyTimeout bounds one exchange with SNS, so that a notification has time for another.
const notifyTimeout = 1500 * time.Millisecond

// impatient gives the client of SNS its own bound.
func impatient(o *sns.Options) {
	if c, ok := o.HTTPClient.(*awshttp.BuildableClient); ok {
		o.HTTPClient = c.WithTimeout(notifyTimeout)
	}
}

// AWS is what Lambda's environment says: Region, credentials, and in a lab the
// endpoint. environ gives its variables.
func AWS(c config.Config, environ func(string) string) aws.Config {
	return awsenv.Config(c.Region, c.Endpoint, environ, callTimeout)
}
