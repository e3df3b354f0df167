package weakref

import (
	"errors"
	"fmt"

	"github.com/weakref-go/weakref/internal/flight"
)

// ErrDeadlock is returned, wrapped, by LoadOrCreate when it would wait for
// itself: the function that creates the value of a key has asked for the value of
// that same key, itself or by asking for other values whose creators wait for it.
var ErrDeadlock = errors.New("the creating function waits for its own result")

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

// LoadOrCreate returns the value of a key. If there is none that is alive, it
// calls create, stores what that returns, and returns it.
//
// However many ask for a key at once, create runs once for all of them, on the
// goroutine of the first and under no lock; the others wait for it. Its error is
// returned to all who asked and nothing is stored, so that the next call tries
// again. If create panics, so does the call that ran it; those who waited get a
// [*PanicError]. If it ends its goroutine, they get an error as well.
//
// create may use the map, and may call LoadOrCreate for other keys. Asking for its
// own key, even through creators on other goroutines and in other maps, is an
// error that wraps [ErrDeadlock]. If somebody stores a value under the key
// while create runs, that value is returned, and the one created is dropped.
func (m *ValueMap[K, V]) LoadOrCreate(key K, create func() (*V, error)) (*V, error) {
	if v, ok := m.Load(key); ok {
		return v, nil
	}
	mustSupport[V]()
	s := m.state.Load()
	if s == nil {
		s = m.begin()
	}
	v, err := s.calls.Do(key,
		func() (*V, bool) { return m.Load(key) },
		func(v *V) *V {
			v, _ = m.LoadOrStore(key, v)
			return v
		},
		func() (*V, error) {
			v, err := create()
			if err == nil && v == nil {
				err = fmt.Errorf("weakref: the creating function returned nil and no error for key %v", key)
			}
			return v, err
		})
	if err != nil {
		return nil, creationError(err, key)
	}
	return v, nil
}

// creationError puts package flight's errors into this package's terms.
func creationError(err error, key any) error {
	if err == flight.ErrDeadlock {
		return fmt.Errorf("weakref: key %v: %w", key, ErrDeadlock)
	}
	if p, ok := err.(*flight.PanicError); ok {
		return &PanicError{p.Value, p.Stack}
	}
	return err
}
