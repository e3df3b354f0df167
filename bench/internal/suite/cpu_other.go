//go:build !unix

package suite

import "time"

// cpu says that the system does not tell; what needs it is not measured there.
func cpu() (time.Duration, bool) { return 0, false }
