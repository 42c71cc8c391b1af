package intake_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"crashcart/lambda/aws/notify"
)

func (w *world) DescribeInstanceInformation(_ context.Context, in *ssm.DescribeInstanceInformationInput, _ ...func(*ssm.Options)) (*ssm.DescribeInstanceInformationOutput, error) {
	if err := w.call("DescribeInstanceInformation"); err != nil {
		return nil, err
	}
	out := &ssm.DescribeInstanceInformationOutput{}
	ids := in.Filters[0].Values
	if w.throttle != nil && w.throttle(ids) {
		return nil, apiError{"ThrottlingException"}
	}
	for _, id := range ids {
		if m, ok := w.machines[id]; ok && !m.noAgent {
			out.InstanceInformationList = append(out.InstanceInformationList, ssmtypes.InstanceInformation{
				InstanceId: &id, LastPingDateTime: aws.Time(m.ping(w.clock())), PingStatus: ssmtypes.PingStatusOnline,
			})
		}
	}
	return altered(w, "DescribeInstanceInformation", out), nil
}

func (w *world) DescribeAutoScalingGroups(_ context.Context, in *autoscaling.DescribeAutoScalingGroupsInput, _ ...func(*autoscaling.Options)) (*autoscaling.DescribeAutoScalingGroupsOutput, error) {
	group := astypes.AutoScalingGroup{AutoScalingGroupName: &in.AutoScalingGroupNames[0]}
	for _, id := range slices.Sorted(maps.Keys(w.machines)) {
		if w.machines[id].group == in.AutoScalingGroupNames[0] {
			group.Instances = append(group.Instances, astypes.Instance{
				InstanceId: aws.String(id), LifecycleState: astypes.LifecycleStateInService, HealthStatus: aws.String("Healthy"),
			})
		}
	}
	out := &autoscaling.DescribeAutoScalingGroupsOutput{}
	if len(group.Instances) > 0 {
		out.AutoScalingGroups = []astypes.AutoScalingGroup{group}
	}
	return altered(w, "DescribeAutoScalingGroups", out), w.call("DescribeAutoScalingGroups")
}

func (w *world) EnterStandby(_ context.Context, in *autoscaling.EnterStandbyInput, _ ...func(*autoscaling.Options)) (*autoscaling.EnterStandbyOutput, error) {
	if err := w.call("EnterStandby"); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.standby = append(w.standby, in.InstanceIds...)
	return &autoscaling.EnterStandbyOutput{}, nil
}

// Notify keeps what it is given, and which of it was not logged by then.
func (w *world) Notify(_ context.Context, decisions []notify.Decision) (untold int, err error) {
	if len(decisions) > 0 {
		if err = w.call("Notify"); err != nil {
			untold = len(decisions)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, d := range decisions {
		w.notified = append(w.notified, d)
		if !strings.Contains(w.logs.String(), fmt.Sprintf(`"instanceId":%q`, d.InstanceID)) {
			w.early = append(w.early, d.InstanceID)
		}
	}
	return untold, err
}

// SendMessage takes what goes into the intake queue, and into the follow-up's, which a
// test can take away as "Follow".
func (w *world) SendMessage(ctx context.Context, in *sqs.SendMessageInput, _ ...func(*sqs.Options)) (*sqs.SendMessageOutput, error) {
	if *in.QueueUrl == w.handler.Config.FollowupQueueURL {
		return w.follow(ctx, *in.MessageBody)
	}
	if err := w.call("SendMessage"); err != nil {
		return nil, err
	}
	if w.onQueue != nil {
		w.onQueue(ctx)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.nextID++
	w.queue = append(w.queue, queued{id: fmt.Sprintf("message-%d", w.nextID), body: *in.MessageBody, due: w.now.Add(time.Duration(in.DelaySeconds) * time.Second)})
	return &sqs.SendMessageOutput{}, nil
}

func (w *world) follow(ctx context.Context, body string) (*sqs.SendMessageOutput, error) {
	if err := w.call("Follow"); err != nil {
		return nil, err
	}
	if w.onFollow != nil {
		w.onFollow(ctx, body)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.followed = append(w.followed, body)
	return &sqs.SendMessageOutput{}, nil
}

func (w *world) PutObject(_ context.Context, in *s3.PutObjectInput, _ ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	if err := w.call("PutObject"); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	_, err := b.ReadFrom(in.Body)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.objects[*in.Key] = b.Bytes()
	return &s3.PutObjectOutput{}, err
}

// failing is the casebook's DynamoDB, which the world can take away.
type failing struct {
	w *world
	*dynamodb.Client
}

func (f failing) BatchGetItem(ctx context.Context, in *dynamodb.BatchGetItemInput, o ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	if err := f.w.call("dynamodb:BatchGetItem"); err != nil {
		return nil, err
	}
	return f.Client.BatchGetItem(ctx, in, o...)
}

func (f failing) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, o ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	if err := f.w.call("dynamodb:TransactWriteItems"); err != nil {
		return nil, err
	}
	return f.Client.TransactWriteItems(ctx, in, o...)
}

func (f failing) PutItem(ctx context.Context, in *dynamodb.PutItemInput, o ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	if err := f.w.call("dynamodb:PutItem"); err != nil {
		return nil, err
	}
	return f.Client.PutItem(ctx, in, o...)
}

func (f failing) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, o ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	if err := f.w.call("dynamodb:UpdateItem"); err != nil {
		return nil, err
	}
	return f.Client.UpdateItem(ctx, in, o...)
}
