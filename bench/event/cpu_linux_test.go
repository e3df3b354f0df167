package event

import (
	"syscall"
	"time"
)

// cpu returns the processor time that this thread has used. On a machine that others
// use too it tells more than the time that has passed. The caller has locked the
// goroutine to its thread.
func cpu() time.Duration {
	const thread = 1 // RUSAGE_THREAD
	var u syscall.Rusage
	if err := syscall.Getrusage(thread, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
