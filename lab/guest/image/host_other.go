//go:build !linux

package image

import (
	"context"
	"os"
	"syscall"
)

// lock is never held: able has said no before.
func (cache) lock(context.Context, func(string)) (*os.File, error) { return nil, ErrMissing }

// own does nothing where nothing is built.
func own() *syscall.SysProcAttr { return nil }

// signal does nothing where nothing is built.
func signal(int, syscall.Signal) error { return nil }

// mountedBelow finds nothing where nothing is built.
func mountedBelow(string) (string, bool) { return "", false }
