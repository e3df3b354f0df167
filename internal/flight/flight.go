// Package flight runs a creating function once for all who ask for its result at
// the same time.
package flight

import (
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
)

// ErrDeadlock says that a call would have waited for itself: the function that
// creates a value has asked for that same value, itself or through others that
// wait for it.
var ErrDeadlock = errors.New("weakref: creating the value waits for that same value")

// ErrGoexit says that the creating function has ended its goroutine.
var ErrGoexit = errors.New("weakref: the creating function called runtime.Goexit")

// PanicError is what those get who waited for a function that panicked. The
// goroutine that ran it panics with the original value.
type PanicError struct {
	Value any    // what the function panicked with
	Stack []byte // where
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

// Group is the calls under way for some kind of key. The zero Group is ready.
type Group[K comparable, V any] struct {
	mu    sync.Mutex
	calls map[K]*call[V]
}

type call[V any] struct {
	waitable
	v   V
	err error
}

// Do returns what present finds. If that is nothing, it calls create, or waits for
// the call that is under way for the key, and returns its result. A result goes
// through store, which keeps it where present finds it and returns it, or what it has
// found there instead. present and store are called under a lock, create is not.
func (g *Group[K, V]) Do(key K, present func() (V, bool), store func(V) V, create func() (V, error)) (V, error) {
	if key != key {
		v, err := create() // a NaN equals no other, so nobody can wait for it
		if err == nil {
			v = store(v)
		}
		return v, err
	}
	g.mu.Lock()
	if c := g.calls[key]; c != nil {
		g.mu.Unlock()
		if err := c.wait(); err != nil {
			var zero V
			return zero, err
		}
		return c.v, c.err
	}
	if v, ok := present(); ok {
		g.mu.Unlock()
		return v, nil
	}
	c := &call[V]{waitable: newWaitable()}
	if g.calls == nil {
		g.calls = make(map[K]*call[V])
	}
	g.calls[key] = c
	g.mu.Unlock()

	g.run(c, key, store, create)
	return c.v, c.err
}

// run calls create and lets those who wait go on, however it ends.
func (g *Group[K, V]) run(c *call[V], key K, store func(V) V, create func() (V, error)) {
	c.err = ErrGoexit
	returned := false
	defer func() {
		var v any
		if !returned {
			if v = recover(); v != nil {
				c.err = &PanicError{v, debug.Stack()}
			}
		}
		g.end(c, key, store)
		close(c.done)
		if v != nil {
			panic(v)
		}
	}()
	c.v, c.err = create()
	returned = true
}

// end stores the result and forgets the call, at one moment: who asks later gets what
// has become of the result by then. If the call could still be found after the result
// was stored, he could get a result that somebody has deleted since.
func (g *Group[K, V]) end(c *call[V], key K, store func(V) V) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if c.err == nil {
		c.v = store(c.v)
	}
	delete(g.calls, key)
}
