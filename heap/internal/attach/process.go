package attach

import (
	"errors"
	"fmt"
	"time"
)

// ProcessStats is what the dump of a process took.
type ProcessStats struct {
	Stats
	Pause time.Duration // the longest time for which it stood still
	Tries int           // how often it was stopped
}

// Reasons for which a process cannot be read. Errors wrap them.
var (
	ErrNoProcess  = errors.New("there is no such process")
	ErrNotAllowed = errors.New("not permitted")
	ErrNotGo      = errNotGo
	ErrSystem     = errors.New("only processes on linux/amd64 can be read")
)

// unsettledError says that a process was never found in a state in which it can be read.
type unsettledError struct {
	tries int
	last  error
}

func (e *unsettledError) Error() string {
	return fmt.Sprintf("it was stopped %d times, and each time something was under way: %v", e.tries, e.last)
}

func (e *unsettledError) Unwrap() error { return e.last }

// suspendedError says that a process that is stopped by a signal cannot be read where it
// stands, and will not come to stand elsewhere.
type suspendedError struct{ why error }

func (e *suspendedError) Error() string {
	return fmt.Sprintf("it was stopped by a signal while something was under way: %v; let it go on (kill -CONT), and ask again", e.why)
}

func (e *suspendedError) Unwrap() error { return e.why }
