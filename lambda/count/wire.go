package count

import (
	"io"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"crashcart/lambda/aws/awsenv"
	"crashcart/lambda/aws/casebook"
	"crashcart/lambda/domain/config"
)

// callTimeout bounds one HTTP exchange with DynamoDB. With the SDK's three tries it
// fits the function's timeout, so that a count that fails can say why.
const callTimeout = 5 * time.Second

// Wire builds the handler and its one client. environ gives Lambda's variables, for
// the credentials; log takes the JSON lines, on Lambda standard output.
func Wire(c config.Count, environ func(string) string, log io.Writer) *Handler {
	sdk := awsenv.Config(c.Region, c.Endpoint, environ, callTimeout)
	return &Handler{
		Book: casebook.New(dynamodb.NewFromConfig(sdk), c.Table),
		Log:  slog.New(slog.NewJSONHandler(log, nil)),
		Now:  time.Now,
	}
}
