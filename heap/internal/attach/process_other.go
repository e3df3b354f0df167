//go:build !linux || !amd64

package attach

import (
	"fmt"
	"io"
	"runtime"
)

// Process fails: there is no way here.
func Process(int, io.Writer) (ProcessStats, error) {
	return ProcessStats{}, fmt.Errorf("%w, this is %s/%s; have the process write a dump itself: heap.Snapshot, or runtime/debug.WriteHeapDump",
		ErrSystem, runtime.GOOS, runtime.GOARCH)
}
