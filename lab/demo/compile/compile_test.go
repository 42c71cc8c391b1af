package compile

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestALongBuildShowsThatItLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var notes []string
		failure := errors.New("it does not compile")
		err := noted(func(text string) { notes = append(notes, text) }, func() error {
			time.Sleep(70 * time.Second)
			return failure
		})
		want := []string{
			"compiling the functions; what has been compiled before is not compiled again",
			"still compiling the functions, after 30s", "still compiling the functions, after 1m",
		}
		if !errors.Is(err, failure) || !slices.Equal(notes, want) {
			t.Errorf("%q, %v", notes, err)
		}
	})
}

func TestABuildThatIsStoppedFails(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := Functions(ctx, t.TempDir(), new(string), new(string), nil); err == nil {
		t.Error("it was built")
	}
}
