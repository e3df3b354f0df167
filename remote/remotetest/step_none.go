//go:build !steppedclock

package remotetest

import "time"

func step(time.Duration) bool { return false }
