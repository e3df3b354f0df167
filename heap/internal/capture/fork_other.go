//go:build !linux || (!amd64 && !arm64)

package capture

import (
	"fmt"
	"os"
	"runtime"
)

// CanFork says whether Fork works on this system, as far as can be told without
// trying.
const CanFork = false

func writeForked(*os.File, *Stats) error {
	return fmt.Errorf("%w (%s/%s)", ErrNoFork, runtime.GOOS, runtime.GOARCH)
}
