package evidence

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"crashcart/lambda/aws/call"
	"crashcart/lambda/domain/console"
)

// Bound is how long taking evidence may last, in all. The permit lives 10 s, and every
// second makes the facts behind it staler. When EC2 takes longer than this to answer,
// it is throttling, or it has nothing.
const Bound = 5 * time.Second

// API is the subset of the EC2 API used by Taker. None of it changes the instance.
type API interface {
	GetConsoleOutput(context.Context, *ec2.GetConsoleOutputInput, ...func(*ec2.Options)) (*ec2.GetConsoleOutputOutput, error)
	GetConsoleScreenshot(context.Context, *ec2.GetConsoleScreenshotInput, ...func(*ec2.Options)) (*ec2.GetConsoleScreenshotOutput, error)
}

// Taker takes evidence.
type Taker struct {
	API   API
	Now   func() time.Time // nil is time.Now
	Bound time.Duration    // zero is the constant Bound
}

// Take asks for both consoles and the screenshot of one instance, side by side. It
// returns when all three have answered, when the bound is over, or when ctx ends. That
// holds even for a call that ignores its context: its answer is dropped whenever it
// comes.
func (t Taker) Take(ctx context.Context, instanceID string) Evidence {
	ctx, cancel, e := t.begin(ctx, instanceID)
	defer cancel()
	var (
		wg               sync.WaitGroup
		latest, buffered output
	)
	wg.Go(func() {
		latest, e.LatestErr = part(ctx, "reading the latest console", func() (output, error) { return t.console(ctx, instanceID, true) })
	})
	wg.Go(func() {
		buffered, e.BufferedErr = part(ctx, "reading the buffered console", func() (output, error) { return t.console(ctx, instanceID, false) })
	})
	wg.Go(func() {
		e.Screenshot, e.ScreenshotErr = part(ctx, "taking the screenshot", func() ([]byte, error) { return t.screenshot(ctx, instanceID) })
	})
	wg.Wait()
	e.Latest, e.LatestAt = latest.text, latest.at
	e.Buffered, e.BufferedAt = buffered.text, buffered.at
	return e
}

// TakeConsole asks for the latest console alone, under the same bound. Nothing else of the
// evidence is set.
func (t Taker) TakeConsole(ctx context.Context, instanceID string) Evidence {
	ctx, cancel, e := t.begin(ctx, instanceID)
	defer cancel()
	latest, err := part(ctx, "reading the latest console", func() (output, error) { return t.console(ctx, instanceID, true) })
	e.Latest, e.LatestAt, e.LatestErr = latest.text, latest.at, err
	return e
}

// TakeBuffered asks alone for the console that EC2 kept at the last start, stop or reboot,
// under the same bound. Nothing else of the evidence is set.
func (t Taker) TakeBuffered(ctx context.Context, instanceID string) Evidence {
	ctx, cancel, e := t.begin(ctx, instanceID)
	defer cancel()
	buffered, err := part(ctx, "reading the buffered console", func() (output, error) { return t.console(ctx, instanceID, false) })
	e.Buffered, e.BufferedAt, e.BufferedErr = buffered.text, buffered.at, err
	return e
}

// TakeScreen asks for the screenshot alone, under the same bound. Nothing else of the
// evidence is set.
func (t Taker) TakeScreen(ctx context.Context, instanceID string) Evidence {
	ctx, cancel, e := t.begin(ctx, instanceID)
	defer cancel()
	e.Screenshot, e.ScreenshotErr = part(ctx, "taking the screenshot", func() ([]byte, error) { return t.screenshot(ctx, instanceID) })
	return e
}

// begin gives what is taken from now on, and the context that ends with its bound.
func (t Taker) begin(ctx context.Context, instanceID string) (context.Context, context.CancelFunc, Evidence) {
	now, bound := t.Now, t.Bound
	if now == nil {
		now = time.Now
	}
	if bound <= 0 {
		bound = Bound
	}
	ctx, cancel := context.WithTimeout(ctx, bound)
	return ctx, cancel, Evidence{InstanceID: instanceID, TakenAt: now()}
}

// part makes one of the calls. What ctx has cut off is ErrLate.
func part[T any](ctx context.Context, doing string, do func() (T, error)) (T, error) {
	v, err := call.Within(ctx, do)
	switch {
	case err == nil:
		return v, nil
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		return v, fmt.Errorf("%s: %w: %w", doing, ErrLate, err)
	default:
		return v, fmt.Errorf("%s: %w", doing, err)
	}
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

// screenshot leaves WakeUp out: it sends a keystroke to the guest, and taking evidence
// must change nothing. A key can confirm a dialog, and during a boot it can stop the
// boot loader. The price is that a blanked screen is photographed blank.
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
