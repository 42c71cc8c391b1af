package intake_test

import (
	"context"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"crashcart/lambda/aws/casebook"
	"crashcart/lambda/aws/evidence"
	"crashcart/lambda/aws/send"
	"crashcart/lambda/domain/guard"
	"crashcart/lambda/intake"
)

// queueing is a queue that does something before it takes a message.
type queueing struct {
	intake.Queue
	before func(context.Context)
}

func (q queueing) SendMessage(ctx context.Context, in *sqs.SendMessageInput, o ...func(*sqs.Options)) (*sqs.SendMessageOutput, error) {
	q.before(ctx)
	return q.Queue.SendMessage(ctx, in, o...)
}

// photographing is a console that does something before it shows a picture, of which
// all evidence has one.
type photographing struct {
	evidence.API
	before func()
}

func (l photographing) GetConsoleScreenshot(ctx context.Context, in *ec2.GetConsoleScreenshotInput, o ...func(*ec2.Options)) (*ec2.GetConsoleScreenshotOutput, error) {
	l.before()
	return l.API.GetConsoleScreenshot(ctx, in, o...)
}

// throttling is a console that refuses one of its pictures, and counts how many it was asked
// for.
type throttling struct {
	evidence.API
	mu      sync.Mutex
	refused int // the number of the one that it refuses
	asked   int
}

func (l *throttling) GetConsoleScreenshot(ctx context.Context, in *ec2.GetConsoleScreenshotInput, o ...func(*ec2.Options)) (*ec2.GetConsoleScreenshotOutput, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked++
	if l.asked-1 == l.refused {
		return nil, apiError{"RequestLimitExceeded"}
	}
	return l.API.GetConsoleScreenshot(ctx, in, o...)
}

// sending does something once an interrupt is sent.
type sending struct {
	send.Sender
	after func()
}

func (s sending) Send(ctx context.Context, p guard.Permit) send.Result {
	defer s.after()
	return s.Sender.Send(ctx, p)
}

// writing is a table that does something before a transaction, the first of which
// is the claim.
type writing struct {
	casebook.API
	before func(ctx context.Context, n int) error

	mu sync.Mutex
	n  int
}

func (t *writing) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, o ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	t.mu.Lock()
	t.n++
	n := t.n
	t.mu.Unlock()
	if err := t.before(ctx, n); err != nil {
		return nil, err
	}
	return t.API.TransactWriteItems(ctx, in, o...)
}

// storing is a bucket that minds its context, as S3's client does.
type storing struct{ evidence.StoreAPI }

func (s storing) PutObject(ctx context.Context, in *s3.PutObjectInput, o ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return s.StoreAPI.PutObject(ctx, in, o...)
}
