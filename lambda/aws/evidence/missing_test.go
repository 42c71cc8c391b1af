package evidence_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"crashcart/lambda/aws/evidence"
)

func TestWhatIsMissingIsNamedWithItsReason(t *testing.T) {
	for _, c := range []struct {
		name string
		e    evidence.Evidence
		want []string
	}{
		{"nothing is missing", evidence.Evidence{Latest: []byte("x"), Screenshot: jpeg, BufferedErr: evidence.ErrLate}, nil},
		{"nothing is there", evidence.Evidence{}, []string{"no console (empty)", "no screenshot (empty)"}},
		{"each for its own reason", evidence.Evidence{LatestErr: evidence.ErrLate, ScreenshotErr: errors.New("broken pipe")}, []string{"no console (late)", "no screenshot (failed)"}},
	} {
		if got := c.e.Missing(); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// panicking is a client of EC2 whose screenshots are its undoing.
type panicking struct{ *fakeEC2 }

func (panicking) GetConsoleScreenshot(context.Context, *ec2.GetConsoleScreenshotInput, ...func(*ec2.Options)) (*ec2.GetConsoleScreenshotOutput, error) {
	panic("a nil map")
}

func TestAPanicOfOnePartNeverCostsTheOthers(t *testing.T) {
	e := take(t, panicking{answering()})
	if e.ScreenshotErr == nil || !strings.Contains(e.ScreenshotErr.Error(), "panicked") || e.LatestErr != nil || e.BufferedErr != nil {
		t.Errorf("screenshot %v, latest %v, buffered %v", e.ScreenshotErr, e.LatestErr, e.BufferedErr)
	}
}
