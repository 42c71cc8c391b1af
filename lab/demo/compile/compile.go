// Package compile builds the functions for a demo, and says so while it lasts.
package compile

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"crashcart/lab"
	"crashcart/lambda/domain/printable"
)

// sign is how often there is a sign of life. The compiler gives none of its own.
const sign = 30 * time.Second

// Functions builds the interrupt function and the follow-up into dir, each unless its
// binary is given, and gives their paths. note hears that this begins, and again every half
// a minute that it goes on. It may be nil.
func Functions(ctx context.Context, dir string, bootstrap, followup *string, note func(text string)) error {
	if note == nil {
		note = func(string) {}
	}
	wanted := map[string]string{} // where each package's binary goes
	for pkg, file := range map[string]*string{lab.Bootstrap: bootstrap, lab.FollowupBootstrap: followup} {
		if *file == "" {
			*file = filepath.Join(dir, filepath.Base(pkg))
			wanted[pkg] = *file
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	return noted(note, func() error {
		for pkg, file := range wanted {
			if err := lab.Build(ctx, pkg, file); err != nil {
				return err
			}
		}
		return nil
	})
}

func noted(note func(string), build func() error) error {
	note("compiling the functions; what has been compiled before is not compiled again")
	began, done := time.Now(), make(chan error, 1)
	go func() { done <- build() }()
	alive := time.NewTicker(sign)
	defer alive.Stop()
	for {
		select {
		case err := <-done:
			return err
		case <-alive.C:
			note(fmt.Sprintf("still compiling the functions, after %s", printable.Duration(time.Since(began))))
		}
	}
}
