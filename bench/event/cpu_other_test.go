//go:build !linux

package event

import "time"

var start = time.Now()

// cpu returns the time that has passed; see cpu_linux_test.go.
func cpu() time.Duration { return time.Since(start) }
