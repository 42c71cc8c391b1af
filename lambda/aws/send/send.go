// Package send sends the EC2 diagnostic interrupt. It is the only caller of
// SendDiagnosticInterrupt, and it takes a permit, nothing else.
//
// There are two senders with one interface: Live, and Dry, which sends the same call
// with DryRun. Each refuses the other's permits.
//
// A second NMI during the dump kills the dump. A send is therefore repeated only when
// EC2's error code has proven that it did not take the one before because of the rate,
// and only as long as the permit lives. No answer, or an answer that proves nothing,
// is Unknown and final. The client must not retry by itself; NewClient sees to that.
package send

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"crashcart/lambda/aws/awserr"
	"crashcart/lambda/aws/call"
	"crashcart/lambda/domain/guard"
)

// Kind is what became of a send.
type Kind string

// What becomes of a send.
const (
	Interrupted Kind = "interrupted" // EC2 accepted it; nothing is proven about the guest
	DryRun      Kind = "dry-run"     // EC2 would have accepted it
	Rejected    Kind = "rejected"    // EC2 proved that it did not send it
	Unknown     Kind = "unknown"     // it may have been sent: never send again
	Void        Kind = "void"        // there was no good permit or no time: EC2 was not even called
)

// Result is what became of one send, and what to do about it.
type Result struct {
	Kind Kind
	Code string // EC2's error code, empty when there was none
	Why  string // one sentence, with what to do
}

// API is the one call of EC2 that this package exists for.
type API interface {
	SendDiagnosticInterrupt(context.Context, *ec2.SendDiagnosticInterruptInput, ...func(*ec2.Options)) (*ec2.SendDiagnosticInterruptOutput, error)
}

// Sender spends a permit.
type Sender interface {
	Send(context.Context, guard.Permit) Result
}

var (
	_ Sender = (*Live)(nil)
	_ Sender = (*Dry)(nil)
)

// NewClient returns a client of EC2 that sends every call as one HTTP request, which
// is given up after timeout. Nothing is retried: not by the SDK, and not by a redirect.
// Package net/http repeats a request when a kept connection turns out to be closed, so
// no connection is kept. Live and Dry must be given no other kind of client.
func NewClient(c aws.Config, timeout time.Duration) *ec2.Client {
	return ec2.NewFromConfig(c, func(o *ec2.Options) {
		o.Retryer = aws.NopRetryer{}
		o.HTTPClient = &http.Client{
			Timeout:       timeout,
			Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	})
}

// Live really interrupts.
type Live struct {
	API API
	Now func() time.Time
}

// Dry asks EC2 whether it would interrupt.
type Dry struct {
	API API
	Now func() time.Time
}

// Send interrupts the permit's instance.
func (l *Live) Send(ctx context.Context, p guard.Permit) Result {
	return send(ctx, l.API, l.Now, p, false)
}

// Send asks EC2 whether it would interrupt the permit's instance.
func (l *Dry) Send(ctx context.Context, p guard.Permit) Result {
	return send(ctx, l.API, l.Now, p, true)
}

func send(ctx context.Context, api API, now func() time.Time, p guard.Permit, dryRun bool) Result {
	if err := ctx.Err(); err != nil {
		return Result{Kind: Void, Why: fmt.Sprintf("nothing was sent, there was no time left for it: %v", err)}
	}
	id, until, err := p.Spend(now(), dryRun)
	if err != nil {
		return Result{Kind: Void, Why: fmt.Sprintf("nothing was sent: %v", err)}
	}
	life := left(until, now())
	if life <= 0 { // frozen since the permit was spent
		return Result{Kind: Void, Why: "nothing was sent: the permit died before the call"}
	}
	ctx, cancel := context.WithTimeout(ctx, life)
	defer cancel()
	in := &ec2.SendDiagnosticInterruptInput{InstanceId: &id, DryRun: aws.Bool(dryRun)}
	for tries := 1; ; tries++ {
		_, err := api.SendDiagnosticInterrupt(ctx, in)
		result := classify(err, dryRun)
		throttled := result.Kind == Rejected && awserr.Throttled(err)
		if !throttled || !again(ctx, tries, left(until, now())) {
			return result
		}
	}
}

// left is what remains until then, by the clock that says less. The monotonic clock stands
// still while a Lambda sandbox is frozen, and the wall clock may be set back.
func left(until, now time.Time) time.Duration {
	return min(until.Sub(now), until.Round(0).Sub(now.Round(0)))
}

// answerTime is what a repeated send must have left to be answered in. A send that is
// cut off is Unknown, where the throttling before it was still a proof.
const answerTime = time.Second

// backoff is between two sends. EC2 allows five of these calls a second, so one more
// every 200 ms ("Request throttling for the Amazon EC2 API", Amazon EC2 Developer
// Guide: mutating actions). The longest wait still leaves a permit some eight sends.
var backoff = call.Backoff{First: 200 * time.Millisecond, Longest: 1600 * time.Millisecond}

// again waits before a throttled send is repeated; left is what remains of the
// permit's life. It says no at once if there would be no time left for an answer, and
// no when ctx ends.
func again(ctx context.Context, tries int, left time.Duration) bool {
	wait := backoff.Delay(tries)
	return wait+answerTime <= left && call.Sleep(ctx, wait) == nil
}
