package evidence_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/smithy-go"

	"crashcart/lambda/aws/evidence"
	"crashcart/lambda/domain/console"
)

const instance = "i-0a1b2c3d4e5f60718"

// fakeEC2 is an EC2 with one instance. Each of the three calls first waits for
// its delay and then answers; a deaf one waits without heeding its context.
type fakeEC2 struct {
	latest, buffered, screenshot call

	mu   sync.Mutex
	asks []string
}

type call struct {
	answer string // base64, as EC2 sends it
	at     time.Time
	err    error
	delay  time.Duration
	deaf   bool
}

func (c *fakeEC2) asked(ask string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asks = append(c.asks, ask)
}

func (c call) wait(ctx context.Context) error {
	if c.deaf {
		ctx = context.WithoutCancel(ctx)
	}
	select {
	case <-time.After(c.delay):
		return c.err
	case <-ctx.Done():
		return &smithy.OperationError{ServiceID: "EC2", OperationName: "GetConsole", Err: &aws.RequestCanceledError{Err: ctx.Err()}}
	}
}

func (c *fakeEC2) GetConsoleOutput(ctx context.Context, in *ec2.GetConsoleOutputInput, _ ...func(*ec2.Options)) (*ec2.GetConsoleOutputOutput, error) {
	from, kind := c.buffered, "buffered"
	if aws.ToBool(in.Latest) {
		from, kind = c.latest, "latest"
	}
	c.asked(kind + " " + aws.ToString(in.InstanceId))
	if err := from.wait(ctx); err != nil {
		return nil, err
	}
	out := &ec2.GetConsoleOutputOutput{InstanceId: in.InstanceId, Output: &from.answer}
	if !from.at.IsZero() {
		out.Timestamp = &from.at
	}
	return out, nil
}

func (c *fakeEC2) GetConsoleScreenshot(ctx context.Context, in *ec2.GetConsoleScreenshotInput, _ ...func(*ec2.Options)) (*ec2.GetConsoleScreenshotOutput, error) {
	c.asked("screenshot " + aws.ToString(in.InstanceId))
	if in.WakeUp != nil {
		c.asked("a key press")
	}
	if err := c.screenshot.wait(ctx); err != nil {
		return nil, err
	}
	return &ec2.GetConsoleScreenshotOutput{InstanceId: in.InstanceId, ImageData: &c.screenshot.answer}, nil
}

func encoded(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

var (
	noon    = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	hostile = []byte("\x00\xff\xfe\x1b]0;title\a<script>alert(1)</script>\r\n\xc3")
	jpeg    = []byte("\xff\xd8\xff\xe0 a screen")
)

// answering is an EC2 that has all three parts.
func answering() *fakeEC2 {
	return &fakeEC2{
		latest:     call{answer: encoded(hostile), at: noon.Add(-time.Second)},
		buffered:   call{answer: encoded([]byte("booted\r\n")), at: noon.Add(-9 * time.Hour)},
		screenshot: call{answer: encoded(jpeg)},
	}
}

func take(t *testing.T, api evidence.API) evidence.Evidence {
	t.Helper()
	return evidence.Taker{API: api, Now: func() time.Time { return noon }}.Take(t.Context(), instance)
}

func TestTakeGivesAllThreePartsAsTheyCame(t *testing.T) {
	ec2 := answering()
	e := take(t, ec2)
	if err := errors.Join(e.LatestErr, e.BufferedErr, e.ScreenshotErr); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(e.Latest, hostile) || string(e.Buffered) != "booted\r\n" || !bytes.Equal(e.Screenshot, jpeg) {
		t.Errorf("got %q, %q, %q", e.Latest, e.Buffered, e.Screenshot)
	}
	if !e.LatestAt.Equal(noon.Add(-time.Second)) || !e.BufferedAt.Equal(noon.Add(-9*time.Hour)) || !e.TakenAt.Equal(noon) || e.InstanceID != instance {
		t.Errorf("got %+v", e)
	}
	slices.Sort(ec2.asks)
	if want := []string{"buffered " + instance, "latest " + instance, "screenshot " + instance}; !slices.Equal(ec2.asks, want) {
		t.Errorf("asked %q, want %q", ec2.asks, want)
	}
}

func TestTakeNeverSendsAKeyPress(t *testing.T) {
	ec2 := answering()
	take(t, ec2)
	if slices.Contains(ec2.asks, "a key press") {
		t.Error("WakeUp was set: it sends a keystroke to the machine")
	}
}

func TestTakeNeverOutlivesItsBound(t *testing.T) {
	for _, c := range []struct {
		name  string
		bound time.Duration
		delay time.Duration
		deaf  bool
		want  time.Duration
	}{
		{"a call that heeds its context", 0, time.Hour, false, evidence.Bound},
		{"a call that does not", 0, time.Hour, true, evidence.Bound},
		{"a bound of its own", time.Second, time.Hour, true, time.Second},
		{"side by side, not one after the other", 0, 4 * time.Second, true, 4 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ec2 := answering()
				for _, part := range []*call{&ec2.latest, &ec2.buffered, &ec2.screenshot} {
					part.delay, part.deaf = c.delay, c.deaf
				}
				begin := time.Now()
				e := evidence.Taker{API: ec2, Bound: c.bound}.Take(t.Context(), instance)
				if took := time.Since(begin); took != c.want {
					t.Errorf("took %s, want %s", took, c.want)
				}
				if !e.TakenAt.Equal(begin) {
					t.Errorf("taken at %s, want %s", e.TakenAt, begin)
				}
				for _, err := range []error{e.LatestErr, e.BufferedErr, e.ScreenshotErr} {
					if late := c.delay > c.want; errors.Is(err, evidence.ErrLate) != late {
						t.Errorf("late %t: error %v", late, err)
					}
				}
				kept := fmt.Sprint(e)
				time.Sleep(2 * c.delay) // fake time: the deaf calls answer; none may be left behind in the bubble
				if fmt.Sprint(e) != kept {
					t.Error("an answer that came late was written into the evidence")
				}
			})
		})
	}
}

func TestOneLatePartNeverCostsTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ec2 := answering()
		ec2.latest.delay, ec2.latest.deaf = time.Minute, true
		e := take(t, ec2)
		if !errors.Is(e.LatestErr, evidence.ErrLate) || e.Latest != nil || !strings.Contains(e.LatestErr.Error(), "reading the latest console") {
			t.Errorf("latest = %q, %v", e.Latest, e.LatestErr)
		}
		if e.BufferedErr != nil || e.ScreenshotErr != nil || len(e.Buffered) == 0 || len(e.Screenshot) == 0 {
			t.Errorf("buffered %v, screenshot %v", e.BufferedErr, e.ScreenshotErr)
		}
		time.Sleep(time.Hour)
	})
}

func TestTakeEndsWithItsCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		ec2 := answering()
		ec2.buffered.delay = time.Hour
		begin := time.Now()
		e := evidence.Taker{API: ec2}.Take(ctx, instance)
		if took := time.Since(begin); took != time.Second || !errors.Is(e.BufferedErr, evidence.ErrLate) || e.LatestErr != nil {
			t.Errorf("took %s: buffered %v, latest %v", took, e.BufferedErr, e.LatestErr)
		}
	})
}

func TestTakeKeepsOnlyTheNewestOfAConsole(t *testing.T) {
	ec2 := answering()
	long := bytes.Repeat([]byte("older\r\n"), console.MaxBytes)
	long = append(long, "newest"...)
	ec2.latest.answer = encoded(long)
	e := take(t, ec2)
	if e.LatestErr != nil || len(e.Latest) != console.MaxBytes || cap(e.Latest) >= len(long) || !bytes.HasSuffix(e.Latest, []byte("newest")) {
		t.Errorf("kept %d bytes of %d, %v", len(e.Latest), len(long), e.LatestErr)
	}
}

func TestTakeConsoleAsksForTheLatestConsoleAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &fakeEC2{latest: call{answer: base64.StdEncoding.EncodeToString([]byte("a login")), at: time.Now()}}
		e := evidence.Taker{API: c}.TakeConsole(t.Context(), instance)
		if string(e.Latest) != "a login" || e.LatestErr != nil || !e.TakenAt.Equal(time.Now()) || e.InstanceID != instance || len(c.asks) != 1 {
			t.Errorf("%+v after %v", e, c.asks)
		}
		c.latest.delay, c.latest.deaf = time.Hour, true
		begun := time.Now()
		if e = (evidence.Taker{API: c}).TakeConsole(t.Context(), instance); !errors.Is(e.LatestErr, evidence.ErrLate) || time.Since(begun) != evidence.Bound {
			t.Errorf("one that never comes: %v after %s", e.LatestErr, time.Since(begun))
		}
		time.Sleep(time.Hour) // until it has come
	})
}

func TestTakeScreenAsksForTheScreenshotAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &fakeEC2{screenshot: call{answer: encoded(jpeg)}}
		e := evidence.Taker{API: c}.TakeScreen(t.Context(), instance)
		if !bytes.Equal(e.Screenshot, jpeg) || e.ScreenshotErr != nil || !e.TakenAt.Equal(time.Now()) || e.InstanceID != instance {
			t.Errorf("%+v", e)
		}
		if want := []string{"screenshot " + instance}; !slices.Equal(c.asks, want) { // above all no key press
			t.Errorf("asked %q, want %q", c.asks, want)
		}
		c.screenshot.delay, c.screenshot.deaf = time.Hour, true
		begun := time.Now()
		if e = (evidence.Taker{API: c}).TakeScreen(t.Context(), instance); !errors.Is(e.ScreenshotErr, evidence.ErrLate) || time.Since(begun) != evidence.Bound {
			t.Errorf("one that never comes: %v after %s", e.ScreenshotErr, time.Since(begun))
		}
		time.Sleep(time.Hour) // until it has come
	})
}

// Two pictures are compared by their bytes. One that could not be had must equal none.
func TestTakeScreenNeverGivesAPictureBesideItsError(t *testing.T) {
	unsupported := &smithy.GenericAPIError{Code: "UnsupportedOperation"}
	for name, c := range map[string]struct {
		answer call
		want   error
	}{
		"no screenshots of this type": {call{answer: encoded(jpeg), err: unsupported}, unsupported},
		"an empty answer":             {call{}, evidence.ErrEmpty},
		"no base64":                   {call{answer: "*** not base64 ***"}, base64.CorruptInputError(0)},
		"a byte too many":             {call{answer: encoded(make([]byte, evidence.MaxScreenshot+1))}, evidence.ErrTooLarge},
	} {
		e := evidence.Taker{API: &fakeEC2{screenshot: c.answer}}.TakeScreen(t.Context(), instance)
		if e.Screenshot != nil || !errors.Is(e.ScreenshotErr, c.want) || !strings.HasPrefix(e.ScreenshotErr.Error(), "taking the screenshot: ") {
			t.Errorf("%s: %d bytes and %v, want none and %v", name, len(e.Screenshot), e.ScreenshotErr, c.want)
		}
	}
}

func TestTakeRecordsWhatCouldNotBeHad(t *testing.T) {
	ec2 := answering()
	ec2.latest.answer = ""
	ec2.buffered.answer = "*** not base64 ***"
	ec2.screenshot.answer = encoded(make([]byte, evidence.MaxScreenshot+1))
	e := take(t, ec2)
	if !errors.Is(e.LatestErr, evidence.ErrEmpty) || e.BufferedErr == nil || !errors.Is(e.ScreenshotErr, evidence.ErrTooLarge) {
		t.Errorf("latest %v, buffered %v, screenshot %v", e.LatestErr, e.BufferedErr, e.ScreenshotErr)
	}
	if e.Latest != nil || e.Buffered != nil || e.Screenshot != nil {
		t.Error("a part is there beside its error")
	}
	ec2.screenshot.answer = encoded(make([]byte, evidence.MaxScreenshot))
	if e := take(t, ec2); e.ScreenshotErr != nil {
		t.Errorf("a screenshot of exactly the limit: %v", e.ScreenshotErr)
	}
}
