//go:build !linux

package cputime

import "time"

var start = time.Now()

// Thread returns the time that has passed; there is no better on this system.
func Thread() time.Duration { return time.Since(start) }
