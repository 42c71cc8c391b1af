package evidence

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"time"

	"crashcart/lambda/domain/console"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

// Bound is how long a look may take in all. The permit lives 10 s and every
// second makes the facts behind it staler, while an answer that takes longer
// than this is one that EC2 is throttling or does not have.
const Bound = 5 * time.Second

// API is the subset of the EC2 API used by Taker. None of it changes the instance.
type API interface {
	GetConsoleOutput(context.Context, *ec2.GetConsoleOutputInput, ...func(*ec2.Options)) (*ec2.GetConsoleOutputOutput, error)
	GetConsoleScreenshot(context.Context, *ec2.GetConsoleScreenshotInput, ...func(*ec2.Options)) (*ec2.GetConsoleScreenshotOutput, error)
}

// Taker takes looks.
type Taker struct {
	API   API
	Now   func() time.Time // nil is time.Now
	Bound time.Duration    // zero is the constant Bound
}

// Take asks for both consoles and the screenshot of one instance, side by side.
// It returns when all three have answered, when the bound is over or when ctx
// is done, whichever comes first, even if a call ignores its context; the answer
// of such a call is dropped whenever it comes.
func (t Taker) Take(ctx context.Context, instanceID string) Evidence {
	now, bound := t.Now, t.Bound
	if now == nil {
		now = time.Now
	}
	if bound <= 0 {
		bound = Bound
	}
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()

	l := Evidence{InstanceID: instanceID, TakenAt: now()}
	latest := ask(ctx, func() (output, error) { return t.console(ctx, instanceID, true) })
	buffered := ask(ctx, func() (output, error) { return t.console(ctx, instanceID, false) })
	screenshot := ask(ctx, func() ([]byte, error) { return t.screenshot(ctx, instanceID) })

	var c output
	c, l.LatestErr = await(ctx, "reading the latest console", latest)
	l.Latest, l.LatestAt = c.text, c.at
	c, l.BufferedErr = await(ctx, "reading the buffered console", buffered)
	l.Buffered, l.BufferedAt = c.text, c.at
	l.Screenshot, l.ScreenshotErr = await(ctx, "taking the screenshot", screenshot)
	return l
}

type output struct {
	text []byte
	at   time.Time
}

func (t Taker) console(ctx context.Context, instanceID string, latest bool) (output, error) {
	in := &ec2.GetConsoleOutputInput{InstanceId: &instanceID}
	if latest {
		in.Latest = aws.Bool(true)
	}
	out, err := t.API.GetConsoleOutput(ctx, in)
	if err != nil {
		return output{}, err
	}
	text, err := decode(out.Output)
	if err != nil {
		return output{}, err
	}
	if n := len(text); n > console.MaxBytes {
		text = slices.Clone(text[n-console.MaxBytes:]) // the rest must not stay in memory behind it
	}
	return output{text: text, at: aws.ToTime(out.Timestamp)}, nil
}

// screenshot leaves WakeUp out: it sends a keystroke to the guest, and a look
// must change nothing. A key can confirm a dialog, and during a boot it can
// stop the boot loader. The price is that a blanked screen is photographed blank.
func (t Taker) screenshot(ctx context.Context, instanceID string) ([]byte, error) {
	out, err := t.API.GetConsoleScreenshot(ctx, &ec2.GetConsoleScreenshotInput{InstanceId: &instanceID})
	if err != nil {
		return nil, err
	}
	image, err := decode(out.ImageData)
	if err != nil {
		return nil, err
	}
	if n := len(image); n > MaxScreenshot {
		return nil, fmt.Errorf("%w: %d bytes, the limit is %d", ErrTooLarge, n, MaxScreenshot)
	}
	return image, nil
}

// decode gives the bytes behind what EC2 sends as base64.
func decode(encoded *string) ([]byte, error) {
	if aws.ToString(encoded) == "" {
		return nil, ErrEmpty
	}
	b, err := base64.StdEncoding.DecodeString(*encoded)
	if err != nil {
		return nil, fmt.Errorf("decoding what EC2 sent: %w", err)
	}
	return b, nil
}

type answer[T any] struct {
	value T
	err   error
}

// ask runs call beside its caller. The channel has room for the one answer, so
// a late call ends by itself when nobody listens any more.
func ask[T any](ctx context.Context, call func() (T, error)) <-chan answer[T] {
	c := make(chan answer[T], 1)
	go func() {
		v, err := call()
		if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			err = fmt.Errorf("%w: %w", ErrLate, err)
		}
		c <- answer[T]{v, err}
	}()
	return c
}

// await gives the answer that is on c, or ErrLate once ctx is done.
func await[T any](ctx context.Context, doing string, c <-chan answer[T]) (T, error) {
	var a answer[T]
	select {
	case a = <-c:
	case <-ctx.Done():
		select {
		case a = <-c: // it was there at the last moment
		default:
			a.err = fmt.Errorf("%w: %w", ErrLate, context.Cause(ctx))
		}
	}
	if a.err != nil {
		return a.value, fmt.Errorf("%s: %w", doing, a.err)
	}
	return a.value, nil
}
