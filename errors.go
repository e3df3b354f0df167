package weakref

import (
	"errors"
	"fmt"

	"github.com/weakref-go/weakref/internal/flight"
	"github.com/weakref-go/weakref/internal/usercode"
)

// ErrDeadlock is returned, wrapped, where a call would wait for itself: LoadOrCreate for a
// key whose value is being created by a function that waits for the caller, [Shutdown] from
// a callback, and likewise in the packages above this one. What is seen and what is not is
// said in docs/semantics.md, under "Waiting for oneself".
var ErrDeadlock = errors.New("weakref: the call would wait for itself")

// PanicError is the panic of a function of the user's as an error: what LoadOrCreate
// returns to those who waited for a creating function that panicked, while the
// goroutine that ran it panics with the original value; what [Shutdown] returns of a
// finalizer; and what a cache returns of a loader.
type PanicError struct {
	Value any    // what the function panicked with
	Stack []byte // where it did, as by [runtime/debug.Stack]
}

// Error returns the value and the stack.
func (e *PanicError) Error() string {
	return fmt.Sprintf("weakref: a function panicked: %v\n\n%s", e.Value, e.Stack)
}

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// publicError puts an error of the internal packages into this package's terms.
func publicError(err error) error {
	switch e := err.(type) {
	case *usercode.Panic:
		return (*PanicError)(e)
	default:
		if err == flight.ErrDeadlock {
			return ErrDeadlock
		}
		return err
	}
}
