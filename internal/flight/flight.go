// Package flight runs a creating function once for all who ask for its result at
// the same time.
package flight

import (
	"context"
	"errors"
	"sync"

	"github.com/weakref-go/weakref/internal/bubble"
	"github.com/weakref-go/weakref/internal/usercode"
	"github.com/weakref-go/weakref/internal/waits"
)

// ErrDeadlock says that a call would have waited for itself: the function that
// creates a value has asked for that same value, itself or through others that
// wait for it. See package waits.
var ErrDeadlock = errors.New("the creating function waits for its own result")

// Group is the calls under way for some kind of key. The zero Group is ready.
type Group[K comparable, V any] struct {
	mu    sync.Mutex
	calls map[K]*call[V]
}

type call[V any] struct {
	work waits.Work
	done bubble.Latch
	v    V
	err  error
}

// Do returns what present finds. If that is nothing, it calls create, or waits for
// the call that is under way for the key, and returns its result. A result goes
// through store, which keeps it where present finds it and returns it, or what it has
// found there instead. present and store are called under a lock, create is not.
//
// If create panics, Do panics with the same value where it ran, and returns a
// *[usercode.Panic] to those who waited; if it ends its goroutine, they get
// [usercode.ErrGoexit].
func (g *Group[K, V]) Do(key K, present func() (V, bool), store func(V) V, create func() (V, error)) (V, error) {
	if key != key {
		v, err := create() // a NaN equals no other, so nobody can wait for it
		if err == nil {
			v = store(v)
		}
		return v, err
	}
	here := bubble.Current()
	g.mu.Lock()
	if c := g.calls[key]; c != nil {
		g.mu.Unlock()
		return c.wait()
	}
	if v, ok := present(); ok {
		g.mu.Unlock()
		return v, nil
	}
	c := &call[V]{done: bubble.Latch{Owner: here}}
	c.work.Here()
	if g.calls == nil {
		g.calls = make(map[K]*call[V])
	}
	g.calls[key] = c
	g.mu.Unlock()

	g.run(c, key, store, create)
	return c.v, c.err
}

// wait returns the result of a call that another goroutine makes.
func (c *call[V]) wait() (V, error) {
	var none V
	w, ok := waits.Enter(context.Background(), &c.work)
	if !ok {
		return none, ErrDeadlock
	}
	defer w.Leave()
	if err := c.done.Wait(context.Background()); err != nil {
		return none, err
	}
	return c.v, c.err
}

// run calls create and lets those who wait go on, however it ends.
func (g *Group[K, V]) run(c *call[V], key K, store func(V) V, create func() (V, error)) {
	returned := false
	defer func() {
		panicked := recover()
		c.err = usercode.Outcome(returned, panicked, c.err)
		g.end(c, key, store)
		c.work.Done()
		c.done.Open()
		if panicked != nil {
			panic(panicked)
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
