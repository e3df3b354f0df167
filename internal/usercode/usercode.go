// Package usercode tells how a call of the user's code ended: by returning, by a
// panic, or by ending its goroutine. It is the one place where the module recovers
// panics, so that all of them are kept with their stacks and logged alike.
//
// User code is called under no lock. Whoever calls it must be in order again however
// it ends, which takes a deferred function in the caller's own frame:
//
//	returned := false
//	defer func() {
//		err = usercode.Outcome(returned, recover(), err)
//		…
//	}()
//	err = f()
//	returned = true
//
// That function may go on, or panic again with the same value. [Do] is this for calls
// whose caller has nothing to put in order.
package usercode

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
)

// ErrGoexit says that a function has ended its goroutine with runtime.Goexit, as the
// methods FailNow and SkipNow of a test do.
var ErrGoexit = errors.New("the function called runtime.Goexit")

// Panic is a panic as an error. It has the fields of weakref.PanicError, into which it
// can be converted; users see nothing but that.
type Panic struct {
	Value any    // what the function panicked with
	Stack []byte // where
}

// Error returns the value and the stack.
func (p *Panic) Error() string {
	return fmt.Sprintf("weakref: a function panicked: %v\n\n%s", p.Value, p.Stack)
}

// Unwrap returns the value if it is an error.
func (p *Panic) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}

// Outcome returns the error of a call: err if it has returned, a *[Panic] if recover
// returned something, and [ErrGoexit] otherwise. It is called by the deferred function
// that calls recover, while the stack of the panic is there.
func Outcome(returned bool, recovered any, err error) error {
	switch {
	case returned:
		return err
	case recovered != nil:
		return &Panic{recovered, debug.Stack()}
	}
	return ErrGoexit
}

// Do calls f and returns its error, or its panic as one. If f ends its goroutine, then
// it ends: Do does not return.
func Do(f func() error) (err error) {
	returned := false
	defer func() { err = Outcome(returned, recover(), err) }()
	err = f()
	returned = true
	return err
}

// Log logs that a call ended otherwise than by returning nil, and nothing if err is
// nil. what is what was called, as "a callback"; args are further attributes.
func Log(what string, err error, args ...any) {
	var p *Panic
	switch {
	case err == nil:
	case err == ErrGoexit:
		slog.Error("weakref: "+what+" ended its goroutine", args...)
	case errors.As(err, &p) && error(p) == err:
		slog.Error("weakref: "+what+" panicked", append(args, "panic", p.Value, "stack", string(p.Stack))...)
	default:
		slog.Error("weakref: "+what+" failed", append(args, "error", err)...)
	}
}
