//go:build steppedclock

package remotetest

import "time"

// step sets the wall clock of this process, and reports whether it could.
func step(by time.Duration) bool {
	time.StepWall(int64(by / time.Second))
	return true
}
