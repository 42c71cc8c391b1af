package runtime

import "syscall"

// bound makes the kernel kill a bootstrap whose lab has died without closing it.
func bound() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
