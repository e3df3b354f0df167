//go:build unix

package main

import "syscall"

// kill ends the process as a crash does: nothing is closed.
func kill() { _ = syscall.Kill(syscall.Getpid(), syscall.SIGKILL) }
