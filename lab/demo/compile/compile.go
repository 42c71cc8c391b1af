// Package compile builds the function for a demo, and says so while it lasts.
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

// Bootstrap builds the interrupt function into dir and returns its path. note hears
// that this begins, and again every half a minute that it goes on. It may be nil.
func Bootstrap(ctx context.Context, dir string, note func(text string)) (string, error) {
	if note == nil {
		note = func(string) {}
	}
	file := filepath.Join(dir, "bootstrap")
	err := noted(note, func() error { return lab.Build(ctx, lab.Bootstrap, file) })
	return file, err
}

func noted(note func(string), build func() error) error {
	note("compiling the function; what has been compiled before is not compiled again")
	began, done := time.Now(), make(chan error, 1)
	go func() { done <- build() }()
	alive := time.NewTicker(sign)
	defer alive.Stop()
	for {
		select {
		case err := <-done:
			return err
		case <-alive.C:
			note(fmt.Sprintf("still compiling the function, after %s", printable.Duration(time.Since(began))))
		}
	}
}
