//go:build !linux

package runtime

import "syscall"

// bound does nothing where the kernel has no parent-death signal.
func bound() *syscall.SysProcAttr { return nil }
