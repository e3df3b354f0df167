//go:build unix

package main

import (
	"syscall"
	"time"
)

// cpu is the time that this process has used on processors. On a machine with
// other work it says more than the time that has passed.
func cpu() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
