// Package cputime tells how much processor time a thread has used. On a machine that
// others use too, that says more than the time that has passed.
package cputime

import (
	"syscall"
	"time"
)

// Thread returns the processor time that this thread has used. The caller has locked
// the goroutine to its thread.
func Thread() time.Duration {
	const thread = 1 // RUSAGE_THREAD
	var u syscall.Rusage
	if err := syscall.Getrusage(thread, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
