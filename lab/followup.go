package lab

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/smithy-go"

	"crashcart/lab/clock"
	"crashcart/lab/states"
	"crashcart/lambda/domain/config"
)

// FollowupBootstrap is the follow-up function's package.
const FollowupBootstrap = "crashcart/lambda/cmd/followup"

// sweepEvery is how often the stack's schedule has the follow-up sweep, in lab time.
const sweepEvery = 5 * time.Minute

// Follow deploys the follow-up: its function, the state machine that is deployed to AWS,
// and the schedule of its sweep. It must run inside the repository, where the state
// machine is read from.
func (l *Lab) Follow(f Function) error {
	machine, err := states.Read(map[string]string{"Partition": "aws", "Followup": l.followup})
	if err != nil {
		return err
	}
	if err := l.Machine.Create(machine); err != nil {
		return err
	}
	f.Name, f.Queue, f.Settings = l.followup, l.FollowupQueue, l.FollowupSettings()
	if f.Timeout == 0 {
		f.Timeout = config.FollowupTimeout
	}
	if err := l.Deploy(f); err != nil {
		return err
	}
	l.sweeping.start(l.sweep)
	return nil
}

// Run has lab time pass at another speed from now on. A clock of the caller's own runs as
// it does.
func (l *Lab) Run(speed float64) {
	if c, ok := l.Clock.(*clock.Scaled); ok {
		c.Run(speed)
	}
}

// Following is how much of the follow-up is under way: messages in its queue, executions
// that run, and processes at work.
func (l *Lab) Following() int {
	n := len(l.FollowupQueue.Messages()) + l.Machine.Running()
	if f, err := l.deployed(l.FollowupQueue); err == nil {
		n += f.Busy()
	}
	return n
}

// OfFollowup says whether that access key is of one of the follow-up's processes.
func (l *Lab) OfFollowup(accessKey string) bool {
	f, err := l.deployed(l.FollowupQueue)
	return err == nil && f.Owns(accessKey)
}

// Sweep has the follow-up sweep once, and waits for its answer.
func (l *Lab) Sweep(ctx context.Context) error {
	f, err := l.deployed(l.FollowupQueue)
	if err != nil {
		return err
	}
	result, err := f.Invoke(ctx, []byte(config.SweepEvent))
	if err == nil && result.FunctionError != "" {
		err = errors.New(string(result.Payload))
	}
	return err
}

// sweep has the follow-up sweep again and again. What one sweep could not do the next one
// does, as at AWS: nobody hears of its error here but the function's own log.
func (l *Lab) sweep(ctx context.Context) {
	for clock.Sleep(ctx, l.Clock, sweepEvery) == nil {
		_ = l.Sweep(ctx) //nolint:errcheck // see above
	}
}

// sweeper runs the schedule of the sweep.
type sweeper struct {
	mu     sync.Mutex
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

// start lets do run until close, unless it runs already.
func (s *sweeper) start(do func(context.Context)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cancel != nil {
		return
	}
	var ctx context.Context
	ctx, s.cancel = context.WithCancel(context.Background())
	s.wg.Go(func() { do(ctx) })
}

func (s *sweeper) close() {
	s.mu.Lock()
	if s.cancel != nil {
		s.cancel()
	}
	s.mu.Unlock()
	s.wg.Wait()
}

// invokeTask invokes a function for the state machine, through the Lambda API. So the call
// is recorded, and meets the lab's faults.
func (l *Lab) invokeTask(ctx context.Context, function string, payload []byte) (states.Answer, error) {
	out, err := lambda.NewFromConfig(l.Config()).Invoke(ctx, &lambda.InvokeInput{FunctionName: &function, Payload: payload}, func(o *lambda.Options) {
		o.Retryer = aws.NopRetryer{} // the state machine has its own
	})
	if refused, ok := errors.AsType[smithy.APIError](err); ok {
		return states.Answer{}, &states.Refusal{Code: refused.ErrorCode(), Message: refused.ErrorMessage()}
	}
	if err != nil {
		return states.Answer{}, err
	}
	return states.Answer{Payload: out.Payload, FunctionError: aws.ToString(out.FunctionError)}, nil
}
