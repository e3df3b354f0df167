package event

import (
	"fmt"
	"log/slog"
	"runtime/debug"
)

// PanicError is a panic of a handler.
type PanicError struct {
	Bus      string // its name, or type
	Listener Listener
	Value    any    // what the handler panicked with
	Stack    []byte // where
}

// Error returns the listener and the value.
func (e *PanicError) Error() string {
	return fmt.Sprintf("event: %s: handler %v panicked: %v", e.Bus, e.Listener, e.Value)
}

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// recovered reports what a handler panicked with. nil says that it ended its
// goroutine, which is its right. It is called by deferred functions, so that the
// stack is still there.
func (c *core) recovered(s *Subscription, v any) {
	if v == nil {
		return
	}
	c.panics.Add(1)
	err := &PanicError{c.name, s.listener(), v, debug.Stack()}
	slog.Error("event: a handler panicked", "bus", err.Bus, "listener", err.Listener.String(), "panic", v, "stack", string(err.Stack))
	if c.onPanic == nil {
		return
	}
	defer func() {
		if v := recover(); v != nil {
			slog.Error("event: OnPanic panicked", "bus", c.name, "panic", v)
		}
	}()
	c.onPanic(err)
}
